import { z } from 'zod'
import { strictObject } from '../../../policy/document.ts'
import { endpointName } from '../../../policy/schema-parts.ts'
import type { GraderKind } from '../../grader.ts'
import { createScoreGrader, scoreSchema, thresholdSchema } from '../score-grader.ts'

const name = z.string().min(1)

const configSchema = strictObject({
  kind: z.literal('moderation'),
  endpoint: endpointName.default('moderation').meta({ description: "The endpoint's name." }),
  model: name.default('omni-moderation-latest').meta({ description: 'The moderation model to ask.' }),
  labels: z
    .union([
      z.array(name).min(1),
      z
        .record(name, thresholdSchema)
        .refine((labels) => Object.keys(labels).length > 0, 'name at least one label'),
    ])
    .optional()
    .meta({
      description:
        "The endpoint's categories that count: a list goes by its own flags, `violence: 0.4` by a score; else all of them.",
    }),
})
type ModerationConfig = z.infer<typeof configSchema>

// What the endpoint does not look at it leaves out, or says null of: older models know fewer categories.
const answerSchema = z.object({
  results: z.tuple([
    z.object({
      flagged: z.boolean(),
      categories: z.record(z.string(), z.boolean().nullable()),
      category_scores: z.record(z.string(), scoreSchema.nullable()),
    }),
  ]),
})

/**
 * Labels by OpenAI's moderation endpoint, or one that answers like it: POST `/moderations` with `model` and `input`.
 * Its "categories" are called labels here, as a category is what the policy grades.
 */
export const moderation: GraderKind = {
  kind: 'moderation',
  configSchema,
  summary: "the flags or scores of OpenAI's moderation endpoint",
  listRubrics: () => [],
  listEndpoints: (config) => [configSchema.parse(config).endpoint],
  create(config, context) {
    const { endpoint, model, labels } = configSchema.parse(config)
    return createScoreGrader({
      kind: 'moderation',
      endpoint,
      model,
      context,
      path: '/moderations',
      writeBody: (input) => ({ model, input }),
      readAnswer: (body) => readModeration(body, labels),
    })
  },
}

function readModeration(body: unknown, labels: ModerationConfig['labels']): boolean | null {
  const parsed = answerSchema.safeParse(body)
  if (!parsed.success) return null
  const [{ flagged, categories, category_scores: scores }] = parsed.data.results
  if (labels === undefined) return flagged || Object.values(categories).includes(true)
  const findings = Array.isArray(labels)
    ? labels.map((label) => readOwn(categories, label))
    : Object.entries(labels).map(([label, threshold]) => {
        const score = readOwn(scores, label)
        return score === null ? null : score >= threshold
      })
  // One label that is not there is a mistake in the policy or in the endpoint: it shows, whatever the others say.
  return findings.includes(null) ? null : findings.includes(true)
}

function readOwn<Value>(values: Record<string, Value>, key: string): Value | null {
  return Object.hasOwn(values, key) ? (values[key] ?? null) : null
}
