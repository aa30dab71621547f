import { z } from 'zod'
import { strictObject } from '../../../policy/document.ts'
import type { GraderConfig } from '../../../policy/schema.ts'
import { endpointName } from '../../../policy/schema-parts.ts'

/** A judge as a policy writes it, what is left out filled in from the policy's `judge` and the category. */
export const judgeConfigSchema = strictObject({
  kind: z.literal('judge'),
  rubric: z.string().min(1).meta({ description: '`builtin`, `builtin:<id>` or the path of a rubric.' }),
  model: z.string().min(1).optional().meta({ description: "The model to ask; else the policy's judge." }),
  endpoint: endpointName.optional().meta({ description: "The endpoint's name; else the policy's." }),
  temperature: z.number().min(0).max(2).nullish().meta({ description: 'Sent only when set.' }),
  votes: z.int().min(1).max(9).default(1).meta({ description: 'How often it is asked.' }),
  agree: z
    .enum(['all', 'majority'])
    .default('all')
    .meta({ description: 'How many of the votes have to say `present`.' }),
  calls: z.enum(['shared', 'each']).optional().meta({
    description: 'Whether a first judge takes part in the shared call; else as the policy says.',
  }),
})

/** A judge with everything that it needs. */
export interface JudgeConfig {
  rubric: string
  model: string
  endpoint: string
  temperature: number | null
  votes: number
  agree: 'all' | 'majority'
  calls: 'shared' | 'each'
}

/** Reads a judge from a resolved policy, where nothing is left out. */
export function readJudgeConfig(config: GraderConfig): JudgeConfig {
  const { model = '', endpoint = 'judge', temperature = null, calls = 'each', ...rest } = parse(config)
  return { ...rest, model, endpoint, temperature, calls }
}

const parse = (config: GraderConfig) => judgeConfigSchema.parse(config)
