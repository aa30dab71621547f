import { z } from 'zod'
import { type RealismDigests, realismResultSchema } from '../policy/realism-result.ts'
import { toolEnvironments } from '../policy/tools-policy.ts'
import { digestValue } from './digest.ts'

const orderSchema = z.array(z.enum(toolEnvironments))

/** How tool calls are answered, as it is fixed in a plan. */
export const plannedToolsSchema = z.strictObject({
  environments: orderSchema,
  perTool: z.array(
    z.strictObject({
      pattern: z.string(),
      environments: orderSchema.nullable(),
      writes: z.boolean().nullable(),
    }),
  ),
  /** The digest says which past calls there are. */
  database: z.strictObject({ folder: z.string(), sha256: z.string() }).nullable(),
  similar: z.strictObject({ threshold: z.number(), examples: z.int() }),
  simulator: z
    .strictObject({ endpoint: z.string(), model: z.string(), temperature: z.number().nullable() })
    .nullable(),
  connectors: z.array(z.strictObject({ name: z.string(), endpoint: z.string(), tools: z.array(z.string()) })),
  limits: z.strictObject({
    steps: z.int(),
    tokens: z.int().nullable(),
    minutes: z.number(),
    resultBytes: z.int(),
  }),
})

/** What a measurement of realism has to be of to say anything about these tools. */
export function digestTools(tools: z.infer<typeof plannedToolsSchema>): RealismDigests {
  const { simulator, database } = tools
  return {
    simulator: simulator === null ? null : digestValue(simulator),
    database: database?.sha256 ?? null,
    policy: digestValue(tools),
  }
}

const limitsSchema = z.strictObject({ lower: z.number(), upper: z.number() })

/** What policy requires of the realism of simulated tools, and what was measured of it before. */
export const plannedRealismSchema = z.strictObject({
  required: z.strictObject({
    result: z.string(),
    limits: limitsSchema.nullable(),
    minWinRate: z.number().nullable(),
    discriminator: z.string().nullable(),
    maxAgeDays: z.number(),
    automatic: z.enum(['shown', 'counts']),
  }),
  /** `null`: the file that the policy names is not there. */
  result: realismResultSchema.nullable(),
})
export type PlannedRealism = z.infer<typeof plannedRealismSchema>
