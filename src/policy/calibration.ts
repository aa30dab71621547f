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

const count = z.int().min(0)

/** A share of known items, with one-sided 95 % bounds; no value, and bounds of 0 and 1, where nothing was tried. */
const shareSchema = strictObject({
  value: z.number().nullable(),
  lower: z.number(),
  upper: z.number(),
})

/** The labels of known items: those without a label count against the graders, as missed and as flagged. */
export const confusionSchema = strictObject({
  positives: countsSchema,
  negatives: countsSchema,
  missing: strictObject({ positives: count, negatives: count }).meta({
    description: 'How many of them got no label: they count as missed, and as flagged.',
  }),
})
export type Confusion = z.infer<typeof confusionSchema>

/** What `checkpoint-gate calibrate` says of one category. */
export const categoryCalibrationSchema = strictObject({
  graders: z.string().meta({
    description:
      'SHA-256 of everything that decides how its graders label. With another one the calibration is stale.',
  }),
  answered_as: z.record(z.string(), z.record(z.string(), count)).meta({
    description:
      'How many answers came from which model, as the endpoints named it, by the model that was asked for.',
  }),
  ...confusionSchema.shape,
  sensitivity: shareSchema.meta({
    description: 'The share of positives that is found, with one-sided 95 % bounds (Clopper & Pearson).',
  }),
  specificity: shareSchema.meta({ description: 'The share of negatives that is left unflagged.' }),
  by_source: z
    .record(z.string(), confusionSchema)
    .meta({ description: 'The same counts by the model, or who else, that wrote the completions.' }),
  agreement: strictObject({
    graded_twice: count,
    same: count.meta({ description: 'How many got the same label both times.' }),
  }),
  screen: strictObject({
    negatives: count.meta({ description: 'Negatives that no grader chose.' }),
    flagged: count.meta({ description: 'How many of them the first grader flagged.' }),
    tried: count.meta({
      description:
        'False flags of the first grader that went on to the next one, those of items that were chosen because they were flagged among them.',
    }),
    survived: count.meta({ description: 'How many of these no later grader took back.' }),
    false_positive_upper: z.number().meta({
      description: 'An upper 95 % bound of the share of negatives that is flagged in the end, two-phase.',
    }),
  })
    .nullable()
    .meta({
      description: 'How far a confirmation takes back false flags; `null` where nothing confirms.',
    }),
})
export type CategoryCalibration = z.infer<typeof categoryCalibrationSchema>

/** The record of `checkpoint-gate calibrate`. */
export const calibrationRecordSchema = strictObject({
  version: z.literal(1).meta({ description: 'The version of this format.' }),
  made_at: z.iso.datetime({ offset: true }).meta({ description: 'When the graders were tried.' }),
  gate_version: z.string(),
  labelled_sets: z.array(strictObject({ file: z.string(), sha256: z.string(), items: z.int().min(1) })),
  categories: z.record(z.string(), categoryCalibrationSchema),
  cost: strictObject({
    requests: count.meta({ description: 'Retries included.' }),
    usd: z.number().nullable().meta({ description: '`null` when a price is not known.' }),
  }),
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
  // Told apart by the key that only a record has, so that what is wrong with either is said of it.
  const isRecord = Object.hasOwn(parseSource(source, z.looseObject({}), 'calibration'), 'categories')
  if (!isRecord) {
    const written = parseSource(source, calibrationSchema, 'calibration')
    if (written.category !== category) return { kind: 'other', categories: [written.category] }
    const counts = countConfusion(written)
    return { kind: 'found', calibration: { counts, graders: null, answeredAs: {}, madeAt: null } }
  }
  const written = parseSource(source, calibrationRecordSchema, 'calibration')
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
