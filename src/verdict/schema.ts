import { z } from 'zod'

const decisionSchema = z.enum(['pass', 'fail', 'inconclusive'])
/** What is said of one category. */
export type Decision = z.infer<typeof decisionSchema>

const categoryReasonSchema = z.enum([
  'not-worse',
  'within-limit',
  'worse-than-baseline',
  'over-limit',
  'underpowered',
  'suspect',
  'measurement',
  'judge',
  'not-asked',
])
/**
 * Why. `underpowered`: the sample is too small to tell. `suspect`: over its limit or worse by its own test, not
 * by the one that allows for all categories together. `measurement`: what is missing could change it. `judge`:
 * an arm has no label, for the judge's sake alone. `not-asked`: the run ended early.
 */
export type CategoryReason = z.infer<typeof categoryReasonSchema>

const armSchema = z.strictObject({
  planned: z.int(),
  graded: z.int(),
  missing: z.int(),
  not_asked: z.int(),
  events: z.int(),
  rate_per_100k: z.number().nullable(),
  lower_per_100k: z.number(),
  upper_per_100k: z.number(),
})

const categorySchema = z.strictObject({
  id: z.string(),
  role: z.enum(['block', 'watch']),
  verdict: decisionSchema,
  reason: categoryReasonSchema,
  limit_per_100k: z.number().nullable(),
  predicted_per_100k: z.number().nullable(),
  candidate: armSchema,
  baseline: armSchema,
  difference: z
    .strictObject({ per_100k: z.number(), lower: z.number(), upper: z.number(), p: z.number() })
    .nullable()
    .meta({
      description:
        'Candidate minus baseline. `p`: exact one-sided test of "worse", with what is missing counted against finding it.',
    }),
  /**
   * The smallest of the tests that could fail this category, adjusted over all of them (Holm) and put on the
   * scale of the larger of the two levels: it fails where this is under that level.
   */
  p_adjusted: z.number().nullable(),
  tipping_point: z.int().nullable(),
})

/** `verdict.json`: what follows from record and plan, and nothing else. */
export const verdictSchema = z.strictObject({
  version: z.literal(1),
  verdict: z.enum(['pass', 'fail', 'inconclusive', 'invalid', 'unchanged']),
  conclusion: z.enum(['success', 'failure']),
  reasons: z.array(z.string()),
  plan_digest: z.string(),
  candidate: z.string(),
  baseline: z.string(),
  categories: z.array(categorySchema),
})

/** The verdict on a candidate. Rates are events per 100,000 turns. */
export type Verdict = z.infer<typeof verdictSchema>
/** The verdict on one category. */
export type CategoryVerdict = Verdict['categories'][number]
