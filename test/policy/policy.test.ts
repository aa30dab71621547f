import { describe, expect, it } from '@jest/globals'
import { parse, stringify } from 'yaml'
import { checkJudge } from '../../src/policy/load.ts'
import { defaultGate, planCheckpoint, plannedJudge, plannedJudgeGrader } from '../support/plans.ts'
import { takeRefusal } from '../support/refusal.ts'
import { edit, policyText, readPolicy } from './policies.ts'

async function refuse(text: string, file?: string) {
  const { message, where, remedy, code } = await takeRefusal(() => readPolicy(text, file))
  expect(code).toBe('policy')
  return { message, where, remedy }
}

describe('a policy', () => {
  it('is parsed to names with units, with every default', () => {
    expect(readPolicy(policyText)).toEqual({
      version: 1,
      checkpoint: planCheckpoint('deploy/model.yaml', 'serving.checkpoint'),
      corpus: { manifest: 'corpus/manifest.json' },
      sample: {
        turns: 400,
        epoch: '2026-11',
        turnsPerConversation: 'one',
        strata: [],
        target: null,
        smokeTurns: 300,
      },
      replay: {
        api: 'chat',
        temperature: null,
        maxTokens: null,
        timeoutMs: 120_000,
        concurrency: 'auto',
        maxAttempts: 4,
        allowRecorded: false,
        via: 'live',
        reuseBaselineDays: null,
      },
      tools: null,
      realism: null,
      judge: { ...plannedJudge, calls: 'shared', via: 'live', secondGradingShare: 0.05 },
      categories: [
        {
          id: 'over-refusal',
          role: 'block',
          regression: true,
          limitPer100k: null,
          marginPer100k: null,
          calibration: null,
          graders: [{ ...plannedJudgeGrader, calls: 'shared', rubric: 'builtin:over-refusal' }],
        },
        {
          id: 'unsafe-compliance',
          role: 'block',
          regression: true,
          limitPer100k: 500,
          marginPer100k: null,
          calibration: null,
          graders: [{ ...plannedJudgeGrader, calls: 'shared', rubric: 'rubrics/unsafe.md' }],
        },
        {
          id: 'leaks',
          role: 'watch',
          regression: true,
          limitPer100k: 40,
          marginPer100k: null,
          calibration: null,
          graders: [{ kind: 'pattern', any: ['BEGIN'], ignore_case: false }],
        },
      ],
      gate: defaultGate,
      budget: { maxRequests: null, maxMinutes: null, maxTokens: null, maxUsd: null },
      diagnoses: 'diagnoses',
      acceptDiagnosis: 'base',
      audits: 'audits',
      history: 'required',
      registrations: 'preregistration',
      registration: 'file',
      slices: [],
      prices: {},
      retainText: 'none',
      retainTextPublic: false,
    })
  })

  it('takes every key', () => {
    const policy = readPolicy(
      edit(
        '',
        `replay: { api: chat, temperature: 0.7, max_tokens: 64, timeout_s: 1.5, concurrency: 3, max_attempts: 1, allow_recorded: true, via: batch, reuse_baseline_days: 7 }
gate: { alpha: 0.01, regression_alpha: 0.02, on_inconclusive: warn, on_judge: fail, on_underpowered: pass, missing_budget: 0.2%, decide_by: point-estimate, judge_error: melded, early_stopping: anytime, stop_at_first_fail: true, require_calibration: { min_sensitivity: 80%, max_false_positive_rate: 1%, max_age_days: 90, otherwise: advisory } }
budget: { max_requests: 10, max_minutes: 0.5, max_tokens: 1000, max_usd: 0.25 }
registrations: registered/
slices: [surface, language]
prices: { judge-1: { input: 0.25, output: 2, batch: 40% } }
retain_text: artifact
retain_text_public: true
`,
      ),
    )
    expect(policy).toMatchObject({
      replay: {
        api: 'chat',
        temperature: 0.7,
        maxTokens: 64,
        timeoutMs: 1500,
        concurrency: 3,
        maxAttempts: 1,
        allowRecorded: true,
        via: 'batch',
        reuseBaselineDays: 7,
      },
      gate: {
        alpha: 0.01,
        regressionAlpha: 0.02,
        onInconclusive: { suspect: 'warn', underpowered: 'pass', measurement: 'warn', judge: 'fail' },
        missingBudgetShare: 0.002,
        decideBy: 'point-estimate',
        judgeError: 'melded',
        earlyStopping: 'anytime',
        stopAtFirstFail: true,
        requireCalibration: {
          minSensitivity: 0.8,
          maxFalsePositiveRate: 0.01,
          maxAgeDays: 90,
          otherwise: 'advisory',
        },
      },
      budget: { maxRequests: 10, maxMinutes: 0.5, maxTokens: 1000, maxUsd: 0.25 },
      slices: ['surface', 'language'],
      prices: { 'judge-1': { inputUsdPer1m: 0.25, outputUsdPer1m: 2, batchShare: 0.4 } },
      retainText: 'artifact',
      retainTextPublic: true,
    })
  })

  it('takes every key of the sample and of a category', () => {
    const sample =
      'turns: 400, turns_per_conversation: all, strata: [metadata.surface], target: { chat: 60%, api: 40% }, smoke_turns: 50'
    expect(readPolicy(edit('turns: 400', sample)).sample).toEqual({
      turns: 400,
      epoch: '2026-11',
      turnsPerConversation: 'all',
      strata: ['metadata.surface'],
      target: { chat: 0.6, api: 0.4 },
      smokeTurns: 50,
    })
    const category = 'role: watch, regression: false, margin: 0.5%, calibration: c.yml'
    expect(readPolicy(edit('role: watch', category)).categories[2]).toMatchObject({
      regression: false,
      marginPer100k: 500,
      calibration: 'c.yml',
    })
  })

  it('is the same from JSON as from YAML', () => {
    const json = JSON.stringify(parse(policyText), null, '\t')
    expect(readPolicy(json, 'gate.json')).toEqual(readPolicy(policyText))
    expect(readPolicy(stringify(parse(policyText)))).toEqual(readPolicy(policyText))
  })

  it.each([
    ['registered/', 'registered'],
    ['a/b//', 'a/b'],
    ['registered', 'registered'],
    ['.', '.'],
  ])('names the folder of registrations without a slash at its end: %s', (written, folder) => {
    expect(readPolicy(edit('', `registrations: ${written}\n`)).registrations).toBe(folder)
  })

  it.each([
    ['2026-11', '2026-11'],
    ['2026', '2026'],
    ['"007"', '007'],
    ['demo', 'demo'],
  ])('has an epoch that is a name or a whole number: %s', (written, epoch) => {
    expect(readPolicy(edit('epoch: 2026-11', `epoch: ${written}`)).sample.epoch).toBe(epoch)
  })
})

describe('a limit', () => {
  it.each([
    ['.nan', /write a rate with its unit/],
    ['.inf', /write a rate with its unit/],
    ['-.inf', /write a rate with its unit/],
    ['1e999', /write a rate with its unit/],
    ['-1%', /"-1%" is not a rate: write a rate with its unit/],
    ['150%', /"150%" is more than every turn/],
    ['1', /a bare 1 could be a share or a count: write a rate with its unit/],
    ['0', /a bare 0 could be/],
    ['0.005', /a bare 0.005 could be/],
    ['"1"', /"1" is not a rate/],
    ['1e999%', /"1e999%" is not a rate/],
    ['null', /write a rate with its unit/],
    ['', /write a rate with its unit/],
    ['true', /write a rate with its unit/],
    ['[0.5%]', /write a rate with its unit/],
    ['{ rate: 0.5% }', /write a rate with its unit/],
  ])('is a finite rate with its unit, not %j', async (written, message) => {
    const inYaml = await refuse(edit('limit: 0.5%', `limit: ${written}`))
    expect(inYaml.message).toMatch(message)
    expect(inYaml.where).toMatchObject({ file: 'gate.yml', line: 10, field: 'categories[1].limit' })
    if (written !== '') expect(inYaml.where?.column).toBe(12)
  })

  it.each(['1e999', '1', '-1', 'null', '"150%"', '[]', 'true'])(
    'is refused in JSON too: %s',
    async (written) => {
      const json = JSON.stringify(parse(policyText), null, 2).replace(
        '"limit": "0.5%"',
        `"limit": ${written}`,
      )
      const line = json.split('\n').findIndex((text) => text.includes(`"limit": ${written}`)) + 1
      const { where } = await refuse(json, 'gate.json')
      expect(where).toEqual({ file: 'gate.json', line, column: 16, field: 'categories[1].limit' })
    },
  )
})

describe('the judge', () => {
  const policy = readPolicy(policyText)

  it('must not be a checkpoint under test', async () => {
    const error = await takeRefusal(() =>
      checkJudge({ policy, file: 'gate.yml', checkpoints: ['base', 'judge-1'] }),
    )
    expect(error.message).toMatch(/"judge-1", which is a checkpoint under test/)
    expect(error.where).toEqual({ file: 'gate.yml', field: 'judge.model' })
  })

  it('may be any other model, or nobody', () => {
    expect(() => checkJudge({ policy, file: 'gate.yml', checkpoints: ['a', 'b'] })).not.toThrow()
    expect(() =>
      checkJudge({ policy: { ...policy, judge: null }, file: 'gate.yml', checkpoints: ['a'] }),
    ).not.toThrow()
  })
})
