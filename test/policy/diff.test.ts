import { describe, expect, it } from '@jest/globals'
import type { PolicyChange } from '../../src/policy/change.ts'
import { diffPolicies, diffText } from '../../src/policy/diff.ts'
import { edit, policyText, readPolicy } from './policies.ts'

const base = readPolicy(policyText)
const diff = (head: string, before = policyText) => diffPolicies(readPolicy(before), readPolicy(head))
const brief = (changes: PolicyChange[]) =>
  changes.map(({ kind, what, of, from, to, effect }) =>
    [kind, what, of ?? '-', ...(from === null && to === null ? [] : [from, to]), effect].join(' | '),
  )

/** The policy with `gate` or another map at its end. */
const add = (text: string) => edit('', `${text}\n`)

describe('the difference of two policies', () => {
  it('is nothing where they say the same in other words', () => {
    expect(diffPolicies(base, base)).toEqual([])
    const [first = '', ...rest] = policyText.split('categories:\n')[1]?.split('\n') ?? []
    const moved = policyText.replace(`${first}\n`, '').replace(rest[2] ?? '', `${rest[2]}\n${first}`)
    expect(readPolicy(moved).categories.map(({ id }) => id)).toEqual([
      'unsafe-compliance',
      'over-refusal',
      'leaks',
    ])
    expect(diff(moved)).toEqual([])
    expect(diff(edit('limit: 0.5%', 'limit: 500 per 100k'))).toEqual([])
    expect(diff(add('gate: { alpha: 0.05 }'))).toEqual([])
    expect(diff(edit('rubric: builtin }', 'rubric: builtin:over-refusal }'))).toEqual([])
  })

  it.each([
    ['limit: 0.5%', 'limit: 4%', 'changed | limit | unsafe-compliance | 0.5 % | 4 % | looser'],
    ['limit: 0.5%', 'limit: 0.1%', 'changed | limit | unsafe-compliance | 0.5 % | 0.1 % | tighter'],
    ['    limit: 0.5%\n', '', 'changed | limit | unsafe-compliance | 0.5 % |  | looser'],
    [
      'limit: 0.5%',
      'limit: 0.5001%',
      'changed | limit | unsafe-compliance | 500 per 100k | 500.1 per 100k | looser',
    ],
    ['limit: 0.5%', 'limit: 0.5%\n    margin: 1%', 'changed | margin | unsafe-compliance |  | 1 % | tighter'],
    [
      'limit: 0.5%',
      'limit: 0.5%\n    role: watch',
      'changed | role | unsafe-compliance | block | watch | looser',
    ],
    [', role: watch', '', 'changed | role | leaks | watch | block | tighter'],
    [
      'limit: 0.5%',
      'limit: 0.5%\n    regression: false',
      'changed | regression | unsafe-compliance | true | false | looser',
    ],
    [
      'limit: 0.5%',
      'limit: 0.5%\n    calibration: c.json',
      'changed | calibration | unsafe-compliance |  | c.json | other',
    ],
    ['  - { id: over-refusal, rubric: builtin }\n', '', 'removed | category | over-refusal | looser'],
    ['categories:\n', 'categories:\n  - { id: new, rubric: builtin }\n', 'added | category | new | tighter'],
    [
      'categories:\n',
      'categories:\n  - { id: new, rubric: builtin, role: watch }\n',
      'added | category | new | other',
    ],
    [
      'rubrics/unsafe.md',
      'rubrics/lenient.md',
      'changed | graders | unsafe-compliance | judge judge-1 rubrics/unsafe.md | judge judge-1 rubrics/lenient.md | other',
    ],
    ['any: [BEGIN]', 'any: [END]', 'rewritten | graders | leaks | other'],
    ['turns: 400', 'turns: 40', 'changed | sample.turns | - | 400 | 40 | other'],
    ['epoch: 2026-11', 'epoch: lucky', 'changed | sample.epoch | - | 2026-11 | lucky | other'],
    [
      'epoch: 2026-11',
      'epoch: 2026-11, strata: [metadata.a, metadata.b]',
      'changed | sample.strata | - |  | metadata.a, metadata.b | other',
    ],
    [
      'epoch: 2026-11',
      'epoch: 2026-11, smoke_turns: 9',
      'changed | sample.smoke_turns | - | 300 | 9 | other',
    ],
    ['model: judge-1 }', 'model: judge-2 }', 'changed | judge.model | - | judge-1 | judge-2 | other'],
    [
      'model: judge-1 }',
      'model: judge-1, second_grading: 1% }',
      'changed | judge.second_grading | - | 5 % | 1 % | other',
    ],
    [
      'model: judge-1 }',
      'model: judge-1, confirm: { model: judge-3 } }',
      'added | judge.confirm | - | other',
    ],
    [
      'manifest.json',
      'small.json',
      'changed | corpus.manifest | - | corpus/manifest.json | corpus/small.json | other',
    ],
    [
      'deploy/model.yaml',
      'decoy.yaml',
      'changed | checkpoint.file | - | deploy/model.yaml | decoy.yaml | other',
    ],
    ['', 'gate: { alpha: 0.2 }\n', 'changed | gate.alpha | - | 0.05 | 0.2 | other'],
    ['', 'gate: { on_inconclusive: warn }\n', 'changed | gate.on_inconclusive | - | fail | warn | looser'],
    ['', 'gate: { on_judge: pass }\n', 'changed | gate.on_judge | - | fail | pass | looser'],
    ['', 'gate: { missing_budget: 2% }\n', 'changed | gate.missing_budget | - | 1 % | 2 % | looser'],
    [
      '',
      'gate: { decide_by: point-estimate }\n',
      'changed | gate.decide_by | - | bounds | point-estimate | looser',
    ],
    [
      '',
      'gate: { require_calibration: { max_age_days: 9 } }\n',
      'added | gate.require_calibration | - | tighter',
    ],
    ['', 'replay: { reuse_baseline_days: 8 }\n', 'changed | replay.reuse_baseline_days | - |  | 8 | looser'],
    ['', 'replay: { allow_recorded: true }\n', 'changed | replay.allow_recorded | - | false | true | looser'],
    ['', 'replay: { timeout_s: 7 }\n', 'changed | replay.timeout_s | - | 120 | 7 | other'],
    ['', 'budget: { max_requests: 5 }\n', 'changed | budget.max_requests | - |  | 5 | other'],
    ['', 'registrations: elsewhere\n', 'changed | registrations | - | preregistration | elsewhere | other'],
    ['', 'retain_text: artifact\n', 'changed | retain_text | - | none | artifact | other'],
    ['', `slices: [${'s'.repeat(90)}]\n`, 'rewritten | slices | - | other'],
    [
      '',
      'prices: { UpperCase: { input: 1, output: 2 } }\n',
      'changed | prices | - |  | {"UpperCase":{"inputUsdPer1m":1,"outputUsdPer1m":2}} | other',
    ],
  ])('is what was edited: %j to %j', (from, to, expected) => {
    expect(brief(diff(edit(from, to)))).toEqual([expected])
  })

  it('says which way the days go that a baseline may be reused for', () => {
    const days = (count: number) => add(`replay: { reuse_baseline_days: ${count} }`)
    const key = 'changed | replay.reuse_baseline_days | -'
    expect(brief(diff(days(8), days(7)))).toEqual([`${key} | 7 | 8 | looser`])
    expect(brief(diff(days(7), days(8)))).toEqual([`${key} | 8 | 7 | tighter`])
    expect(brief(diff(policyText, days(7)))).toEqual([`${key} | 7 |  | tighter`])
  })

  it('says of requirements which way they go', () => {
    const require = (text: string) => add(`gate: { require_calibration: { ${text} } }`)
    const both = require('min_sensitivity: 80%, max_false_positive_rate: 2%, max_age_days: 90')
    const loose = require('min_sensitivity: 60%, max_false_positive_rate: 5%, otherwise: advisory')
    const key = 'gate.require_calibration'
    const looser = [
      `changed | ${key}.min_sensitivity | - | 80 % | 60 % | looser`,
      `changed | ${key}.max_false_positive_rate | - | 2 % | 5 % | looser`,
      `changed | ${key}.max_age_days | - | 90 |  | looser`,
      `changed | ${key}.otherwise | - | red | advisory | looser`,
    ]
    expect(brief(diff(loose, both))).toEqual(looser)
    expect(diff(both, loose).map(({ effect }) => effect)).toEqual(Array(4).fill('tighter'))
    expect(brief(diff(policyText, both))).toEqual([`removed | ${key} | - | looser`])
  })

  it('lists another judge once, not in each category that has it', () => {
    const confirmed = edit('model: judge-1 }', 'model: judge-2, confirm: { model: judge-3, votes: 5 } }')
    expect(brief(diff(confirmed))).toEqual([
      'changed | judge.model | - | judge-1 | judge-2 | other',
      'added | judge.confirm | - | other',
    ])
  })

  it('puts what is looser first and what is tighter last', () => {
    const head = edit('limit: 0.5%', 'limit: 4%')
      .replace(', role: watch', '')
      .replace('turns: 400', 'turns: 40')
    expect(diff(head).map(({ what, effect }) => [what, effect])).toEqual([
      ['limit', 'looser'],
      ['sample.turns', 'other'],
      ['role', 'tighter'],
    ])
  })

  it('marks what applies at once: limits and margins that the base has, made tighter', () => {
    const applied = (head: string) => diff(head).map((change) => change.applied)
    expect(applied(edit('limit: 0.5%', 'limit: 0.1%'))).toEqual([true])
    expect(applied(edit('limit: 0.5%', 'limit: 5%'))).toEqual([false])
    expect(applied(edit('limit: 0.5%', 'limit: 0.5%\n    margin: 1%'))).toEqual([false])
    expect(applied(edit(', role: watch', ''))).toEqual([false])
  })
})

describe('a file that the policy refers to', () => {
  const file = { what: 'rubric', file: 'r.md' }

  it('is listed where its text is another one, is gone, or is new', () => {
    expect(diffText({ ...file, before: 'a', after: 'a' })).toBeNull()
    expect(diffText({ ...file, before: null, after: null })).toBeNull()
    expect(diffText({ ...file, before: 'a', after: 'b' })).toMatchObject({
      kind: 'rewritten',
      what: 'rubric',
      of: 'r.md',
    })
    expect(diffText({ ...file, before: 'a', after: null })?.kind).toBe('removed')
    expect(diffText({ ...file, before: null, after: 'b' })?.kind).toBe('added')
  })
})
