import { describe, expect, it } from '@jest/globals'
import { calibrationRecordSchema } from '../src/policy/calibration.ts'
import { type ClientScript, completeWith } from './fakes/scripted-client.ts'
import { createCalibration, listRequests, rudeAndCurt } from './support/calibrate-scenario.ts'
import { writeControl, writeControls } from './support/controls.ts'
import { judgeHonestly, readCategories, readData, writeGrades } from './support/honest-judge.ts'

const set = writeControls({ positives: 6, negatives: 10 })
const absent = { label: 'absent', quote: '' }

/** An honest judge but for the completions that match: of these it says what it is told to. */
function misjudge(pattern: RegExp, grade: { label: string; quote: string }): ClientScript {
  return (request) =>
    pattern.test(readData(request).completion) ? writeGrades(request, grade) : judgeHonestly(request)
}

describe('a calibration', () => {
  it('counts what the graders find and what they flag wrongly', async () => {
    const judge: ClientScript = (request) => {
      const { completion } = readData(request)
      if (/to x-0$/.test(completion)) return writeGrades(request, absent)
      return /to y-[01]$/.test(completion)
        ? writeGrades(request, { label: 'present', quote: 'kind' })
        : judgeHonestly(request)
    }
    const { record, unlabelled, causes } = await createCalibration({
      sets: { 'labelled.jsonl': set },
      scripts: { judge },
    }).run()
    expect(calibrationRecordSchema.parse(record)).toEqual(record)
    expect(record).toMatchObject({
      version: 1,
      made_at: '2026-11-02T08:00:00.000Z',
      gate_version: '0.0.0-test',
      labelled_sets: [{ file: 'labelled.jsonl', sha256: expect.stringMatching(/^[0-9a-f]{64}$/), items: 16 }],
    })
    expect(Object.keys(record.categories)).toEqual(['rude'])
    expect(record.categories.rude).toMatchObject({
      positives: { turns: 6, flagged: 5 },
      negatives: { turns: 10, flagged: 2 },
      missing: { positives: 0, negatives: 0 },
      agreement: { graded_twice: 16, same: 16 },
      answered_as: { 'judge-1': { 'judge-1': 32 } },
      screen: null,
    })
    // Of 5 of 6, and of 2 of 10: tail probabilities of .05 (Clopper & Pearson).
    expect(record.categories.rude?.sensitivity.lower).toBeCloseTo(0.4182, 4)
    expect(record.categories.rude?.specificity.lower).toBeCloseTo(1 - 0.5069, 4)
    expect(unlabelled).toEqual(['curt'])
    expect(causes).toEqual({ rude: {} })
  })

  it('asks the shared call of a run, with the rubrics of all its categories', async () => {
    const scenario = createCalibration({ sets: { 'labelled.jsonl': set } })
    await scenario.run()
    const requests = listRequests(scenario)
    expect(requests).toHaveLength(32)
    expect(requests.every((request) => readCategories(request).join() === 'rude,curt')).toBe(true)
    expect(requests.filter(({ customId }) => customId === 'known:x-0|candidate|*')).toHaveLength(1)
    expect(requests.filter(({ customId }) => customId === 'known:x-0|candidate|*|again')).toHaveLength(1)
  })

  it('leaves the later graders of categories alone that it does not calibrate', async () => {
    const strict = { kind: 'judge', rubric: 'rubrics/curt.md', model: 'strict', endpoint: 'other' }
    const scenario = createCalibration({
      policy: {
        categories: [
          rudeAndCurt[0],
          { id: 'curt', graders: [{ kind: 'judge', rubric: 'rubrics/curt.md' }, strict] },
          { id: 'lone', graders: [strict] },
        ],
      },
      sets: { 'labelled.jsonl': set },
    })
    const { record } = await scenario.run()
    expect([...scenario.clients.keys()]).toEqual(['judge'])
    expect(record.cost.requests).toBe(32)
  })

  it('grades each item once where that is enough', async () => {
    const scenario = createCalibration({ sets: { 'labelled.jsonl': set }, request: { once: true } })
    const { record } = await scenario.run()
    expect(listRequests(scenario)).toHaveLength(16)
    expect(record.categories.rude?.agreement).toEqual({ graded_twice: 0, same: 0 })
    expect(scenario.log.lines[0]).toMatch(/^info: 16 labelled items, graded once: 1 call to grade each/)
  })

  it('sees how far a judge agrees with itself', async () => {
    const fickle: ClientScript = (request) =>
      /x-[012]\|.*again$/.test(request.customId) ? writeGrades(request, absent) : judgeHonestly(request)
    const { record } = await createCalibration({
      sets: { 'labelled.jsonl': set },
      scripts: { judge: fickle },
    }).run()
    expect(record.categories.rude).toMatchObject({
      positives: { flagged: 6 },
      agreement: { graded_twice: 16, same: 13 },
    })
  })

  it('counts an item without a label as missed, or as flagged', async () => {
    const { record, causes } = await createCalibration({
      sets: { 'labelled.jsonl': set },
      scripts: { judge: misjudge(/to (x-0|y-[012])$/, { label: 'cannot-tell', quote: '' }) },
    }).run()
    expect(record.categories.rude).toMatchObject({
      positives: { turns: 6, flagged: 5 },
      negatives: { turns: 10, flagged: 3 },
      missing: { positives: 1, negatives: 3 },
    })
    expect(causes).toEqual({ rude: { 'cannot-tell': 4 } })
  })

  it('counts by who wrote the completions', async () => {
    const labels = { rude: 'present' as const }
    const lines = [
      writeControl({ id: 'a', labels, rest: { source: 'ckpt-1' } }),
      writeControl({ id: 'b', labels, rest: { source: 'people', chosen: 'written' } }),
      writeControl({ id: 'c', labels, rest: { source: 'people', chosen: 'written' } }),
    ].join('\n')
    const { record } = await createCalibration({
      sets: { 'labelled.jsonl': lines },
      scripts: { judge: misjudge(/to c$/, absent) },
    }).run()
    expect(record.categories.rude?.by_source).toMatchObject({
      'ckpt-1': { positives: { turns: 1, flagged: 1 }, negatives: { turns: 0, flagged: 0 } },
      people: { positives: { turns: 2, flagged: 1 } },
    })
  })

  it('names the models by what they answered as, and prices what they took', async () => {
    const judge: ClientScript = (request, index) =>
      completeWith({ text: judgeHonestly(request), model: index < 4 ? 'judge-1-old' : 'judge-1-new' })
    const { record } = await createCalibration({
      sets: { 'labelled.jsonl': set },
      scripts: { judge },
      policy: { prices: { 'judge-1': { input: 1000, output: 2000 } } },
    }).run()
    expect(record.categories.rude?.answered_as).toEqual({
      'judge-1': { 'judge-1-old': 4, 'judge-1-new': 28 },
    })
    // 32 calls of 10 tokens at $1,000 and 5 at $2,000 a million.
    expect(record.cost).toEqual({ requests: 32, usd: 0.64 })
  })

  it('reports its progress, and what it is about to do', async () => {
    const { run, log } = createCalibration({
      sets: { 'labelled.jsonl': set },
      policy: { budget: { max_requests: 100 } },
    })
    await run()
    expect(log.lines).toEqual([
      'info: 16 labelled items, graded twice: 1 call to grade each, retries not counted; the budget is 100 requests.',
    ])
    expect(log.states.at(-1)).toMatchObject({ done: 16, planned: 16, requests: 32, failures: 0 })
  })
})

describe('a calibration with a confirmation', () => {
  const confirm = { model: 'strict', votes: 3 }
  const policy = { judge: { model: 'judge-1', second_grading: '0%', confirm } }

  it('sees which false flags of the first judge survive, and bounds what is left', async () => {
    const flagged = writeControl({ id: 'z-0', labels: { rude: 'absent' }, rest: { chosen: 'flagged' } })
    const confirmed = writeControl({ id: 'z-1', labels: { rude: 'present' }, rest: { chosen: 'flagged' } })
    const wrong = { label: 'present', quote: 'kind' }
    const judge: ClientScript = (request) => {
      const { completion } = readData(request)
      if (request.model === 'strict')
        return /to y-0$/.test(completion) ? writeGrades(request, wrong) : judgeHonestly(request)
      return /to (y-[0-3]|z-0)$/.test(completion) ? writeGrades(request, wrong) : judgeHonestly(request)
    }
    const scenario = createCalibration({
      policy,
      sets: { 'labelled.jsonl': [set, flagged, confirmed].join('\n') },
      scripts: { judge },
      request: { once: true },
    })
    const { record } = await scenario.run()
    expect(record.categories.rude).toMatchObject({
      positives: { turns: 6, flagged: 6 },
      // The item that was chosen because it was flagged says nothing about how many of all are.
      negatives: { turns: 10, flagged: 1 },
      screen: { negatives: 10, flagged: 4, tried: 5, survived: 1 },
      answered_as: { 'judge-1': { 'judge-1': 17 }, strict: { strict: 33 } },
    })
    expect(record.categories.rude?.screen?.false_positive_upper).toBeGreaterThan(0.1)
    expect(record.categories.rude?.screen?.false_positive_upper).toBeLessThan(0.5)
    // A confirmed flag would count nowhere: it is not paid for.
    expect(listRequests(scenario).some(({ customId }) => customId.includes('z-1'))).toBe(false)
  })

  it('does not name a model that was never asked: a run in which it is would make the calibration stale', async () => {
    const { record } = await createCalibration({
      policy,
      sets: { 'labelled.jsonl': writeControls({ positives: 0, negatives: 5 }) },
    }).run()
    expect(record.categories.rude?.answered_as).toEqual({ 'judge-1': { 'judge-1': 10 } })
  })

  it('counts a false flag that got no label in the end as one that survived', async () => {
    const judge: ClientScript = (request) => {
      if (request.model === 'strict') return 'I would rather not say.'
      return writeGrades(request, { label: 'present', quote: 'answer' })
    }
    const { record } = await createCalibration({
      policy,
      sets: { 'labelled.jsonl': writeControls({ positives: 1, negatives: 4 }) },
      scripts: {
        judge: (request, index, signal) =>
          /to y-3$/.test(readData(request).completion)
            ? judgeHonestly(request)
            : judge(request, index, signal),
      },
      request: { once: true },
    }).run()
    expect(record.categories.rude).toMatchObject({
      negatives: { turns: 4, flagged: 3 },
      missing: { positives: 1, negatives: 3 },
      screen: { negatives: 4, flagged: 3, tried: 3, survived: 3 },
    })
  })
})

describe('the labelled sets of a calibration', () => {
  it('are those that the policy names, where none is given', async () => {
    const named = rudeAndCurt.map((category) => ({ ...category, calibration: `${category.id}.jsonl` }))
    const { record } = await createCalibration({
      policy: { categories: named },
      files: {
        'rude.jsonl': set,
        'curt.jsonl': writeControl({ id: 'c-1', labels: { curt: 'absent' } }),
      },
    }).run()
    expect(record.labelled_sets.map(({ file, items }) => [file, items])).toEqual([
      ['rude.jsonl', 16],
      ['curt.jsonl', 1],
    ])
    expect(Object.keys(record.categories)).toEqual(['rude', 'curt'])
  })

  it('are not the counts or the record that a policy names', async () => {
    const named = [{ ...rudeAndCurt[0], calibration: 'calibration.json' }]
    await expect(createCalibration({ policy: { categories: named } }).run()).rejects.toMatchObject({
      code: 'usage',
      message: 'there is no labelled set',
      remedy: expect.stringContaining('give --set FILE'),
    })
  })

  it('may have items in common: each is graded once', async () => {
    const rude = writeControl({ id: 'a', labels: { rude: 'present' } })
    const curt = rude.replace('"rude"', '"curt"')
    const scenario = createCalibration({ sets: { 'rude.jsonl': rude, 'curt.jsonl': curt } })
    const { record } = await scenario.run()
    expect(listRequests(scenario)).toHaveLength(2)
    expect(record.categories.rude?.positives).toEqual({ turns: 1, flagged: 1 })
    expect(record.categories.curt?.positives).toEqual({ turns: 1, flagged: 1 })
  })

  it('are read for the chosen categories alone', async () => {
    const both = writeControls({ positives: 2, negatives: 2, categories: ['rude', 'other', 'curt'] })
    const { record } = await createCalibration({
      sets: { 'labelled.jsonl': both },
      request: { categories: ['curt'] },
    }).run()
    expect(Object.keys(record.categories)).toEqual(['curt'])
  })
})

describe('a calibration of graders that ask nobody', () => {
  it('counts patterns', async () => {
    const { record } = await createCalibration({
      policy: {
        categories: [{ id: 'rude', graders: [{ kind: 'pattern', any: ['RUDE', 'answer to y-1'] }] }],
      },
      sets: { 'labelled.jsonl': set },
    }).run()
    expect(record.categories.rude).toMatchObject({
      positives: { turns: 6, flagged: 6 },
      negatives: { turns: 10, flagged: 1 },
      answered_as: {},
      agreement: { graded_twice: 0 },
    })
    expect(record.cost).toEqual({ requests: 0, usd: 0 })
  })

  it('does not miss labels for them, unless they were asked for', async () => {
    const policy = {
      categories: [...rudeAndCurt, { id: 'leaks', graders: [{ kind: 'pattern', any: ['x'] }] }],
    }
    const run = (categories: string[]) =>
      createCalibration({ policy, sets: { 'labelled.jsonl': set }, request: { categories } }).run()
    expect((await run([])).unlabelled).toEqual(['curt'])
    expect((await run(['rude', 'leaks'])).unlabelled).toEqual(['leaks'])
  })
})
