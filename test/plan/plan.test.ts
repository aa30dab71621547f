import { createHash } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parse } from 'yaml'
import { deriveSeed, digestPlan, makePlan, type Plan, planSchema } from '../../src/plan/plan.ts'
import { parseRegistration } from '../../src/registration/load.ts'
import { edit as editPolicy, policyText, readPolicy } from '../policy/policies.ts'
import { edit as editRegistration, registrationText } from '../registration/registrations.ts'
import { noDigests } from '../support/plans.ts'

interface Parts {
  policyText: string
  registrationText: string
  rubrics: Record<string, string>
  calibrations: Plan['calibrations']
  controls: Plan['controls']
  corpus: { name: string; manifestSha256: string }
  repository: string
  baseline: string
  candidate: string
  digests: Plan['digests']
}

const parts: Parts = {
  policyText,
  registrationText,
  rubrics: { 'builtin:over-refusal': 'one', 'rubrics/unsafe.md': 'two' },
  calibrations: {},
  controls: null,
  corpus: { name: 'support', manifestSha256: 'a'.repeat(64) },
  repository: 'acme/models',
  baseline: 'ckpt-41',
  candidate: 'ckpt-42',
  digests: noDigests,
}

function plan(changes: Partial<Parts> = {}): Plan {
  const all = { ...parts, ...changes }
  const policy = readPolicy(all.policyText)
  const registration = parseRegistration({ file: 'r.yml', text: all.registrationText }, policy)
  return makePlan({ ...all, policy, registration })
}

/** The same value with every object's keys in reverse. */
function reverseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => reverseKeys(item))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, reverseKeys(inner)]),
  )
}

const digest = digestPlan(plan())

describe('a plan', () => {
  it('fits its own schema, and what is written and read again is the same plan', () => {
    const again = planSchema.parse(JSON.parse(JSON.stringify(plan())))
    expect(again).toEqual(plan())
    expect(digestPlan(again)).toBe(digest)
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
  })

  it.each([
    ['limit: 0.5%', 'limit: 0.4%', 400],
    ['limit: 0.4%', 'limit: 0.1%', 100],
    ['    limit: 0.4%\n', '', 500],
  ])('has the tighter limit of policy and registration: %j, %j', (from, to, per100k) => {
    const inPolicy = from === 'limit: 0.5%'
    const changed = inPolicy
      ? plan({ policyText: editPolicy(from, to) })
      : plan({ registrationText: editRegistration(from, to) })
    expect(changed.policy.categories[1]?.limitPer100k).toBe(per100k)
  })

  it("has the policy's limit where the registration has none, and none where the policy has none", () => {
    const limits = plan().policy.categories.map((category) => category.limitPer100k)
    expect(limits).toEqual([null, 400, 40])
    const zero = plan({ registrationText: editRegistration('limit: 0.4%', 'limit: 0%') })
    expect(zero.policy.categories[1]?.limitPer100k).toBe(0)
  })

  it('never has a looser limit than either', () => {
    const rate = fc.integer({ min: 0, max: 100_000 })
    fc.assert(
      fc.property(rate, fc.option(rate), (limit, tighter) => {
        const policy = readPolicy(editPolicy('limit: 0.5%', `limit: ${limit} per 100k`))
        const registration = parseRegistration(
          { file: 'r', text: editRegistration('    limit: 0.4%\n', '') },
          policy,
        )
        const predictions = registration.predictions.map((prediction) => ({
          ...prediction,
          limitPer100k: tighter,
        }))
        const made = makePlan({ ...parts, policy, registration: { ...registration, predictions } })
        const planned = made.policy.categories[1]?.limitPer100k ?? Number.NaN
        expect(planned).toBe(Math.min(limit, tighter ?? limit))
      }),
      { numRuns: 50 },
    )
  })
})

describe('a plan’s digest', () => {
  it('does not depend on the order of keys, nor on how the files are written', () => {
    const reversed = (text: string) => JSON.stringify(reverseKeys(parse(text)))
    expect(digestPlan(plan({ policyText: reversed(policyText) }))).toBe(digest)
    expect(digestPlan(plan({ registrationText: reversed(registrationText) }))).toBe(digest)
    expect(digestPlan(planSchema.parse(reverseKeys(plan())))).toBe(digest)
    expect(digestPlan(plan({ policyText: `# a comment\n${policyText}` }))).toBe(digest)
    expect(digestPlan(plan({ policyText: editPolicy('limit: 0.5%', 'limit: 500 per 100k') }))).toBe(digest)
  })

  it.each([
    ['concurrency', 'replay: { concurrency: 3 }\n'],
    ['batches', 'replay: { via: batch }\n'],
    ['budget', 'budget: { max_requests: 10, max_minutes: 1 }\n'],
    ['prices', 'prices: { judge-1: { input: 1, output: 2 } }\n'],
    ['what is kept', 'retain_text: artifact\nretain_text_public: true\n'],
    ['the folder of registrations', 'registrations: elsewhere\n'],
    ['defaults that are written out', 'gate: { alpha: 0.05 }\nreplay: { timeout_s: 120 }\nslices: []\n'],
  ])('does not depend on %s', (_, addition) => {
    expect(digestPlan(plan({ policyText: editPolicy('', addition) }))).toBe(digest)
  })

  it.each([
    ['the turns', 'turns: 400', 'turns: 401'],
    ['the epoch', 'epoch: 2026-11', 'epoch: 2026-12'],
    ['the judge', 'model: judge-1', 'model: judge-2'],
    ['the judge’s temperature', 'model: judge-1', 'model: judge-1, temperature: 0'],
    ['a role', 'role: watch', 'role: block'],
    ['a pattern', 'any: [BEGIN]', 'any: [BEGIN, END]'],
    ['a reference to a rubric', 'rubric: rubrics/unsafe.md', 'rubric: rubrics/other.md'],
    ['the pointer', 'path: serving.checkpoint', 'path: serving.other'],
    ['alpha', '', 'gate: { alpha: 0.04 }\n'],
    ['the regression’s alpha', '', 'gate: { regression_alpha: 0.02 }\n'],
    ['what inconclusive means', '', 'gate: { on_inconclusive: warn }\n'],
    ['the missing budget', '', 'gate: { missing_budget: 2% }\n'],
    ['the temperature', '', 'replay: { temperature: 1 }\n'],
    ['the tokens', '', 'replay: { max_tokens: 9 }\n'],
    ['the deadline', '', 'replay: { timeout_s: 9 }\n'],
    ['the attempts', '', 'replay: { max_attempts: 9 }\n'],
    ['recordings', '', 'replay: { allow_recorded: true }\n'],
    ['the slices', '', 'slices: [surface]\n'],
  ])('depends on the policy: %s', (_, from, to) => {
    expect(digestPlan(plan({ policyText: editPolicy(from, to) }))).not.toBe(digest)
  })

  it('depends on the effective limit: not on one that the registration tightens further', () => {
    expect(digestPlan(plan({ policyText: editPolicy('limit: 0.5%', 'limit: 0.6%') }))).toBe(digest)
    expect(digestPlan(plan({ policyText: editPolicy('limit: 40 per', 'limit: 41 per') }))).not.toBe(digest)
  })

  it.each([
    ['a rate', 'rate: 1%', 'rate: 1.1%'],
    ['an interval', '[0.5%, 2%]', '[0.5%, 2.1%]'],
    ['a direction', 'direction: down', 'direction: same'],
    ['a limit', 'limit: 0.4%', 'limit: 0.3%'],
    ['an amendment', '', 'amendments: [{ number: 1, date: 2026-11-03, reason: x }]\n'],
  ])('depends on the registration: %s', (_, from, to) => {
    expect(digestPlan(plan({ registrationText: editRegistration(from, to) }))).not.toBe(digest)
  })

  it.each<[string, Partial<Parts>]>([
    ['the text of a rubric', { rubrics: { ...parts.rubrics, 'rubrics/unsafe.md': 'two ' } }],
    ['the manifest', { corpus: { ...parts.corpus, manifestSha256: 'b'.repeat(64) } }],
    ['the name of the corpus', { corpus: { ...parts.corpus, name: 'other' } }],
    ['the repository', { repository: 'acme/other' }],
    ['the baseline', { baseline: 'ckpt-40' }],
    ['the candidate', { candidate: 'ckpt-43' }],
  ])('depends on %s', (_, changes) => {
    expect(digestPlan(plan(changes))).not.toBe(digest)
  })
})

describe('the seed', () => {
  it('is the hash of repository, corpus name and epoch', () => {
    const expected = createHash('sha256').update('["acme/models","support","2026-11"]').digest('hex')
    expect(deriveSeed(plan())).toBe(expected)
  })

  it.each<[string, Partial<Parts>]>([
    ['the repository', { repository: 'acme/other' }],
    ['the name of the corpus', { corpus: { ...parts.corpus, name: 'other' } }],
    ['the epoch', { policyText: editPolicy('epoch: 2026-11', 'epoch: 2026-12') }],
    [
      'where one name ends and the next begins',
      { repository: 'acme/modelssup', corpus: { ...parts.corpus, name: 'port' } },
    ],
  ])('moves with %s', (_, changes) => {
    expect(deriveSeed(plan(changes))).not.toBe(deriveSeed(plan()))
  })

  it.each<[string, Partial<Parts>]>([
    ['the candidate', { candidate: 'ckpt-43' }],
    ['the baseline', { baseline: 'ckpt-40' }],
    ['the registration', { registrationText: editRegistration('rate: 1%', 'rate: 1.1%') }],
    ['the contents of the corpus', { corpus: { ...parts.corpus, manifestSha256: 'b'.repeat(64) } }],
    ['the turns', { policyText: editPolicy('turns: 400', 'turns: 5') }],
    ['the judge', { policyText: editPolicy('judge-1', 'judge-2') }],
    ['the rubrics', { rubrics: {} }],
  ])('does not move with %s', (_, changes) => {
    expect(deriveSeed(plan(changes))).toBe(deriveSeed(plan()))
  })
})
