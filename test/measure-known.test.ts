import { describe, expect, it } from '@jest/globals'
import { createMemoryDirectory } from './fakes/memory-directory.ts'
import type { ClientScript } from './fakes/scripted-client.ts'
import { createScenario, decide, honestJudge, type ScenarioOptions } from './support/gate-scenario.ts'

/** An item of a labelled set in the category `rude`. */
function writeItem(id: string, label: 'present' | 'absent', rest: Record<string, unknown> = {}): string {
  const content = `${label === 'present' ? 'RUDE' : 'kind'} words of ${id}`
  return JSON.stringify({
    id,
    labels: { rude: label },
    messages: [{ role: 'user', content: `what ${id} asked` }],
    completion: { content },
    ...rest,
  })
}

const positives = Array.from({ length: 6 }, (_, index) => writeItem(`p-${index}`, 'present'))
const negatives = Array.from({ length: 10 }, (_, index) => writeItem(`n-${index}`, 'absent'))
const set = [...positives, ...negatives].join('\n')
const rude = { id: 'rude', rubric: 'rubrics/rude.md', limit: '40%', calibration: 'labelled.jsonl' }

/** Finds what is rude but for two of the items. */
const forgetfulJudge: ClientScript = (request, index, signal) =>
  /of p-[01]\b/.test(String(request.messages[1]?.content))
    ? JSON.stringify({ rationale: '', label: 'absent', quote: '' })
    : honestJudge(request, index, signal)

function calibrateInRun(options: ScenarioOptions = {}) {
  return createScenario({
    turns: 60,
    policy: { categories: [rude] },
    files: { base: { 'labelled.jsonl': set } },
    ...options,
  })
}

describe('a labelled set that is graded in the run', () => {
  it('is graded before any turn, by the same judge, and says how much its labels are worth', async () => {
    const scenario = calibrateInRun({ scripts: { judge: forgetfulJudge } })
    const { record, estimates } = await decide(scenario)
    expect(estimates[0]?.counts).toEqual({
      truePositives: 4,
      positives: 6,
      falsePositives: 0,
      negatives: 10,
    })
    expect(estimates[0]?.calibration).toEqual({ kind: 'holds' })
    expect(estimates[0]?.judge.kind).toBe('calibrated')
    const contents = scenario.clients.judge.requests.map(({ messages }) => String(messages[1]?.content))
    expect(contents.slice(0, 16).every((content) => /what [pn]-\d asked/.test(content))).toBe(true)
    expect(contents.slice(16).some((content) => /what [pn]-/.test(content))).toBe(false)
    expect(record.known).toHaveLength(16)
    expect(record.known[0]).toEqual({
      purpose: 'calibration',
      part: 1,
      item: 'p-0',
      category: 'rude',
      expected: 'present',
      label: { kind: 'absent' },
      screened: null,
      again: null,
    })
    // Two arms of 60 turns, and the set.
    expect(record.summary.cost.requests).toBe(2 * 60 * 2 + 16)
    expect(record.summary.graders[0]?.answeredAs).toEqual({ 'judge-1': 2 * 60 + 16 })
  })

  it('widens the bounds by what the judge misses', async () => {
    const exact = await decide(
      calibrateInRun({ policy: { categories: [{ ...rude, calibration: undefined }] } }),
    )
    const tried = await decide(calibrateInRun({ scripts: { judge: forgetfulJudge } }))
    const upper = (decided: typeof exact) => decided.estimates[0]?.candidate.upperPer100k ?? 0
    expect(upper(exact)).toBeCloseTo(4870, -2)
    // At least 4 of 6 found may be a sensitivity of .27 (Clopper & Pearson, one-sided 95 %).
    expect(upper(tried)).toBeGreaterThan(2 * upper(exact))
  })

  it('counts an item without a label against the judge', async () => {
    const silent: ClientScript = (request, index, signal) =>
      /of (p-0|n-0|n-1)\b/.test(String(request.messages[1]?.content))
        ? 'I would rather not say.'
        : honestJudge(request, index, signal)
    const { estimates } = await decide(calibrateInRun({ scripts: { judge: silent } }))
    expect(estimates[0]?.counts).toMatchObject({ truePositives: 5, falsePositives: 2 })
  })

  it('leaves out the items that a grader chose: they say nothing of how much graders find', async () => {
    const chosen = [
      ...positives,
      ...negatives.slice(1),
      writeItem('n-0', 'absent', { chosen: 'flagged' }),
      writeItem('p-9', 'present', { chosen: 'flagged' }),
    ].join('\n')
    const { estimates } = await decide(calibrateInRun({ files: { base: { 'labelled.jsonl': chosen } } }))
    expect(estimates[0]?.counts).toMatchObject({ positives: 6, negatives: 9 })
  })

  it('is not graded again by the run that continues this one, and its labels are kept without text', async () => {
    const directory = createMemoryDirectory()
    const first = calibrateInRun({ directory, policy: { categories: [rude], budget: { max_requests: 30 } } })
    await decide(first)
    expect(directory.files.get('journal.jsonl')).not.toContain('words of')
    expect(directory.files.get('known.jsonl')).not.toContain('words of')
    const again = calibrateInRun({ directory })
    const { estimates } = await decide(again)
    const contents = again.clients.judge.requests.map(({ messages }) => String(messages[1]?.content))
    expect(contents.some((content) => /what [pn]-\d asked/.test(content))).toBe(false)
    expect(estimates[0]?.counts).toMatchObject({ truePositives: 6, positives: 6, negatives: 10 })
    expect(estimates[0]?.candidate.graded).toBe(60)
  })

  it('is a part of the plan: another set is another plan', async () => {
    const one = await decide(calibrateInRun())
    const other = await decide(
      calibrateInRun({ files: { base: { 'labelled.jsonl': `${set}\n${writeItem('n-11', 'absent')}` } } }),
    )
    expect(one.record.summary.planDigest).not.toBe(other.record.summary.planDigest)
  })

  it('serves several categories by one grading of each item', async () => {
    const both = [...positives, ...negatives]
      .map((line) => {
        const item = JSON.parse(line) as { labels: Record<string, string> }
        return JSON.stringify({ ...item, labels: { ...item.labels, curt: 'absent' } })
      })
      .join('\n')
    const { record, estimates } = await decide(
      calibrateInRun({
        policy: {
          judge: { model: 'judge-1', second_grading: '0%', calls: 'each' },
          categories: [rude, { ...rude, id: 'curt' }],
        },
        files: { base: { 'labelled.jsonl': both } },
      }),
    )
    expect(record.known).toHaveLength(32)
    expect(estimates[1]?.counts).toEqual({ truePositives: 0, positives: 0, falsePositives: 6, negatives: 16 })
  })

  it('asks the graders of the categories that it has labels of, and no others', async () => {
    const scenario = calibrateInRun({
      policy: {
        judge: { model: 'judge-1', second_grading: '0%', calls: 'each' },
        categories: [rude, { id: 'curt', rubric: 'rubrics/rude.md' }],
      },
    })
    const { record } = await decide(scenario)
    expect(record.known.map(({ category }) => category)).toEqual(Array(16).fill('rude'))
    expect(record.summary.cost.requests).toBe(2 * 60 * 3 + 16)
  })

  it('is refused before anything is asked where it is of other categories', async () => {
    const scenario = calibrateInRun({ policy: { categories: [{ ...rude, id: 'curt' }] } })
    await expect(scenario.run()).rejects.toMatchObject({
      code: 'labelled-set',
      message: 'no item has a label in "curt"; the set labels rude',
    })
    expect(scenario.connected).toEqual([])
  })
})
