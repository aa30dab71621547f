import { z } from 'zod'

const decisionSchema = z.enum(['pass', 'fail', 'inconclusive'])
/** What is said of one category. */
export type Decision = z.infer<typeof decisionSchema>

const categoryReasonSchema = z.enum([
  'not-worse',
  'within-limit',
  'within-margin',
  'worse-than-baseline',
  'over-limit',
  'over-margin',
  'underpowered',
  'suspect',
  'measurement',
  'judge',
  'judge-changed',
  'control-failed',
  'calibration',
  'not-asked',
  'no-evidence-against',
])
/**
 * Why. `underpowered`: the sample is too small to tell. `suspect`: over its limit or margin or worse by its own test,
 * not by the one that allows for all categories together. `measurement`: what is missing could change it. `judge`: the
 * judge's errors could change it, or an arm has no label for the judge's sake alone. `judge-changed`: a model that
 * grades answered under several names. `control-failed`: known items were labelled otherwise than they are, too often
 * for chance. `calibration`: it would pass, and its calibration is missing, stale or too weak, or shows that most is missed. `not-asked`: the run ended
 * before. `no-evidence-against`: a smoke run found nothing, which is no pass.
 */
export type CategoryReason = z.infer<typeof categoryReasonSchema>

const armSchema = z.strictObject({
  planned: z.int(),
  graded: z.int(),
  missing: z.int(),
  not_asked: z.int(),
  events: z.int(),
  /** Flags that people read, and how many of them were none. */
  audited: z.int(),
  refuted: z.int(),
  rate_per_100k: z.number().nullable(),
  lower_per_100k: z.number(),
  upper_per_100k: z.number(),
})

const controlSchema = z.strictObject({
  planned: z.int(),
  flagged: z.int(),
  p: z.number().meta({ description: 'How likely that is from graders that have not changed.' }),
  wrong: z
    .array(z.string())
    .meta({ description: 'The ids of those that were labelled otherwise, or not at all.' }),
})

const categorySchema = z.strictObject({
  id: z.string(),
  role: z.enum(['block', 'watch']),
  verdict: decisionSchema,
  reason: categoryReasonSchema,
  audit: z.enum(['pending', 'confirmed', 'not-needed']).nullable().meta({
    description:
      'Of a FAIL: whether it rests on the flags of a judge that nobody has read (`pending`). `null` for any other verdict.',
  }),
  judge: z.enum(['none', 'uncalibrated', 'calibrated', 'unusable']).meta({
    description: "What is known of the graders' errors; `none`: no judge labels this category.",
  }),
  calibration: z.enum(['none', 'holds', 'stale', 'short']).meta({
    description:
      'Whether its calibration holds for the graders that labelled (`stale`: made with others), and shows what policy requires (`short`: it does not).',
  }),
  controls: z
    .strictObject({
      positives: controlSchema,
      negatives: controlSchema,
      failed: z.boolean(),
    })
    .nullable()
    .meta({ description: 'Known items that were mixed into the work of its graders; `null` without.' }),
  limit_per_100k: z.number().nullable(),
  margin_per_100k: z.number().nullable(),
  predicted_per_100k: z.number().nullable(),
  candidate: armSchema,
  baseline: armSchema,
  difference: z
    .strictObject({
      per_100k: z.number(),
      lower: z.number().nullable(),
      upper: z.number().nullable(),
      p: z.number(),
    })
    .nullable()
    .meta({
      description:
        'Candidate minus baseline; without bounds where under ten of the conversations that gave several turns differ. `p`: exact one-sided test of "worse", with what is missing counted against finding it.',
    }),
  ratio: z
    .strictObject({ value: z.number().nullable(), lower: z.number(), upper: z.number().nullable() })
    .nullable()
    .meta({ description: "Candidate's rate over baseline's; `null` for infinity. Shown, never decides." }),
  true_rate_per_100k: z.number().nullable().meta({
    description:
      "The candidate's rate with the calibrated judge's errors taken out; `null` without a calibration.",
  }),
  p_within_margin: z.number().nullable().meta({
    description:
      'Exact test of "higher than the baseline by the margin or more"; within it where this is at most α.',
  }),
  /**
   * The smallest of the tests that could fail this category, adjusted over all of them (Holm) and put on the
   * scale of the larger of the two levels: it fails where this is under that level.
   */
  p_adjusted: z.number().nullable(),
  decided_after_turns: z.int().nullable().meta({
    description: 'How many turns were asked when a look decided it; `null` when it was decided at the end.',
  }),
  tipping_point: z.int().nullable(),
})

const identityLevelSchema = z.enum(['none', 'asserted', 'probed', 'verified'])
/**
 * How far it is known which checkpoint answered. `asserted`: every answer says so. `probed`: the endpoint's list of models
 * says so too, the same before and after. `verified`: a digest of the weights, told by the deployment, is the one that the
 * repository expects. `none`: something speaks against it, or nothing answered.
 */
export type IdentityLevel = z.infer<typeof identityLevelSchema>

/** `verdict.json`: what follows from record and plan, and nothing else. */
export const verdictSchema = z.strictObject({
  version: z.literal(1),
  verdict: z.enum(['pass', 'fail', 'inconclusive', 'invalid', 'unchanged']),
  conclusion: z.enum(['success', 'failure']),
  tier: z.enum(['smoke', 'release']),
  /** `point-estimate` has no error control. */
  decided_by: z.enum(['bounds', 'point-estimate']),
  reasons: z.array(z.string()),
  accepted: z.strictObject({ by: z.string(), diagnosis: z.string() }).nullable().meta({
    description: 'Who answers for a FAIL, and in which file; `null` where nobody does. It stays a FAIL.',
  }),
  plan_digest: z.string(),
  candidate: z.string(),
  baseline: z.string(),
  identity: z.strictObject({ candidate: identityLevelSchema, baseline: identityLevelSchema }).meta({
    description:
      'How far it is known which checkpoint answered (docs/endpoints.md). `none`: something speaks against it, or nothing answered.',
  }),
  round: z.int().meta({ description: 'Which sample of turns this is for the candidate.' }),
  alpha: z.strictObject({
    bounds: z.number().meta({ description: 'The error rate of each bound, one-sided.' }),
    regression: z.number().meta({ description: 'The error rate of "worse than the baseline".' }),
    spent: z.number().meta({ description: 'What all rounds up to this one spend of α together.' }),
  }),
  categories: z.array(categorySchema),
})

/** The verdict on a candidate. Rates are events per 100,000 turns. */
export type Verdict = z.infer<typeof verdictSchema>
/** The verdict on one category. */
export type CategoryVerdict = Verdict['categories'][number]
