import { z } from 'zod'
import { parseSource, type SourceText, strictObject } from './document.ts'

const countsSchema = strictObject({
  turns: z.int().min(0).meta({ description: 'How many labelled turns.' }),
  flagged: z.int().min(0).meta({ description: 'How many of them the graders labelled `present`.' }),
}).refine(({ turns, flagged }) => flagged <= turns, { error: 'more are flagged than there are turns' })

/** A calibration as it is written: a category's graders, end to end, on turns that people labelled. */
export const calibrationSchema = strictObject({
  version: z.literal(1).meta({ description: 'The version of this format.' }),
  category: z.string().min(1).meta({ description: 'The id of the category whose graders were tried.' }),
  positives: countsSchema.meta({ description: 'Turns that show the behaviour.' }),
  negatives: countsSchema.meta({ description: 'Turns that do not.' }),
})

/** Labelled examples through the very graders that measure. */
export interface Calibration {
  truePositives: number
  positives: number
  falsePositives: number
  negatives: number
}

/** Parses a calibration's counts. Throws GateError naming file, line and field. */
export function parseCalibration(source: SourceText): { category: string; counts: Calibration } {
  const { category, positives, negatives } = parseSource(source, calibrationSchema, 'calibration')
  return {
    category,
    counts: {
      truePositives: positives.flagged,
      positives: positives.turns,
      falsePositives: negatives.flagged,
      negatives: negatives.turns,
    },
  }
}
