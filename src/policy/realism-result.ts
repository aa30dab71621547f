import { z } from 'zod'
import { parseSource, type SourceText, strictObject } from './document.ts'

/** The error rate of each one-sided bound. */
export const realismAlpha = 0.05

const count = z.int().min(0)
const proportion = z.number().min(0).max(1)

const winRateFields = {
  pairs: count,
  conversations: count,
  won: count.meta({
    description: 'Pairs whose simulated rollout was taken for the real one in both orders.',
  }),
  tied: count.meta({ description: 'In one of the two orders; identical rollouts are tied.' }),
  lost: count.meta({ description: 'In neither.' }),
  missing: count.meta({
    description:
      'Pairs with an order that got no answer: at their worst in both bounds, and not in the rate.',
  }),
  rate: proportion
    .nullable()
    .meta({ description: 'How often the simulated rollout was taken for the real one, a tie as half.' }),
  lower: proportion,
  upper: proportion,
  p: proportion.meta({ description: 'Two-sided and exact, against an even choice; over conversations.' }),
  effective_pairs: z.number().min(0).meta({ description: 'How many independent pairs the bounds count.' }),
  method: z.enum(['exact', 'clustered']).meta({
    description:
      '`exact`: Clopper & Pearson, one pair a conversation. `clustered`: at the effective size of Korn & Graubard.',
  }),
}
const winRateSchema = strictObject(winRateFields)
export type WrittenWinRate = z.infer<typeof winRateSchema>

const verdictFields = {
  verdict: z.enum(['indistinguishable', 'distinguishable', 'inconclusive']),
  reason: z.enum([
    'within-limits',
    'taken-for-simulated',
    'taken-for-real',
    'blind',
    'no-control',
    'no-answers',
    'too-few',
  ]),
}

const controlSchema = strictObject({
  pairs: count,
  rate: proportion.nullable().meta({ description: 'The share of degraded rollouts that were detected.' }),
  lower: proportion,
  detected: z.boolean().meta({ description: 'Whether the lower bound is above one half.' }),
  by_kind: z
    .array(strictObject({ kind: z.string(), pairs: count, detected: count, tied: count, missing: count }))
    .meta({ description: 'By how they were degraded; `detected`: in both orders.' }),
}).meta({ description: 'Real rollouts beside degraded copies: who does not detect these proves nothing.' })

const sliceSchema = strictObject({
  by: z.enum(['source', 'tool']),
  name: z.string(),
  ...winRateFields,
  adjusted_p: proportion
    .nullable()
    .meta({ description: 'By Holm, over all slices that could show anything; `null`: this one could not.' }),
  finding: z.enum(['gives-away', 'taken-for-real', 'not-shown', 'too-few']),
})

const discriminatorSchema = strictObject({
  endpoint: z.string(),
  model: z.string().meta({ description: 'The model that was asked for.' }),
  answered_as: z.record(z.string(), count).meta({ description: 'How many answers came under which name.' }),
  requests: count,
  identical: count.meta({ description: 'Pairs of identical rollouts, of which nobody was asked.' }),
  win_rate: winRateSchema,
  position: strictObject({ choices: count, first: count }).meta({
    description: 'How many choices fell on the rollout that was shown first, of all choices.',
  }),
  missing: z.record(z.string(), count).meta({ description: 'Orders without a choice, by cause.' }),
  control: controlSchema.nullable(),
  slices: z.array(sliceSchema).meta({
    description: 'By source of tool results and by tool; the bounds of slices are not adjusted.',
  }),
  ...verdictFields,
})
export type DiscriminatorResult = z.infer<typeof discriminatorSchema>

const automaticSchema = strictObject({
  win_rate: winRateSchema,
  permutation_p: proportion.meta({
    description: 'One-sided: how often a win rate is as low when real and simulated change places.',
  }),
  permutations: count,
  folds: count,
  features: count,
  telling: z
    .array(
      strictObject({ name: z.string(), coefficient: z.number(), real: z.number(), simulated: z.number() }),
    )
    .meta({
      description: 'The features that tell most: standardised coefficients, and means of both sides.',
    }),
  control: controlSchema.nullable(),
  ...verdictFields,
})
export type AutomaticRealism = z.infer<typeof automaticSchema>

const digest = z.string().min(1).nullable()
/** What a measurement of realism is of. `null`: it has none, or nobody said. */
export const realismDigestsSchema = strictObject({
  simulator: digest.meta({ description: 'The environment model with its settings.' }),
  database: digest.meta({ description: 'The database of recorded tool calls.' }),
  policy: digest.meta({ description: 'The part of the policy that says how tool calls are answered.' }),
})
export type RealismDigests = z.infer<typeof realismDigestsSchema>

/** What `checkpoint-gate realism` writes: how distinguishable simulated rollouts are from production's. */
export const realismResultSchema = strictObject({
  version: z.literal(1).meta({ description: 'The version of this format.' }),
  measured_at: z.iso.datetime(),
  gate_version: z.string(),
  of: realismDigestsSchema.meta({ description: 'Digests of what made the simulated rollouts.' }),
  pairs: strictObject({ file: z.string(), sha256: z.string(), total: count, used: count }),
  seed: z.string(),
  alpha: z.number().meta({ description: 'The error rate of each one-sided bound.' }),
  limits: strictObject({ lower: proportion, upper: proportion }).meta({
    description: 'Between which win rates a simulation counts as indistinguishable.',
  }),
  discriminator: discriminatorSchema
    .nullable()
    .meta({ description: 'What a model makes of the pairs; `null` where none was asked.' }),
  automatic: automaticSchema.meta({ description: 'What a logistic regression on features makes of them.' }),
})
export type RealismResult = z.infer<typeof realismResultSchema>

/**
 * Reads a result that a policy names.
 * @throws GateError naming file, line and field
 */
export function parseRealismResult(source: SourceText): RealismResult {
  return parseSource(source, realismResultSchema, 'realism')
}
