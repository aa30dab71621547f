import { createHash } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import {
  compareParts,
  comparePlans,
  digestParts,
  joinParts,
  listParts,
  planPartsSchema,
} from '../../src/plan/parts.ts'
import { makePlan, type Plan } from '../../src/plan/plan.ts'
import { parseRegistration } from '../../src/registration/load.ts'
import { edit as editPolicy, policyText, readPolicy } from '../policy/policies.ts'
import { edit as editRegistration, registrationText } from '../registration/registrations.ts'

const counts = { truePositives: 9, positives: 10, falsePositives: 1, negatives: 90 }
const calibration = {
  file: 'calibration/over-refusal.json',
  counts,
  graders: null,
  answeredAs: { 'judge-1': ['judge-1-2026'] },
  madeAt: '2026-11-01',
  labelledSetSha256: null,
}

interface Written {
  policy: string
  registration: string
  rubrics: Record<string, string>
  calibrations: Plan['calibrations']
  controls: Plan['controls']
  corpus: Plan['corpus']
  repository: string
  baseline: string
  candidate: string
  digests: Plan['digests']
}

const written: Written = {
  policy: editPolicy('', 'slices: [surface]\ngate: { require_calibration: { min_sensitivity: 80% } }\n'),
  registration: editRegistration('', 'amendments: [{ number: 1, date: 2026-11-03, reason: x }]\n'),
  rubrics: { 'builtin:over-refusal': 'What a refusal is.', 'rubrics/unsafe.md': 'two' },
  calibrations: { 'over-refusal': calibration },
  controls: {
    file: 'controls.jsonl',
    sha256: 'c'.repeat(64),
    categories: { leaks: { positives: 3, negatives: 4 } },
  },
  corpus: { name: 'support', manifestSha256: 'a'.repeat(64) },
  repository: 'acme/models',
  baseline: 'ckpt-41',
  candidate: 'ckpt-42',
  digests: { baseline: null, candidate: 'd'.repeat(64) },
}

function plan(changes: Partial<Written> = {}): Plan {
  const all = { ...written, ...changes }
  const policy = readPolicy(all.policy)
  const registration = parseRegistration({ file: 'r.yml', text: all.registration }, policy)
  return makePlan({ ...all, policy, registration })
}

/** The paths of everything in a value that is neither an object nor a list. */
function listLeaves(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([key, inner]) => listLeaves(inner, [...path, key]))
}

function changeLeaf<T>(value: T, path: readonly string[]): T {
  const copy = structuredClone(value)
  const last = path.at(-1) ?? ''
  const holder = path
    .slice(0, -1)
    .reduce((inner, key) => inner[key] as Record<string, unknown>, copy as Record<string, unknown>)
  holder[last] = typeof holder[last] === 'number' ? holder[last] + 1 : `${holder[last]}x`
  return copy
}

describe('the parts of a plan', () => {
  it('are digests, the same for the same plan, whatever the order of its keys', () => {
    const parts = digestParts(plan())
    expect(planPartsSchema.parse(parts)).toEqual(parts)
    expect(comparePlans(plan(), structuredClone(plan()))).toEqual([])
    const { rubrics, ...rest } = plan()
    const reversed = { rubrics: Object.fromEntries(Object.entries(rubrics).toReversed()), ...rest } as Plan
    expect(JSON.stringify(digestParts(reversed))).toBe(JSON.stringify(parts))
  })

  it('leave nothing of the plan out: whatever differs has a name', () => {
    const leaves = listLeaves(plan())
    expect(leaves.length).toBeGreaterThan(60)
    const unnamed = leaves.filter((path) => comparePlans(plan(), changeLeaf(plan(), path)).length === 0)
    expect(unnamed).toEqual([])
  })

  it('are the digests of the files where the part is one', () => {
    const parts = digestParts(plan())
    const digest = createHash('sha256').update('What a refusal is.').digest('hex')
    expect(parts.rubrics['builtin:over-refusal']).toBe(digest)
    expect(parts.manifest).toBe('a'.repeat(64))
  })

  it('are listed under names that stay, without those that a plan does not have', () => {
    const keys = listParts(digestParts(plan())).map(({ key }) => key)
    expect(keys).toContain('rubrics/rubrics/unsafe.md')
    expect(keys).toContain('calibrations/over-refusal')
    expect(keys).toContain('controls')
    expect(new Set(keys).size).toBe(keys.length)
    const { rubrics, calibrations, ...single } = digestParts(plan())
    const several = Object.keys(rubrics).length + Object.keys(calibrations).length
    expect(keys).toHaveLength(Object.keys(single).length + several)
    expect(listParts(digestParts(plan({ controls: null }))).map(({ key }) => key)).not.toContain('controls')
  })
})

describe('a difference between two plans', () => {
  it.each<[string, Partial<Written>, string[]]>([
    ['the registration', { registration: editRegistration('rate: 1%', 'rate: 1.1%') }, ['the registration']],
    ['a role', { policy: policyText.replace('role: watch', 'role: block') }, ['the policy']],
    [
      'a limit of the policy',
      { policy: policyText.replace('limit: 40 per', 'limit: 400 per') },
      ['the limits in force'],
    ],
    [
      'a limit of the registration',
      { registration: editRegistration('limit: 0.4%', 'limit: 0.3%') },
      ['the registration', 'the limits in force'],
    ],
    ['the judge', { policy: policyText.replace('judge-1', 'judge-2') }, ['the judge and the other graders']],
    ['a pattern', { policy: policyText.replace('[BEGIN]', '[END]') }, ['the judge and the other graders']],
    ['the epoch', { policy: policyText.replace('2026-11', '2026-12') }, ['the draw of the turns']],
    [
      'the manifest',
      { corpus: { name: 'support', manifestSha256: 'b'.repeat(64) } },
      ['the corpus manifest'],
    ],
    ['the controls', { controls: null }, ['the controls']],
    ['the baseline', { baseline: 'ckpt-40' }, ['the baseline checkpoint']],
    [
      'a rubric and a calibration',
      {
        rubrics: { ...written.rubrics, 'rubrics/unsafe.md': 'weaker' },
        calibrations: { 'over-refusal': { ...calibration, counts: { ...counts, truePositives: 10 } } },
      },
      ['the rubric rubrics/unsafe.md', 'the calibration of over-refusal'],
    ],
    [
      'one that only one of them has',
      { rubrics: { 'rubrics/unsafe.md': 'two' }, calibrations: {} },
      ['the rubric builtin:over-refusal', 'the calibration of over-refusal'],
    ],
  ])('is named: %s', (_, changes, names) => {
    const plain = { policy: policyText, registration: registrationText }
    const [one, other] = [plan(plain), plan({ ...plain, ...changes })]
    expect(comparePlans(one, other)).toEqual(names)
    expect(comparePlans(other, one)).toEqual(names)
    expect(compareParts(digestParts(one), digestParts(other))).toEqual(names)
  })

  it('names the version of the measuring code', () => {
    expect(comparePlans(plan(), { ...plan(), measuringVersion: 99 })).toEqual([
      'the version of the measuring code',
    ])
  })

  it('is a sentence of bounded length', () => {
    expect(joinParts([])).toBe('')
    expect(joinParts(['the policy'])).toBe('the policy')
    expect(joinParts(['the policy', 'the rubric a, b and c'])).toBe('the policy and the rubric a, b and c')
    expect(joinParts(['a', 'b', 'c', 'd'], 2)).toBe('a, b and 2 more')
  })
})
