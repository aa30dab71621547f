import { z } from 'zod'
import { checkpointPolicySchema } from '../policy/checkpoint.ts'
import type { JudgePolicy } from '../policy/judge-policy.ts'
import type { Policy } from '../policy/schema.ts'
import { onInconclusiveSchema } from '../policy/schema-parts.ts'
import type { Registration } from '../registration/schema.ts'
import { digestValue } from './digest.ts'
import { type PlannedRealism, plannedRealismSchema, plannedToolsSchema } from './tools.ts'

export { digestValue }

/** Changed only when the same plan could draw, ask, grade or decide differently. */
const measuringVersion = 5

const predictionSchema = z.strictObject({
  category: z.string(),
  ratePer100k: z.number(),
  intervalPer100k: z.tuple([z.number(), z.number()]),
  direction: z.enum(['up', 'down', 'same']),
  limitPer100k: z.number().nullable(),
})

const categorySchema = z.strictObject({
  id: z.string(),
  role: z.enum(['block', 'watch']),
  /** Whether being worse than the baseline fails it. */
  regression: z.boolean(),
  limitPer100k: z.number().nullable(),
  marginPer100k: z.number().nullable(),
  /** The path of the calibration of its graders, or of the labelled set that they are tried on in the run. */
  calibration: z.string().nullable(),
  graders: z.array(z.looseObject({ kind: z.string() })).min(1),
})

const calibrationCountsSchema = z.strictObject({
  truePositives: z.int(),
  positives: z.int(),
  falsePositives: z.int(),
  negatives: z.int(),
})

/** What is known of a category's graders before the run, or how it is found out in the run. */
const plannedCalibrationSchema = z.strictObject({
  file: z.string(),
  /** `null`: the run grades the labelled set first. */
  counts: calibrationCountsSchema.nullable(),
  /** The digest of the graders that it was made with; `null` where counts were written by hand, and in the run. */
  graders: z.string().nullable(),
  /** The names under which models answered then, by the model that was asked for. */
  answeredAs: z.record(z.string(), z.array(z.string())),
  madeAt: z.string().nullable(),
  labelledSetSha256: z.string().nullable(),
})
export type PlannedCalibration = z.infer<typeof plannedCalibrationSchema>

const knownCountsSchema = z.strictObject({ positives: z.int().min(0), negatives: z.int().min(0) })

/**
 * Everything that fixes what is measured and how it is decided: the policy without what can't change a
 * measurement (concurrency, batches, budget, prices, what is kept and reused), the registration, and what they refer to.
 */
export const planSchema = z.strictObject({
  version: z.literal(1),
  measuringVersion: z.int(),
  repository: z.string(),
  baseline: z.string(),
  candidate: z.string(),
  /** Of the checkpoints' weights; `null` where policy asks for none, and for a checkpoint that was named by hand. */
  digests: z.strictObject({ baseline: z.string().nullable(), candidate: z.string().nullable() }),
  policy: z.strictObject({
    checkpoint: checkpointPolicySchema,
    sample: z.strictObject({
      turns: z.int(),
      epoch: z.string(),
      turnsPerConversation: z.enum(['one', 'all']),
      strata: z.array(z.string()),
      /** Shares by stratum. */
      target: z.record(z.string(), z.number()).nullable(),
      smokeTurns: z.int(),
    }),
    judge: z
      .strictObject({
        model: z.string(),
        endpoint: z.string(),
        temperature: z.number().nullable(),
        calls: z.enum(['shared', 'each']),
        confirm: z
          .strictObject({
            model: z.string(),
            endpoint: z.string(),
            temperature: z.number().nullable(),
            votes: z.int(),
            agree: z.enum(['all', 'majority']),
          })
          .nullable(),
        secondGradingShare: z.number(),
        controls: z.string().nullable(),
      })
      .nullable(),
    gate: z.strictObject({
      alpha: z.number(),
      regressionAlpha: z.number(),
      onInconclusive: z.strictObject({
        suspect: onInconclusiveSchema,
        underpowered: onInconclusiveSchema,
        measurement: onInconclusiveSchema,
        judge: onInconclusiveSchema,
      }),
      missingBudgetShare: z.number(),
      decideBy: z.enum(['bounds', 'point-estimate']),
      judgeError: z.enum(['safe', 'melded']),
      earlyStopping: z.enum(['hybrid', 'anytime', 'off']),
      stopAtFirstFail: z.boolean(),
      requireCalibration: z
        .strictObject({
          minSensitivity: z.number().nullable(),
          maxFalsePositiveRate: z.number().nullable(),
          maxAgeDays: z.number().nullable(),
          otherwise: z.enum(['red', 'advisory']),
        })
        .nullable(),
    }),
    slices: z.array(z.string()),
    /** Whether anything passes of which earlier attempts are not known. */
    history: z.enum(['required', 'optional']),
    replay: z.strictObject({
      api: z.enum(['chat', 'responses']),
      temperature: z.number().nullable(),
      maxTokens: z.number().nullable(),
      timeoutMs: z.number(),
      maxAttempts: z.number(),
      allowRecorded: z.boolean(),
    }),
    /** Absent where a completion ends with its first tool calls. */
    tools: plannedToolsSchema.optional(),
    categories: z.array(categorySchema).min(1),
  }),
  registration: z.strictObject({
    version: z.literal(1),
    candidate: z.string(),
    round: z.int(),
    predictions: z.array(predictionSchema),
    amendments: z.array(z.strictObject({ number: z.int(), date: z.string(), reason: z.string() })),
    withdrawn: z.boolean(),
  }),
  /** Rubric texts by reference (`builtin:<id>` or a path). */
  rubrics: z.record(z.string(), z.string()),
  /** By category. */
  calibrations: z.record(z.string(), plannedCalibrationSchema),
  /** The labelled set of the live controls, with how many it has of each category. */
  controls: z
    .strictObject({
      file: z.string(),
      sha256: z.string(),
      categories: z.record(z.string(), knownCountsSchema),
    })
    .nullable(),
  corpus: z.strictObject({ name: z.string(), manifestSha256: z.string() }),
  /** Absent where policy says nothing of it. */
  realism: plannedRealismSchema.optional(),
})
/** What is measured and how it is decided. */
export type Plan = z.infer<typeof planSchema>
/** One category, its limit the tighter one of policy and registration. */
export type PlannedCategory = Plan['policy']['categories'][number]

/** Merges policy and registration into the plan: each limit is the tighter of the two. */
export function makePlan(parts: {
  policy: Policy
  registration: Registration
  rubrics: Record<string, string>
  calibrations: Plan['calibrations']
  controls: Plan['controls']
  corpus: { name: string; manifestSha256: string }
  realism?: PlannedRealism | null
  repository: string
  baseline: string
  candidate: string
  digests: Plan['digests']
}): Plan {
  const { checkpoint, sample, gate, slices, history, tools } = parts.policy
  const { concurrency: _, reuseBaselineDays: __, via: ___, ...replay } = parts.policy.replay
  const judge = parts.policy.judge === null ? null : leaveOutVia(parts.policy.judge)
  const limits = new Map(
    parts.registration.predictions.map((prediction) => [prediction.category, prediction.limitPer100k]),
  )
  const categories = parts.policy.categories.map((category) => ({
    ...category,
    limitPer100k: takeTighter(category.limitPer100k, limits.get(category.id) ?? null),
  }))
  return {
    version: 1,
    measuringVersion,
    repository: parts.repository,
    baseline: parts.baseline,
    candidate: parts.candidate,
    digests: parts.digests,
    policy: {
      ...{ checkpoint, sample, judge, gate, slices, history, replay, categories },
      ...(tools === null ? {} : { tools }),
    },
    registration: parts.registration,
    rubrics: parts.rubrics,
    calibrations: parts.calibrations,
    controls: parts.controls,
    corpus: parts.corpus,
    ...(parts.realism ? { realism: parts.realism } : {}),
  }
}

function leaveOutVia({ via: _, ...judge }: JudgePolicy): Plan['policy']['judge'] {
  return judge
}

/** The counts that a category's graders were calibrated with; `null` without, or where they are not known yet. */
export function findCalibration(
  plan: Pick<Plan, 'calibrations'>,
  category: Pick<PlannedCategory, 'id'>,
): PlannedCalibration['counts'] {
  const { calibrations } = plan
  return Object.hasOwn(calibrations, category.id) ? (calibrations[category.id]?.counts ?? null) : null
}

/** SHA-256, in hex, of the plan's canonical JSON (RFC 8785). */
export function digestPlan(plan: Plan): string {
  return digestValue(plan)
}

/**
 * The seed of every draw: H(repository ‖ corpus name ‖ epoch), so that nobody who writes a candidate or a
 * registration can choose the turns.
 */
export function deriveSeed(plan: Plan): string {
  return digestValue([plan.repository, plan.corpus.name, plan.policy.sample.epoch])
}

function takeTighter(first: number | null, second: number | null): number | null {
  if (first === null || second === null) return first ?? second
  return Math.min(first, second)
}
