import { z } from 'zod'
import { parseSource, type SourceText, strictObject } from './document.ts'

const countsSchema = strictObject({
  turns: z.int().min(0).meta({ description: 'How many labelled turns.' }),
  flagged: z.int().min(0).meta({ description: 'How many of them the graders labelled `present`.' }),
}).refine(({ turns, flagged }) => flagged <= turns, { error: 'more are flagged than there are turns' })

/** A calibration as people write it: a category's graders, end to end, on turns that people labelled. */
export const calibrationSchema = strictObject({
  version: z.literal(1).meta({ description: 'The version of this format.' }),
  category: z.string().min(1).meta({ description: 'The id of the category whose graders were tried.' }),
  positives: countsSchema.meta({ description: 'Turns that show the behaviour.' }),
  negatives: countsSchema.meta({ description: 'Turns that do not.' }),
})

/** A share of known items that was flagged, with bounds; `null` bounds where nothing was tried. */
const shareSchema = strictObject({
  value: z.number().nullable(),
  lower: z.number(),
  upper: z.number(),
})

/** The labels of known items: those without a label count against the graders, as missed and as flagged. */
export const confusionSchema = strictObject({
  positives: countsSchema,
  negatives: countsSchema,
  /** How many of each got no label. */
  missing: strictObject({ positives: z.int().min(0), negatives: z.int().min(0) }),
})
export type Confusion = z.infer<typeof confusionSchema>

/** What `checkpoint-gate calibrate` says of one category. */
export const categoryCalibrationSchema = strictObject({
  /** SHA-256 of everything that decides how its graders label; another one makes the calibration stale. */
  graders: z.string(),
  /** How many answers came from which model, as the endpoints named it, by the model that was asked for. */
  answered_as: z.record(z.string(), z.record(z.string(), z.int().min(0))),
  ...confusionSchema.shape,
  sensitivity: shareSchema.meta({ description: 'With one-sided 95 % bounds (Clopper & Pearson).' }),
  specificity: shareSchema,
  /** The same by the model that wrote the completions. */
  by_source: z.record(z.string(), confusionSchema),
  agreement: strictObject({ graded_twice: z.int().min(0), same: z.int().min(0) }),
  /** How far a confirmation takes back the first judge's false flags; `null` where nothing confirms. */
  screen: strictObject({
    negatives: z.int().min(0),
    flagged: z.int().min(0),
    survived: z.int().min(0),
    /** An upper 95 % bound of the false-positive rate, two-phase. */
    false_positive_upper: z.number(),
  }).nullable(),
})
export type CategoryCalibration = z.infer<typeof categoryCalibrationSchema>

/** The record of `checkpoint-gate calibrate`. */
export const calibrationRecordSchema = strictObject({
  version: z.literal(1),
  made_at: z.iso.datetime({ offset: true }),
  gate_version: z.string(),
  labelled_sets: z.array(strictObject({ file: z.string(), sha256: z.string(), items: z.int() })),
  categories: z.record(z.string(), categoryCalibrationSchema),
  cost: strictObject({ requests: z.int().min(0), usd: z.number().nullable() }),
})
export type CalibrationRecord = z.infer<typeof calibrationRecordSchema>

/** Labelled examples through the very graders that measure. */
export interface Calibration {
  truePositives: number
  positives: number
  falsePositives: number
  negatives: number
}

/** A calibration of one category, and what it holds for. */
export interface BoundCalibration {
  counts: Calibration
  /** The digest of the graders that it was made with; `null`: counts written by hand, bound to nothing. */
  graders: string | null
  answeredAs: Record<string, string[]>
  madeAt: string | null
}

/**
 * Parses the calibration that a category names: counts, or the record of `calibrate`.
 * @returns `null` when the file is of other categories, which are listed
 * @throws GateError naming file, line and field
 */
export function parseCalibration(
  source: SourceText,
  category: string,
): { kind: 'found'; calibration: BoundCalibration } | { kind: 'other'; categories: string[] } {
  const written = parseSource(source, z.union([calibrationSchema, calibrationRecordSchema]), 'calibration')
  if ('category' in written) {
    if (written.category !== category) return { kind: 'other', categories: [written.category] }
    const counts = countConfusion(written)
    return { kind: 'found', calibration: { counts, graders: null, answeredAs: {}, madeAt: null } }
  }
  const own = Object.hasOwn(written.categories, category) ? written.categories[category] : undefined
  if (own === undefined) return { kind: 'other', categories: Object.keys(written.categories) }
  return {
    kind: 'found',
    calibration: {
      counts: countConfusion(own),
      graders: own.graders,
      answeredAs: Object.fromEntries(
        Object.entries(own.answered_as).map(([model, names]) => [model, Object.keys(names).toSorted()]),
      ),
      madeAt: written.made_at,
    },
  }
}

/** The counts that bounds are made of. */
export function countConfusion({
  positives,
  negatives,
}: Pick<Confusion, 'positives' | 'negatives'>): Calibration {
  return {
    truePositives: positives.flagged,
    positives: positives.turns,
    falsePositives: negatives.flagged,
    negatives: negatives.turns,
  }
}
