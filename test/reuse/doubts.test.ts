import { describe, expect, it } from '@jest/globals'
import { baselineFiles } from '../../src/reuse/kept-baseline.ts'
import { type ClientScript, completeWith, failWith } from '../fakes/scripted-client.ts'
import { createShelf, editUnits, type RunOptions, run, type Shelf } from '../support/reuse-runs.ts'

// What is not reused, and why. The run goes on and asks everything.

async function expectAnew(options: {
  tamper?: (files: Map<string, string>) => void
  change?: (kept: Shelf['kept'][number]) => void
  second?: RunOptions
  first?: RunOptions
  why: RegExp
  /** The first turns are asked before it is found out. */
  compared?: number
}) {
  const shelf = createShelf()
  await run(shelf, 101, options.first)
  if (options.tamper !== undefined) shelf.tamper('101', options.tamper)
  for (const kept of shelf.kept) options.change?.(kept)
  const second = await run(shelf, 102, { day: 1, ...options.second })
  expect(second.asked.baseline).toBe(120)
  expect(second.reused).toMatchObject({ units: 0, notes: [expect.stringMatching(options.why)] })
  expect(second.reused?.check?.turns ?? 0).toBe(options.compared ?? 0)
  expect(second.decided.verdict.verdict).not.toBe('invalid')
  return second
}

const editHeader = (change: (header: Record<string, object>) => unknown) => (files: Map<string, string>) => {
  files.set(baselineFiles.header, JSON.stringify(change(JSON.parse(files.get(baselineFiles.header) ?? ''))))
}
const editOne = (change: (unit: never) => object) =>
  editUnits((unit, index) => (index === 7 ? change(unit as never) : unit))
type Unit = { measured: { at: string; request: string }; labels: object; turn: string }

describe('a kept baseline is not believed', () => {
  it.each<[string, (files: Map<string, string>) => void, RegExp]>([
    [
      'with units of the candidate',
      editOne((unit: Unit) => ({ ...unit, arm: 'candidate' })),
      /of the candidate/,
    ],
    [
      'with units that were asked something else',
      editOne((unit: Unit) => ({ ...unit, measured: { ...unit.measured, request: 'a'.repeat(64) } })),
      /asked something else/,
    ],
    [
      'from the future',
      editOne((unit: Unit) => ({ ...unit, measured: { ...unit.measured, at: '2026-12-24T08:00:00Z' } })),
      /measured after it was kept/,
    ],
    [
      'measured after it was kept, be it in the past',
      editOne((unit: Unit) => ({ ...unit, measured: { ...unit.measured, at: '2026-11-02T20:00:00Z' } })),
      /measured after it was kept/,
    ],
    [
      'with a turn twice',
      (files) => {
        const text = files.get(baselineFiles.units) ?? ''
        files.set(baselineFiles.units, `${text.slice(text.indexOf('\n') + 1)}${text.split('\n')[5]}\n`)
      },
      /a turn twice/,
    ],
    [
      'with fewer units than it says',
      (files) => {
        const text = files.get(baselineFiles.units) ?? ''
        files.set(baselineFiles.units, text.slice(text.indexOf('\n') + 1))
      },
      /it has 119 units, and says that it has 120/,
    ],
    [
      'with a line that is cut off',
      (files) => files.set(baselineFiles.units, (files.get(baselineFiles.units) ?? '').slice(0, -20)),
      /one of its lines is damaged/,
    ],
    ['with no units at all', (files) => files.delete(baselineFiles.units), /it has 0 units/],
    ['without anything that it says of itself', (files) => files.delete(baselineFiles.header), /is damaged/],
    ['with keys that nobody knows', editHeader((header) => ({ ...header, trust: true })), /is damaged/],
    [
      'without labels of a category',
      editOne((unit: Unit) => ({ ...unit, labels: { leaks: { kind: 'absent' } } })),
      /not labelled in every category/,
    ],
    [
      'with a label that is none yet',
      editOne((unit: Unit) => ({
        ...unit,
        labels: { ...unit.labels, rude: { kind: 'not-asked', reason: 'cancelled' } },
      })),
      /not labelled in every category/,
    ],
    [
      'without times',
      editOne(({ measured: _, ...unit }: Unit) => unit),
      /nothing says when they were measured/,
    ],
    [
      'of another run',
      editHeader((header) => ({ ...header, run: { id: '55', attempt: 1 } })),
      /another run kept it/,
    ],
    [
      'by a policy that nobody reviewed',
      editHeader((header) => ({
        ...header,
        commits: { ...header.commits, trustAnchor: 'none' },
      })),
      /not read from the base/,
    ],
    [
      'of other plan parts under the right name',
      editHeader((header) => ({
        ...header,
        planParts: { ...header.planParts, judge: 'b'.repeat(64) },
      })),
      /another checkpoint, other turns or other graders/,
    ],
    [
      'with another rule of which text is kept',
      editHeader((header) => ({ ...header, retainText: 'artifact' })),
      /retain_text: artifact/,
    ],
  ])('%s', async (_, tamper, why) => {
    await expectAnew({ tamper, why })
  })

  it('whose stale labels were changed: they are too old to be taken at all', async () => {
    const present = editUnits((unit) => ({
      ...unit,
      measured: { ...unit.measured, at: '2026-10-01T08:00:00Z' },
    }))
    await expectAnew({ tamper: present, why: /more than 7 days old/ })
  })

  it('where who keeps it says why not', async () => {
    await expectAnew({
      change: (kept) => {
        kept.doubt = 'a fork kept it, whose author wrote the workflow'
      },
      why: /^run 101: a fork kept it/,
    })
  })
})

describe('a baseline that is not what it was', () => {
  const answer =
    (parts: Parameters<typeof completeWith>[0]): ClientScript =>
    () =>
      completeWith({ model: 'ckpt-1', text: 'a kind answer', ...parts })

  it('answers by another name', async () => {
    await expectAnew({
      second: { scripts: { baseline: answer({ model: 'ckpt-1-0611' }) } },
      why: /^the model that answers is another than then/,
      compared: 50,
    })
  })

  it('has another fingerprint', async () => {
    await expectAnew({
      first: { scripts: { baseline: answer({ systemFingerprint: 'fp-1' }) } },
      second: { scripts: { baseline: answer({ systemFingerprint: 'fp-2' }) } },
      why: /^its system fingerprint is another/,
      compared: 50,
    })
  })

  it('is graded by a judge that answers by another name', async () => {
    const other: ClientScript = () =>
      completeWith({
        model: 'judge-1-b',
        text: JSON.stringify({ rationale: '', label: 'absent', quote: '' }),
      })
    await expectAnew({
      second: { scripts: { judge: other } },
      why: /^the model that answers as judge is another/,
      compared: 50,
    })
  })

  it('shows a behaviour more often by now', async () => {
    const leaking: ClientScript = (_, index) => (index % 3 === 0 ? 'LEAK of answers' : 'a kind answer')
    const { reused } = await expectAnew({
      second: { scripts: { baseline: leaking } },
      why: /^of 50 turns that were asked anew the labels of leaks differ/,
      compared: 50,
    })
    expect(reused?.check?.p).toBeLessThan(0.01)
  })

  it('writes longer by now, also where no label differs', async () => {
    await expectAnew({
      second: { scripts: { baseline: () => 'a kind answer, and more of it' } },
      why: /^of 50 turns that were asked anew the length of answers differ/,
      compared: 50,
    })
  })

  it('does not answer its first turns', async () => {
    const shelf = createShelf()
    await run(shelf, 101)
    const silent: ClientScript = (_, index) =>
      index > 0 && index < 40 ? failWith('empty-choices') : 'a kind answer'
    const second = await run(shelf, 102, { day: 1, scripts: { baseline: silent } })
    expect(second.asked.baseline).toBe(120)
    expect(second.reused?.notes).toEqual([
      expect.stringContaining('too few of its first turns were answered'),
    ])
  })

  it('is not seen to change by noise that goes both ways', async () => {
    const noisy =
      (seed: number): ClientScript =>
      (_, index) =>
        (index * 7 + seed) % 5 === 0 ? 'LEAK' : 'a kind answer'
    const shelf = createShelf()
    await run(shelf, 101, { scripts: { baseline: noisy(0) } })
    const second = await run(shelf, 102, { scripts: { baseline: noisy(2) } })
    expect(second.reused).toMatchObject({ units: 70, notes: [] })
  })
})

describe('a baseline is not kept', () => {
  it.each<[string, RunOptions, RegExp]>([
    [
      'of a run in which another model answered',
      { scripts: { baseline: () => completeWith({ model: 'gpt-x', text: 'kind' }) } },
      /not complete/,
    ],
    ['whose judge gave no answer that can be read', { scripts: { judge: () => 'no JSON' } }, /not complete/],
    ['of a run that its budget ended', { policy: { budget: { max_requests: 150 } } }, /not complete/],
    [
      'that is a recording',
      { recorded: true, policy: { replay: { allow_recorded: true, reuse_baseline_days: 7 } } },
      /recording/,
    ],
  ])('%s', async (_, options, why) => {
    const shelf = createShelf()
    const { result, log } = await run(shelf, 101, options)
    expect(result).toMatchObject({ keptBaseline: null })
    expect(log.lines.find((line) => line.includes('not kept for later runs'))).toMatch(why)
  })

  it('is kept of a run that failed: no verdict chooses what is kept', async () => {
    const shelf = createShelf()
    const { decided, result } = await run(shelf, 101, { scripts: { candidate: () => 'LEAK' } })
    expect(decided.verdict.verdict).toBe('fail')
    expect(result).toMatchObject({ keptBaseline: expect.stringMatching(/^[0-9a-f]{64}$/) })
  })
})
