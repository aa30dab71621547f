import { z } from 'zod'
import { strictObject } from './document.ts'
import { rateSchema } from './rate.ts'

/** What an inconclusive verdict does to the check. */
export const onInconclusiveSchema = z.enum(['fail', 'warn', 'pass'])
export type OnInconclusive = z.infer<typeof onInconclusiveSchema>

/** The rates of the published method go down to 1 in 200,000: no replay of an affordable size shows less. */
const smallestLimitPer100k = 0.5

export const positive = z.int().min(1)
export const path = z.string().min(1).max(1000)
/** The name of an endpoint, as the workflow or the command line gives its address. */
export const endpointName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,31}$/, 'an endpoint has a name of lower-case letters, digits, "_" and "-"')
export const share = rateSchema.transform((per100k) => per100k / 100_000)
// Under 1e-15 the bounds, which are quantiles of 1 − alpha, have no digits left.
const level = z.number().min(1e-15).lt(0.5)

/** A limit or a margin: `0`, or no smaller than what a replay can show. */
export const limitSchema = rateSchema.refine((per100k) => per100k === 0 || per100k >= smallestLimitPer100k, {
  error: `under ${smallestLimitPer100k} per 100k no replay shows a rate: raise it, or set \`role: watch\` without it`,
})

/** How much more than the baseline is still let through. */
export const marginSchema = limitSchema.refine((per100k) => per100k > 0, {
  error: 'a margin of 0 can never be passed: leave it out to block only what is worse than the baseline',
})

/** What is drawn. */
export function createSampleSchema() {
  return strictObject({
    turns: positive.max(10_000_000).meta({ description: 'How many turns to draw.' }),
    epoch: z
      .union([z.string().min(1), z.int()], { error: 'expected a name or a whole number' })
      .transform(String)
      .meta({ description: 'A name for the draw: every candidate of an epoch is asked the same turns.' }),
    turns_per_conversation: z.enum(['one', 'all']).default('one').meta({
      description:
        '`one`: at most one turn a conversation. `all`: turns are drawn wherever they are, and a conversation is a cluster.',
    }),
    strata: z.array(z.string().min(1)).max(4).default([]).meta({
      description:
        "Keys of the conversations' metadata (`metadata.surface`) by which the draw is divided in proportion.",
    }),
    target: z.record(z.string(), share).optional().meta({
      description:
        'The share of each stratum in production (`chat: 60%`), where it differs from the corpus; the shares add up to 100 %.',
    }),
    smoke_turns: positive.default(300).meta({
      description: 'How many of the turns `tier: smoke` asks: the first ones of the same draw.',
    }),
  }).superRefine(({ strata, target }, context) => {
    if (target === undefined) return
    if (strata.length === 0) {
      context.addIssue({ code: 'custom', message: 'a target mix needs `strata`', path: ['target'] })
    }
    const sum = Object.values(target).reduce((total, value) => total + value, 0)
    if (Math.abs(sum - 1) < 1e-6) return
    const shown = Number((sum * 100).toPrecision(4))
    context.addIssue({
      code: 'custom',
      message: `the shares add up to ${shown} %, not 100 %`,
      path: ['target'],
    })
  })
}

/** How it is decided. */
export function createGateSchema() {
  return strictObject({
    alpha: level.default(0.05).meta({ description: 'The one-sided error rate of each bound.' }),
    regression_alpha: level
      .default(0.01)
      .meta({ description: 'The error rate of "worse than the baseline".' }),
    on_inconclusive: onInconclusiveSchema.default('fail').meta({
      description:
        'Whether an inconclusive verdict turns the check red (`fail`), or is green with a warning or without.',
    }),
    on_underpowered: onInconclusiveSchema
      .optional()
      .meta({ description: 'The same where the sample is too small to tell; else as `on_inconclusive`.' }),
    on_measurement: onInconclusiveSchema
      .optional()
      .meta({ description: 'The same where what is missing could change it; else as `on_inconclusive`.' }),
    on_judge: onInconclusiveSchema
      .optional()
      .meta({ description: "The same where the judge's errors could change it; else as `on_inconclusive`." }),
    missing_budget: share.prefault('1%').meta({
      description: 'The share of failed calls in each arm up to which they are not counted at their worst.',
    }),
    decide_by: z.enum(['bounds', 'point-estimate']).default('bounds').meta({
      description:
        '`point-estimate` compares the observed rates with limits and margins, without any error control.',
    }),
    judge_error: z.enum(['safe', 'melded']).default('safe').meta({
      description:
        'How a calibration enters the bounds: misses upwards and false alarms downwards (`safe`), or both in both (`melded`).',
    }),
    early_stopping: z.enum(['hybrid', 'anytime', 'off']).default('hybrid').meta({
      description:
        'Whether a run may end before every turn is asked, and at which price (docs/statistics.md).',
    }),
    stop_at_first_fail: z.boolean().default(false).meta({
      description: 'End the run at the first category that fails; the others stay inconclusive.',
    }),
    require_calibration: strictObject({
      min_sensitivity: share.optional().meta({
        description: 'The smallest share of positives that its graders must be shown to find (95 % bound).',
      }),
      max_false_positive_rate: share.optional().meta({
        description: 'The largest share of negatives that they may flag (95 % bound).',
      }),
      max_age_days: z.int().min(1).optional().meta({ description: 'How old a calibration may be, in days.' }),
      otherwise: z.enum(['red', 'advisory']).default('red').meta({
        description:
          'A blocking category that falls short can\u2019t pass (`red`), or is shown and does not block (`advisory`).',
      }),
    })
      .optional()
      .meta({ description: 'What a calibration must show before a judge\u2019s labels decide.' }),
  })
}

type WrittenGate = z.infer<ReturnType<typeof createGateSchema>>

/** How it is decided, with the names and units of the rest of the code. */
export function toGate(written: WrittenGate) {
  const { on_inconclusive: fallback } = written
  return {
    alpha: written.alpha,
    regressionAlpha: written.regression_alpha,
    onInconclusive: {
      suspect: fallback,
      underpowered: written.on_underpowered ?? fallback,
      measurement: written.on_measurement ?? fallback,
      judge: written.on_judge ?? fallback,
    },
    missingBudgetShare: written.missing_budget,
    decideBy: written.decide_by,
    judgeError: written.judge_error,
    earlyStopping: written.early_stopping,
    stopAtFirstFail: written.stop_at_first_fail,
    requireCalibration: toRequirement(written.require_calibration),
  }
}

function toRequirement(written: WrittenGate['require_calibration']) {
  if (written === undefined) return null
  return {
    minSensitivity: written.min_sensitivity ?? null,
    maxFalsePositiveRate: written.max_false_positive_rate ?? null,
    maxAgeDays: written.max_age_days ?? null,
    otherwise: written.otherwise,
  }
}
