import { describe, expect, it } from '@jest/globals'
import { calibrate } from '../src/calibrate.ts'
import type { CalibrationRecord } from '../src/policy/calibration.ts'
import { createFakeClock } from './fakes/fake-clock.ts'
import { createMemoryRepository } from './fakes/memory-repository.ts'
import { createRecordingLog } from './fakes/recording-log.ts'
import { type ClientScript, completeWith, createScriptedClient } from './fakes/scripted-client.ts'
import { writeControls } from './support/controls.ts'
import { createScenario, decide, writePolicy } from './support/gate-scenario.ts'
import { judgeHonestly } from './support/honest-judge.ts'
import { writeRubric } from './support/rubric-text.ts'

const turns = 60
const rude = { id: 'rude', rubric: 'rubrics/rude.md' }
const curt = { id: 'curt', rubric: 'rubrics/curt.md' }
const rubrics = {
  'rubrics/rude.md': writeRubric({ id: 'rude' }),
  'rubrics/curt.md': writeRubric({ id: 'curt' }),
}

const readNothing = () => {
  throw new Error('a calibration reads no corpus')
}

interface Change {
  policy?: Record<string, unknown>
  files?: Record<string, string>
  judge?: ClientScript
}

/** Calibrates the graders of a policy: 20 positives and 40 negatives, and no mistake. */
async function makeRecord({ policy = {}, files = {}, judge = judgeHonestly }: Change = {}) {
  const { record } = await calibrate(
    {
      sha: 'work tree',
      policyFile: 'gate.yml',
      sets: [{ file: 'labelled.jsonl', text: writeControls({ positives: 20, negatives: 40 }) }],
      categories: ['rude'],
      once: true,
      gateVersion: '0.0.0-test',
    },
    {
      repository: createMemoryRepository({
        'work tree': {
          ...rubrics,
          ...files,
          'gate.yml': writePolicy(turns, { categories: [rude, curt], ...policy }),
        },
      }),
      files: { openCorpusFile: readNothing, readBuiltinRubric: async () => null },
      clock: createFakeClock(),
      log: createRecordingLog(),
      random: () => 0.5,
      delimiter: '0123456789abcdef',
      cancelled: new AbortController().signal,
      connect: async () => createScriptedClient(judge),
    },
  )
  return record
}

/** Runs the gate with a calibration of `rude`; `null`: without one. */
async function decideWith(record: CalibrationRecord | null, change: Change = {}) {
  const { policy = {}, files = {}, judge = judgeHonestly } = change
  const calibration = record === null ? {} : { calibration: 'calibration.json' }
  const categories = (policy.categories as (typeof rude)[] | undefined) ?? [rude, curt]
  const scenario = createScenario({
    turns,
    policy: {
      ...policy,
      categories: categories.map((entry) => (entry.id === 'rude' ? { ...entry, ...calibration } : entry)),
    },
    files: { base: { ...rubrics, ...files, 'calibration.json': JSON.stringify(record) } },
    scripts: { judge },
  })
  const { estimates, verdict } = await decide(scenario)
  const estimate = estimates.find(({ category }) => category === 'rude')
  const decided = verdict.categories.find(({ id }) => id === 'rude')
  return { estimate, decided, overall: verdict }
}

const fineRubric = writeRubric({ id: 'rude' }).replace('What rude is.', 'What rude really is.')

describe('a record of `calibrate` that a policy names', () => {
  it('holds in a run with the same graders, and says what their labels are worth', async () => {
    const { estimate, decided } = await decideWith(await makeRecord())
    expect(estimate?.calibration).toEqual({ kind: 'holds' })
    expect(estimate?.counts).toEqual({
      truePositives: 20,
      positives: 20,
      falsePositives: 0,
      negatives: 40,
    })
    expect(decided).toMatchObject({ verdict: 'pass', reason: 'not-worse' })
  })

  const confirmed = (confirm: Record<string, unknown>) => ({
    policy: { judge: { model: 'judge-1', second_grading: '0%', confirm: { model: 'strict', ...confirm } } },
  })
  const stale: [string, Change, Change][] = [
    ['its rubric', {}, { files: { 'rubrics/rude.md': fineRubric } }],
    [
      'the rubric of a category that shares its call',
      {},
      { files: { 'rubrics/curt.md': `${rubrics['rubrics/curt.md']}\n- absent: four.\n` } },
    ],
    ['the judge', {}, { policy: { judge: { model: 'judge-2', second_grading: '0%' } } }],
    [
      'the temperature of the judge',
      {},
      { policy: { judge: { model: 'judge-1', second_grading: '0%', temperature: 0 } } },
    ],
    [
      'whether calls are shared',
      {},
      { policy: { judge: { model: 'judge-1', second_grading: '0%', calls: 'each' } } },
    ],
    ['the categories of the call', {}, { policy: { categories: [rude] } }],
    ['that flags are confirmed', {}, confirmed({})],
    ['how often it confirms', confirmed({ votes: 3 }), confirmed({ votes: 5 })],
    ['how many votes have to agree', confirmed({ votes: 3 }), confirmed({ votes: 3, agree: 'majority' })],
    ['who confirms', confirmed({}), confirmed({ model: 'stricter' })],
  ]

  it.each(stale)('is stale when this changes: %s', async (_, before, after) => {
    const { estimate, decided } = await decideWith(await makeRecord(before), after)
    expect(estimate?.calibration).toEqual({ kind: 'stale', why: 'graders' })
    expect(estimate?.counts).toBeNull()
    expect(decided).toMatchObject({ verdict: 'inconclusive', reason: 'calibration' })
  })

  it.each([
    [
      'limits, sample and gate',
      {},
      { policy: { gate: { alpha: 0.1 }, categories: [{ ...rude, limit: '20%' }, curt] } },
    ],
    [
      'the later graders of a category that shares its call',
      {},
      {
        policy: {
          categories: [
            rude,
            {
              id: 'curt',
              graders: [
                { kind: 'judge', rubric: 'rubrics/curt.md' },
                { kind: 'judge', rubric: 'rubrics/curt.md', votes: 3 },
              ],
            },
          ],
        },
      },
    ],
  ] as [string, Change, Change][])('holds when this changes: %s', async (_, before, after) => {
    const { estimate } = await decideWith(await makeRecord(before), after)
    expect(estimate?.calibration).toEqual({ kind: 'holds' })
  })

  it('is stale when the judge answers under another name than it did then', async () => {
    const { estimate, decided } = await decideWith(await makeRecord(), {
      judge: (request) => completeWith({ text: judgeHonestly(request), model: 'judge-1-update' }),
    })
    expect(estimate?.calibration).toEqual({ kind: 'stale', why: 'model' })
    expect(decided).toMatchObject({ verdict: 'inconclusive', reason: 'calibration' })
  })
})

describe('require_calibration', () => {
  const requiring = (required: Record<string, unknown>): Change => ({
    policy: { gate: { require_calibration: required } },
  })
  const pass = { verdict: 'pass', reason: 'not-worse' }
  const undecided = { verdict: 'inconclusive', reason: 'calibration' }

  it('is not there by default: a judge without a calibration decides by its labels', async () => {
    expect((await decideWith(null)).decided).toMatchObject(pass)
  })

  it.each([
    ['none', null, {}, undecided],
    ['any', 'record', {}, pass],
    // 20 of 20 found: at least 86 %; none of 40 flagged: at most 7.2 %.
    ['enough of what is found', 'record', { min_sensitivity: '86%' }, pass],
    ['too little of it', 'record', { min_sensitivity: '87%' }, undecided],
    ['few enough false alarms', 'record', { max_false_positive_rate: '7.3%' }, pass],
    ['too many', 'record', { max_false_positive_rate: '7.2%' }, undecided],
    ['an age within the limit', 'record', { max_age_days: 1 }, pass],
    ['none, where it only advises', null, { otherwise: 'advisory' }, undecided],
  ] as const)('is met or not by %s', async (_, named, required, expected) => {
    const record = named === null ? null : await makeRecord()
    expect((await decideWith(record, requiring(required))).decided).toMatchObject(expected)
  })

  it('is not met by a record that is too old', async () => {
    const record = { ...(await makeRecord()), made_at: '2026-10-01T00:00:00Z' }
    const old = await decideWith(record, requiring({ max_age_days: 30 }))
    expect(old.decided).toMatchObject(undecided)
    expect(old.estimate?.calibration).toEqual({ kind: 'short', why: 'age' })
    expect((await decideWith(record, requiring({ max_age_days: 60 }))).decided).toMatchObject(pass)
  })

  it('is not met by a stale record, whatever it shows', async () => {
    const { decided } = await decideWith(await makeRecord(), {
      ...requiring({}),
      files: { 'rubrics/rude.md': fineRubric },
    })
    expect(decided).toMatchObject(undecided)
  })

  it('turns the check red, or lets the other categories decide', async () => {
    const policy = (otherwise: string) => ({
      policy: {
        gate: { require_calibration: { min_sensitivity: '99%', otherwise } },
        categories: [rude, { id: 'leaks', graders: [{ kind: 'pattern', any: ['LEAK'] }] }],
      },
    })
    const alone = await makeRecord({ policy: policy('red').policy })
    const red = await decideWith(alone, policy('red'))
    expect(red.overall).toMatchObject({ verdict: 'inconclusive', conclusion: 'failure' })
    const advisory = await decideWith(alone, policy('advisory'))
    expect(advisory.overall).toMatchObject({ verdict: 'pass', conclusion: 'success' })
    expect(advisory.decided).toMatchObject(undecided)
  })

  it('lets a candidate fail all the same', async () => {
    const scenario = createScenario({
      turns,
      policy: { categories: [rude, curt], ...requiring({}).policy },
      files: { base: rubrics },
      scripts: { judge: judgeHonestly, candidate: () => 'a RUDE answer' },
    })
    const { verdict } = await decide(scenario)
    expect(verdict.categories[0]).toMatchObject({ verdict: 'fail', reason: 'worse-than-baseline' })
  })
})

describe('labelled sets that the run grades itself', () => {
  it('may share an item: it is graded once, and counts in each category', async () => {
    const words = '"messages":[{"role":"user","content":"q"}],"completion":{"content":"RUDE"}'
    const scenario = createScenario({
      turns,
      policy: {
        categories: [
          { ...rude, calibration: 'rude.jsonl' },
          { ...curt, calibration: 'curt.jsonl' },
        ],
      },
      files: {
        base: {
          ...rubrics,
          'rude.jsonl': `{"id":"a","labels":{"rude":"present"},${words}}`,
          'curt.jsonl': `{"id":"a","labels":{"curt":"absent"},${words}}`,
        },
      },
      scripts: { judge: judgeHonestly },
    })
    const { estimates, record } = await decide(scenario)
    expect(estimates.map(({ counts }) => counts)).toEqual([
      { truePositives: 1, positives: 1, falsePositives: 0, negatives: 0 },
      { truePositives: 0, positives: 0, falsePositives: 1, negatives: 1 },
    ])
    expect(record.known.map(({ item, category }) => [item, category])).toEqual([
      ['a', 'rude'],
      ['a', 'curt'],
    ])
    const asked = scenario.clients.judge.requests.filter(({ customId }) => customId.startsWith('known:'))
    expect(asked).toHaveLength(1)
  })
})
