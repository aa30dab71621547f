import { describe, expect, it } from '@jest/globals'
import type { ClientScript } from './fakes/scripted-client.ts'
import { createCalibration, listRequests, rudeAndCurt } from './support/calibrate-scenario.ts'
import { writeControl, writeControls } from './support/controls.ts'
import { judgeHonestly } from './support/honest-judge.ts'

const set = writeControls({ positives: 6, negatives: 10 })

describe('a calibration', () => {
  it.each([
    [
      'a set that is not there',
      { policy: { categories: [{ ...rudeAndCurt[0], calibration: 'gone.jsonl' }] } },
      'labelled-set',
      'the labelled set is not there',
    ],
    ['an empty set', { sets: { 'labelled.jsonl': '\n\n' } }, 'labelled-set', 'the labelled set has no items'],
    [
      'a label of a category that the policy lacks',
      { sets: { 'labelled.jsonl': writeControl({ id: 'a', labels: { rud: 'present' } }) } },
      'labelled-set',
      'the policy has no category "rud"; did you mean "rude"?',
    ],
    [
      'a chosen category that the policy lacks',
      { sets: { 'labelled.jsonl': set }, request: { categories: ['rud'] } },
      'usage',
      'the policy has no category "rud"; did you mean "rude"?',
    ],
    [
      'a chosen category without labels',
      { sets: { 'labelled.jsonl': set }, request: { categories: ['curt'] } },
      'labelled-set',
      'no item has a label in "curt"; labelled are rude',
    ],
    [
      'nothing but items that a grader chose',
      {
        sets: {
          'labelled.jsonl': writeControl({
            id: 'a',
            labels: { rude: 'present' },
            rest: { chosen: 'flagged' },
          }),
        },
      },
      'labelled-set',
      'every item with a label was chosen because a grader flagged it: none says how often graders err',
    ],
    [
      'sets that contradict each other',
      {
        sets: {
          'a.jsonl': writeControl({ id: 'a', labels: { rude: 'present' } }),
          'b.jsonl': writeControl({ id: 'a', labels: { rude: 'present' } }).replace('"present"', '"absent"'),
        },
      },
      'labelled-set',
      '"a" is labelled otherwise in a.jsonl',
    ],
    ['no policy', { request: { policyFile: 'gone.yml' } }, 'policy', 'there is no policy'],
    [
      'a record before it whose other categories would be lost',
      {
        sets: { 'labelled.jsonl': set },
        request: { replaced: { file: 'calibration.json', categories: ['rude', 'curt', 'gone'] } },
      },
      'usage',
      'the record that lies there is of "curt" too, which would be lost',
    ],
  ])('refuses %s before anything is asked', async (_, options, code, message) => {
    const scenario = createCalibration(options)
    await expect(scenario.run()).rejects.toMatchObject({ code, message })
    expect(scenario.clients.size).toBe(0)
  })
})

describe('a calibration that does not come to its end', () => {
  it('is none where the budget ends it', async () => {
    const scenario = createCalibration({
      sets: { 'labelled.jsonl': set },
      policy: { budget: { max_requests: 20 } },
    })
    await expect(scenario.run()).rejects.toMatchObject({
      code: 'calibration',
      message: expect.stringMatching(/^the budget ended it after \d+ of 16 items: nothing was written$/),
      where: { file: 'gate.yml', field: 'budget' },
    })
    expect(listRequests(scenario)).toHaveLength(20)
  })

  it('is none where it is cancelled, and asks no more', async () => {
    const controller = new AbortController()
    const judge: ClientScript = (request, index) => {
      if (index === 5) controller.abort()
      return judgeHonestly(request)
    }
    const scenario = createCalibration({
      sets: { 'labelled.jsonl': set },
      scripts: { judge },
      cancelled: controller.signal,
      policy: { replay: { concurrency: 1 } },
    })
    await expect(scenario.run()).rejects.toMatchObject({
      code: 'calibration',
      message: expect.stringMatching(/^it was cancelled after \d+ of 16 items: nothing was written$/),
    })
    expect(listRequests(scenario)).toHaveLength(6)
  })

  it('is none where it was cancelled before', async () => {
    const scenario = createCalibration({ sets: { 'labelled.jsonl': set }, cancelled: AbortSignal.abort() })
    await expect(scenario.run()).rejects.toMatchObject({
      message: 'it was cancelled after 0 of 16 items: nothing was written',
    })
    expect(listRequests(scenario)).toEqual([])
  })

  it('is none where the judge can not be reached, and stops asking', async () => {
    const scenario = createCalibration({
      sets: { 'labelled.jsonl': writeControls({ positives: 20, negatives: 20 }) },
      scripts: {
        judge: () => ({ kind: 'failed', cause: 'connection-refused', detail: 'refused', retryAfterMs: null }),
      },
    })
    await expect(scenario.run()).rejects.toMatchObject({
      code: 'endpoint',
      message: expect.stringContaining('answered none of the first 5 requests (connection-refused)'),
    })
    expect(listRequests(scenario).length).toBeLessThan(30)
  })

  it('is none where a few items got no label at all', async () => {
    const scenario = createCalibration({
      sets: { 'labelled.jsonl': writeControls({ positives: 1, negatives: 1 }) },
      scripts: { judge: () => 'I would rather not say.' },
      request: { once: true },
    })
    await expect(scenario.run()).rejects.toMatchObject({
      code: 'endpoint',
      message: 'the graders labelled none of the 2 items (invalid-answer)',
    })
  })

  it('takes no recording that the policy does not allow', async () => {
    const recorded = { source: { kind: 'recorded' as const, sha256: 'ab' }, sets: { 'labelled.jsonl': set } }
    await expect(createCalibration(recorded).run()).rejects.toMatchObject({
      message: 'endpoint "judge" is a recording, and the policy does not allow recordings',
    })
    const { record } = await createCalibration({
      ...recorded,
      policy: { replay: { allow_recorded: true } },
    }).run()
    // A recording says the same each time.
    expect(record.categories.rude?.agreement.graded_twice).toBe(0)
  })
})
