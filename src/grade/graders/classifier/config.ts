import { z } from 'zod'
import { strictObject, suggestKey } from '../../../policy/document.ts'
import { endpointName } from '../../../policy/schema-parts.ts'
import { thresholdSchema } from '../score-grader.ts'

const name = z.string().min(1)

/** A classifier as a policy writes it. */
export const classifierConfigSchema = strictObject({
  kind: z.literal('classifier'),
  endpoint: endpointName.meta({ description: "The endpoint's name." }),
  api: z.enum(['vllm', 'tei']).meta({
    description:
      '`vllm`: POST `/classify` as vLLM and SGLang have it. `tei`: POST `/predict` of text-embeddings-inference.',
  }),
  model: name.meta({ description: 'The model that the endpoint serves; sent where the API takes it.' }),
  labels: z
    .record(name, thresholdSchema)
    .refine((labels) => Object.keys(labels).length > 0, 'name at least one label')
    .meta({ description: 'Labels of the model that count, each with the score from which on it does.' }),
  classes: z.array(name).min(1).optional().meta({
    description: "`vllm` only: all labels of the model in its order (`id2label` of the model's config.json).",
  }),
}).superRefine(({ api, labels, classes }, context) => {
  const refuse = (message: string, path: PropertyKey[]) => context.addIssue({ code: 'custom', message, path })
  if (api === 'tei') {
    if (classes !== undefined) refuse('tei names its scores: leave `classes` out', ['classes'])
    return
  }
  if (classes === undefined) {
    refuse('vllm does not name its scores: list all labels of the model, in its order, as `classes`', [])
    return
  }
  for (const [index, label] of classes.entries())
    if (classes.indexOf(label) < index) refuse(`"${label}" stands twice`, ['classes', index])
  for (const label of Object.keys(labels))
    if (!classes.includes(label))
      refuse(`\`classes\` has no "${label}"${suggestKey(label, classes)}`, ['labels', label])
})

/** A classifier of a policy. */
export type ClassifierConfig = z.infer<typeof classifierConfigSchema>
