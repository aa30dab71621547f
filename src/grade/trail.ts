import { z } from 'zod'
import { labelSchema } from './label.ts'
import { votesSchema } from './votes.ts'

const labelKindSchema = z.enum(['present', 'absent', 'missing', 'not-asked'])
export type LabelKind = z.infer<typeof labelKindSchema>

/** How a label came about, where more than one answer has led to it or was asked beside it. */
export const trailSchema = z.strictObject({
  /** The votes of each grader that was asked, in the chain's order. */
  steps: z.array(votesSchema),
  /** What the last judge said when a pre-screened completion was put to it once more. */
  secondOpinion: labelKindSchema.nullable(),
  /** The label of the second grading, for the fraction that is graded twice; it changes nothing. */
  again: labelKindSchema.nullable(),
})
export type Trail = z.infer<typeof trailSchema>

/** A label of a known item: a control, or an example of a calibration. */
export const knownOutcomeSchema = z.strictObject({
  purpose: z.enum(['control', 'calibration']),
  /** The part of a run that was continued in which it was graded, from 1. */
  part: z.int().min(1),
  /** The item's id in its labelled set. */
  item: z.string(),
  category: z.string(),
  /** What the item is. */
  expected: z.enum(['present', 'absent']),
  label: labelSchema,
  /** Whether the first judge flagged it; `null` where no later grader could have taken the flag back. */
  screened: z.boolean().nullable(),
  /** The label of the second grading; `null` where it was graded once. */
  again: labelKindSchema.nullable(),
})
export type KnownOutcome = z.infer<typeof knownOutcomeSchema>
