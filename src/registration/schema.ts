import { z } from 'zod'
import { strictObject } from '../policy/document.ts'
import { rateSchema } from '../policy/rate.ts'
import { limitSchema } from '../policy/schema-parts.ts'

const predictionSchema = strictObject({
  category: z.string().min(1).meta({ description: 'The id of a category of the policy.' }),
  rate: rateSchema.meta({ description: 'The rate that you expect of the candidate.' }),
  interval: z
    .tuple([rateSchema, rateSchema])
    .meta({ description: 'From, to: where you would be surprised to be outside.' }),
  direction: z.enum(['up', 'down', 'same']).meta({ description: 'Against the baseline.' }),
  limit: limitSchema.optional().meta({ description: 'A tighter limit than the policy has.' }),
}).transform((written, context) => {
  const [low, high] = written.interval
  if (low > high)
    context.addIssue({ code: 'custom', message: 'the interval ends before it begins', path: ['interval'] })
  return {
    category: written.category,
    ratePer100k: written.rate,
    intervalPer100k: written.interval,
    direction: written.direction,
    limitPer100k: written.limit ?? null,
  }
})

const amendmentSchema = strictObject({
  number: z.int().min(1),
  date: z.iso.date(),
  reason: z.string().min(1),
})

/** What is written down before the run. */
export const registrationSchema = strictObject({
  version: z.literal(1).meta({ description: 'The version of this format.' }),
  candidate: z.string().min(1).meta({ description: 'The id of the checkpoint that this is about.' }),
  round: z.int().min(1).max(100).default(1).meta({
    description:
      'Which sample of turns this is for the candidate: 2 after a first epoch was measured. Each later one is tested at a smaller level.',
  }),
  predictions: z
    .array(predictionSchema)
    .min(1, 'a registration predicts something: name at least one category'),
  amendments: z
    .array(amendmentSchema)
    .superRefine((amendments, context) => {
      const wrong = amendments.findIndex((amendment, index) => amendment.number !== index + 1)
      if (wrong < 0) return
      const message = `amendments are numbered 1, 2, 3 …: number ${wrong + 1} of the list has ${amendments[wrong]?.number}`
      context.addIssue({ code: 'custom', message, path: [wrong, 'number'] })
    })
    .default([])
    .meta({ description: 'Numbered and dated, each with a reason; never edited.' }),
  withdrawn: z
    .boolean()
    .default(false)
    .meta({ description: 'Taken back: it stays to be seen, and its candidate is not measured.' }),
})

/** Predictions and tighter limits for one candidate; rates per 100,000 turns. */
export type Registration = z.infer<typeof registrationSchema>
/** What was registered for one category. */
export type Prediction = Registration['predictions'][number]
