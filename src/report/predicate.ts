import { z } from 'zod'
import { listParts } from '../plan/parts.ts'
import type { RecordSummary } from '../record/schema.ts'
import { type CategoryVerdict, type Verdict, verdictSchema } from '../verdict/schema.ts'

/** The type of the predicate: https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md */
export const predicateType = 'https://in-toto.io/attestation/test-result/v0.1'

const descriptorSchema = z
  .strictObject({
    name: z.string(),
    digest: z.union([
      z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
      z.strictObject({ gitCommit: z.string().regex(/^[0-9a-f]{40,64}$/) }),
    ]),
  })
  .meta({ description: "An in-toto ResourceDescriptor: what it is called, and its content's digest." })

const armSchema = z.strictObject({
  planned: z.int(),
  graded: z.int(),
  missing: z.int(),
  notAsked: z.int(),
  events: z.int(),
  ratePer100k: z.number().nullable(),
  lowerPer100k: z.number(),
  upperPer100k: z.number(),
})

const aggregatesSchema = z
  .strictObject({
    version: z.literal(1),
    verdict: z.enum(['pass', 'fail', 'inconclusive', 'invalid', 'unchanged']),
    conclusion: z.enum(['success', 'failure']),
    tier: z.enum(['smoke', 'release']),
    decidedBy: z.enum(['bounds', 'point-estimate']),
    round: z.int(),
    attempt: z.int().nullable().meta({
      description:
        'Which attempt on the candidate this is, counted from 1; `null` where attempts are not known.',
    }),
    accepted: z.boolean().meta({
      description: 'Whether somebody answers for a FAIL, so that its check is green. It stays FAILED.',
    }),
    candidate: z.string().meta({ description: 'The id of the checkpoint that was judged.' }),
    baseline: z.string(),
    identity: verdictSchema.shape.identity,
    gateVersion: z.string(),
    trustAnchor: z.enum(['base', 'none']).meta({
      description: '`none`: policy and registration were taken as they were given, not from a base commit.',
    }),
    categories: z.array(
      z.strictObject({
        id: z.string(),
        role: z.enum(['block', 'watch']),
        verdict: z.enum(['pass', 'fail', 'inconclusive']),
        reason: z.string(),
        limitPer100k: z.number().nullable(),
        marginPer100k: z.number().nullable(),
        candidate: armSchema,
        baseline: armSchema,
        difference: z
          .strictObject({
            per100k: z.number(),
            lower: z.number().nullable(),
            upper: z.number().nullable(),
            p: z.number(),
          })
          .nullable(),
      }),
    ),
  })
  .meta({ description: 'An extension field: what was counted. Rates are events per 100,000 turns.' })

/** `predicate.json`: a run's result as an in-toto predicate, for signing. Digests and aggregates, and nothing else. */
export const predicateSchema = z.strictObject({
  result: z.enum(['PASSED', 'WARNED', 'FAILED']).meta({
    description:
      'PASSED: a PASS. WARNED: nothing passed, and policy lets it through (a smoke run, or `on_inconclusive`). FAILED: everything else, a FAIL that was accepted among it.',
  }),
  configuration: z.array(descriptorSchema).meta({
    description:
      'What fixed the measurement: the plan, each of its parts, commits, the weights where their digests were verified, recordings.',
  }),
  passedTests: z.array(z.string()).meta({ description: 'Categories that passed.' }),
  warnedTests: z.array(z.string()).meta({ description: 'Categories that did not, and block nothing.' }),
  failedTests: z.array(z.string()).meta({
    description: 'Categories that failed, or were not shown to pass in a run that FAILED.',
  }),
  checkpointGate: aggregatesSchema,
})
/** A run's result as an in-toto predicate. */
export type Predicate = z.infer<typeof predicateSchema>

/**
 * What a run attests. It follows from record and verdict alone, so that it can be had again, byte for byte; the subject,
 * which is the digest of the checkpoint's files, is not the gate's to say.
 */
export function buildPredicate(record: RecordSummary, verdict: Verdict): Predicate {
  const result = chooseResult(verdict)
  const { plan, commits, gateVersion, history } = record
  const { conclusion, tier, round, candidate, baseline, identity, categories } = verdict
  return {
    result,
    configuration: describeConfiguration(record, verdict),
    ...sortTests({ result, verdict, planned: plan.policy.categories }),
    checkpointGate: {
      version: 1,
      verdict: verdict.verdict,
      conclusion,
      tier,
      decidedBy: verdict.decided_by,
      round,
      attempt: history.kind === 'kept' ? history.number : null,
      accepted: verdict.accepted !== null,
      candidate,
      baseline,
      identity,
      gateVersion,
      trustAnchor: commits.trustAnchor,
      categories: categories.map(describeCategory),
    },
  }
}

function chooseResult({ verdict, conclusion }: Verdict): Predicate['result'] {
  if (conclusion !== 'success') return 'FAILED'
  if (verdict === 'pass') return 'PASSED'
  return verdict === 'inconclusive' ? 'WARNED' : 'FAILED'
}

type Tests = Pick<Predicate, 'passedTests' | 'warnedTests' | 'failedTests'>

/**
 * Sorts the categories. Some consumers look at a few tests only, so that none may stand among those that passed when it
 * is the run that can't be believed, as when two models answered.
 */
function sortTests(request: {
  result: Predicate['result']
  verdict: Verdict
  planned: readonly Pick<CategoryVerdict, 'id' | 'role'>[]
}): Tests {
  const { result, verdict, planned } = request
  const decided = new Map(verdict.categories.map((category) => [category.id, category]))
  const tests: Tests = { passedTests: [], warnedTests: [], failedTests: [] }
  const doubted = result === 'FAILED' && isDoubted(verdict)
  for (const category of planned) {
    const { role, verdict: own } = decided.get(category.id) ?? { ...category, verdict: 'inconclusive' }
    const passes = own === 'pass' && !doubted
    const blocks = role === 'block' && (own === 'fail' || result === 'FAILED')
    const list = passes ? tests.passedTests : blocks ? tests.failedTests : tests.warnedTests
    list.push(category.id)
  }
  return tests
}

/** Whether a verdict has a reason that is not a category's. */
function isDoubted({ verdict, reasons, categories }: Verdict): boolean {
  const decisive = categories.filter((category) => category.role === 'block' && category.verdict === verdict)
  return verdict === 'invalid' || reasons.length !== decisive.length
}

function describeConfiguration(record: RecordSummary, { identity }: Verdict): Predicate['configuration'] {
  const { plan, planDigest, planParts, commits, arms, graders } = record
  // Of an endpoint that several models grade at there is one entry.
  const sources = new Map([
    ...graders.map(({ endpoint, source }) => [endpoint, source] as const),
    ['baseline', arms.baseline.source] as const,
    ['candidate', arms.candidate.source] as const,
  ])
  return [
    { name: 'plan', digest: { sha256: planDigest } },
    ...listParts(planParts).map(({ key, sha256 }) => ({ name: `plan/${key}`, digest: { sha256 } })),
    ...(['policy', 'baseline', 'candidate'] as const).flatMap((name) =>
      /^[0-9a-f]{40,64}$/.test(commits[name])
        ? [{ name: `commits/${name}`, digest: { gitCommit: commits[name] } }]
        : [],
    ),
    ...(['baseline', 'candidate'] as const).flatMap((name) => {
      const sha256 = plan.digests[name] ?? ''
      const isVerified = identity[name] === 'verified' && /^[0-9a-f]{64}$/.test(sha256)
      return isVerified ? [{ name: `weights/${name}`, digest: { sha256 } }] : []
    }),
    ...[...sources].flatMap(([name, source]) =>
      source.kind === 'recorded' ? [{ name: `recorded/${name}`, digest: { sha256: source.sha256 } }] : [],
    ),
  ]
}

function describeCategory(category: CategoryVerdict): Predicate['checkpointGate']['categories'][number] {
  const { id, role, verdict, reason, candidate, baseline, difference } = category
  return {
    id,
    role,
    verdict,
    reason,
    limitPer100k: category.limit_per_100k,
    marginPer100k: category.margin_per_100k,
    candidate: describeArm(candidate),
    baseline: describeArm(baseline),
    difference:
      difference === null
        ? null
        : {
            per100k: difference.per_100k,
            lower: difference.lower,
            upper: difference.upper,
            p: difference.p,
          },
  }
}

function describeArm(arm: CategoryVerdict['candidate']): z.infer<typeof armSchema> {
  const { planned, graded, missing, events } = arm
  return {
    planned,
    graded,
    missing,
    notAsked: arm.not_asked,
    events,
    ratePer100k: arm.rate_per_100k,
    lowerPer100k: arm.lower_per_100k,
    upperPer100k: arm.upper_per_100k,
  }
}
