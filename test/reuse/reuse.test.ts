import { describe, expect, it } from '@jest/globals'
import { decideRecord } from '../../src/decide-record.ts'
import { readMeasuredRun } from '../../src/forecast/measured-run.ts'
import { formatVerdict } from '../../src/publish.ts'
import { readRecord } from '../../src/record/store.ts'
import { createMemoryDirectory } from '../fakes/memory-directory.ts'
import type { ClientScript } from '../fakes/scripted-client.ts'
import { createShelf, run } from '../support/reuse-runs.ts'
import { writeRubric } from '../support/rubric-text.ts'

// What a later run on another candidate need not ask, because an earlier one has.

describe('a baseline that an earlier run has kept', () => {
  it('is reused but for the first turns, and changes no verdict', async () => {
    const shelf = createShelf()
    const first = await run(shelf, 101)
    expect(first.asked).toEqual({ baseline: 120, candidate: 120, judge: 240 })
    expect(first.reused).toMatchObject({ days: 7, units: 0, oldest: null, runs: [], notes: [] })

    const second = await run(shelf, 102, { day: 3 })
    expect(second.asked).toEqual({ baseline: 50, candidate: 120, judge: 170 })
    expect(second.reused).toEqual({
      ...{ days: 7, units: 70, notes: [] },
      ...{ oldest: '2026-11-02T08:00:00.000Z', newest: '2026-11-02T08:00:00.000Z' },
      runs: [{ id: '101', attempt: 1, units: 70 }],
      check: { turns: 50, what: 'the labels of leaks', p: 1 },
    })
    const alone = await run(createShelf(), 102, { day: 3 })
    expect(formatVerdict(second.decided)).toBe(formatVerdict(alone.decided))
    expect(second.decided.record.outcomes).toEqual(alone.decided.record.outcomes)
  })

  it('is marked in journal, completions and record, and decided on again from its files', async () => {
    const shelf = createShelf()
    await run(shelf, 101)
    const { directory, decided } = await run(shelf, 102, { day: 1 })
    const lines = (name: string) =>
      (directory.files.get(name) ?? '')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
    const from = { id: '101', attempt: 1 }
    const marked = lines('journal.jsonl').filter(({ measured }) => measured?.run !== undefined)
    expect(marked).toHaveLength(70)
    expect(marked.every(({ arm, measured }) => arm === 'baseline' && measured.run.id === '101')).toBe(true)
    const reused = lines('completions.jsonl').filter((line) => line.reused !== undefined)
    expect(reused).toHaveLength(70)
    expect(reused[0]).toMatchObject({
      arm: 'baseline',
      reused: { run: from, at: '2026-11-02T08:00:00.000Z' },
    })
    const again = decideRecord(await readRecord(directory))
    expect(formatVerdict(again)).toBe(formatVerdict(decided))
  })

  it('counts no tokens that this run did not take, and names every model that answered', async () => {
    const shelf = createShelf()
    const first = await run(shelf, 101)
    const { decided } = await run(shelf, 102)
    const { arms, graders, cost } = decided.record.summary
    const before = first.decided.record.summary
    expect(arms.baseline.models).toEqual({ 'ckpt-1': 120 })
    expect(arms.baseline.usage.promptTokens).toBe((before.arms.baseline.usage.promptTokens * 50) / 120)
    expect(graders[0]?.usage.promptTokens).toBe(((before.graders[0]?.usage.promptTokens ?? 0) * 170) / 240)
    expect(graders[0]?.answeredAs).toEqual({ 'judge-1': 240 })
    expect(cost.requests).toBe(50 + 120 + 170)
  })

  it('is not taken for what the next run will take: that may find nothing to reuse', async () => {
    const shelf = createShelf()
    const whole = readMeasuredRun((await run(shelf, 101)).decided.record)
    const part = readMeasuredRun((await run(shelf, 102)).decided.record)
    expect(part.usage).toEqual(whole.usage)
    expect([whole.requests === null, part.requests]).toEqual([false, null])
  })

  it('keeps its own age however often it is kept again', async () => {
    const shelf = createShelf()
    await run(shelf, 101)
    await run(shelf, 102, { day: 5 })
    const third = await run(shelf, 103, { day: 6 })
    expect(third.reused).toMatchObject({
      units: 70,
      oldest: '2026-11-02T08:00:00.000Z',
      runs: [{ id: '101', units: 70 }],
    })
    const fourth = await run(shelf, 104, { day: 8 })
    expect(fourth.asked.baseline).toBe(120)
    expect(fourth.reused).toMatchObject({ units: 0 })
  })

  it('is asked anew where nothing lets it be reused, and is not kept then', async () => {
    const shelf = createShelf()
    await run(shelf, 101)
    const second = await run(shelf, 102, { days: null })
    expect(second.asked.baseline).toBe(120)
    expect(second.reused).toBeUndefined()
    expect(shelf.kept.map(({ run: { id } }) => id)).toEqual(['101'])
    expect(second.directory.files.get('journal.jsonl')).not.toContain('"measured"')
  })

  it('is no other plan: turning it on draws nothing anew', async () => {
    const shelf = createShelf()
    const one = await run(shelf, 101)
    const other = await run(shelf, 101, { days: null })
    expect(one.decided.record.summary.planDigest).toBe(other.decided.record.summary.planDigest)
  })

  it.each([
    ['other turns', { policy: { sample: { turns: 120, epoch: 'e2' } } }],
    ['another judge', { policy: { judge: { model: 'judge-2', second_grading: '0%' } } }],
    ['another rubric', { files: { base: { 'rubrics/rude.md': `${writeRubric({ id: 'rude' })}\nMore.` } } }],
    ['other text that is kept', { policy: { retain_text: 'artifact' } }],
  ])('is not taken for one with %s', async (_, options) => {
    const shelf = createShelf()
    await run(shelf, 101)
    const { asked, reused } = await run(shelf, 102, options as Parameters<typeof run>[2])
    expect(asked.baseline).toBe(120)
    expect(reused).toMatchObject({ units: 0, check: null })
  })

  it('holds for other limits and registrations', async () => {
    const shelf = createShelf()
    await run(shelf, 101)
    const gate = { early_stopping: 'off', regression_alpha: 0.02 }
    const { asked } = await run(shelf, 102, { policy: { gate } })
    expect(asked.baseline).toBe(50)
  })

  it('never has anything of a candidate, be it the same one', async () => {
    const shelf = createShelf()
    await run(shelf, 101)
    const again = await run(shelf, 102, { candidate: 'ckpt-101' })
    expect(again.asked).toMatchObject({ baseline: 50, candidate: 120 })
  })

  it('is the newest of the largest: not that of a smoke run', async () => {
    const shelf = createShelf()
    const policy = { sample: { turns: 120, epoch: 'e1', smoke_turns: 60 } }
    await run(shelf, 101, { policy })
    const smoke = { id: '102', attempt: 1, event: 'pull_request', tier: 'smoke' as const }
    const second = await run(shelf, 102, { day: 1, policy, request: { run: smoke } })
    expect(second.asked.baseline).toBe(50)
    expect(shelf.kept).toHaveLength(2)
    const third = await run(shelf, 103, { day: 2, policy })
    expect(third.reused).toMatchObject({ units: 70, runs: [{ id: '101' }] })
  })

  it('lacks what failed, which is asked anew', async () => {
    const shelf = createShelf()
    const flaky: ClientScript = (_, index) => (index > 100 ? '' : 'a kind answer')
    await run(shelf, 101, { scripts: { baseline: flaky } })
    const kept = (shelf.kept[0]?.directory.files.get('baseline.jsonl') ?? '').trimEnd().split('\n').length
    const { asked, reused } = await run(shelf, 102)
    expect(asked.baseline + (reused?.units ?? 0)).toBe(120)
    expect(reused?.units).toBeLessThanOrEqual(kept - 50)
  })

  it('is of no use to a sample that is hardly larger than what is asked anew', async () => {
    const shelf = createShelf()
    await run(shelf, 101, { turns: 50 })
    const second = await run(shelf, 102, { turns: 50 })
    expect(second.asked.baseline).toBe(50)
    expect(second.reused).toMatchObject({ units: 0, check: null })
  })

  it('is quoted before: what is not asked, and that it may be', async () => {
    const shelf = createShelf()
    await run(shelf, 101)
    const { log } = await run(shelf, 102)
    const quote = log.lines.find((line) => line.includes('turns in two arms'))
    expect(quote).toContain('170 completions to ask for')
    expect(quote).toContain('70 of the baseline are reused from an earlier run, unless')
  })
})

describe('a run that goes on', () => {
  it('has what it took over before, whatever its age by then, and asks the rest', async () => {
    const shelf = createShelf()
    await run(shelf, 101)
    const directory = createMemoryDirectory()
    const stop = new AbortController()
    const cut: ClientScript = (_, index) => {
      if (index === 90) stop.abort()
      return 'a kind answer'
    }
    const turns = 120
    const first = await run(shelf, 102, {
      ...{ day: 6, turns, directory, candidate: 'ckpt-102' },
      scripts: { candidate: cut },
      ports: { cancelled: stop.signal },
    })
    expect(first.reused).toMatchObject({ units: 70 })
    expect(first.result).toMatchObject({ keptBaseline: null })
    const second = await run(shelf, 102, { day: 9, turns, directory, candidate: 'ckpt-102' })
    expect(second.asked.baseline).toBe(0)
    expect(second.asked.candidate).toBeLessThan(40)
    expect(second.reused).toMatchObject({ units: 70, runs: [{ id: '101' }] })
  })

  it('takes over nothing of turns that it does not come to', async () => {
    const shelf = createShelf()
    const categories = [
      { id: 'leaks', regression: false, limit: '20%', graders: [{ kind: 'pattern', any: ['LEAK'] }] },
    ]
    const turns = 1500
    const registered = JSON.stringify({
      version: 1,
      candidate: 'ckpt-102',
      predictions: [{ category: 'leaks', rate: '1%', interval: ['0%', '5%'], direction: 'same' }],
    })
    const other = registered.replace('ckpt-102', 'ckpt-101')
    await run(shelf, 101, {
      turns,
      policy: { categories, gate: { early_stopping: 'off' } },
      files: { head: { 'preregistration/ckpt-2.yml': other } },
    })
    const second = await run(shelf, 102, {
      turns,
      policy: { categories },
      files: { head: { 'preregistration/ckpt-2.yml': registered } },
    })
    const { stopped } = second.decided.record.summary
    expect(stopped).toBe('decided')
    const { planned, graded, missing, notAsked } = count([...second.decided.record.outcomes])
    expect(graded + missing + notAsked).toBe(planned)
    expect(second.asked.baseline + (second.reused?.units ?? 0)).toBe(second.asked.candidate)
    expect(second.reused?.units).toBeGreaterThan(0)
  })
})

function count(outcomes: readonly { arm: string; label: { kind: string } }[]) {
  const own = outcomes.filter(({ arm }) => arm === 'baseline')
  const of = (...kinds: string[]) => own.filter(({ label }) => kinds.includes(label.kind)).length
  return {
    planned: own.length,
    graded: of('present', 'absent'),
    missing: of('missing'),
    notAsked: of('not-asked'),
  }
}
