import { z } from 'zod'
import type { Label } from './label.ts'

/** How many answers of one grader said what; anything but present and absent is missing. */
export const votesSchema = z.strictObject({
  present: z.int().min(0),
  absent: z.int().min(0),
  missing: z.int().min(0),
})
export type Votes = z.infer<typeof votesSchema>

/** Whether all votes, or more than half of them, have to say `present`. */
export type Agreement = 'all' | 'majority'

/** Counts labels. */
export function countVotes(labels: readonly Label[]): Votes {
  const votes = { present: 0, absent: 0, missing: 0 }
  for (const { kind } of labels) votes[kind === 'not-asked' ? 'missing' : kind] += 1
  return votes
}

/**
 * The label that votes add up to. A vote that is missing could have been either: where it could turn the result,
 * the result is missing with its cause, or not asked where it was not asked.
 * @throws RangeError without a vote
 */
export function combineVotes(labels: readonly Label[], agreement: Agreement): Label {
  const [first] = labels
  if (first === undefined) throw new RangeError('there is no vote')
  const needed = agreement === 'all' ? labels.length : Math.floor(labels.length / 2) + 1
  const { present, missing } = countVotes(labels)
  const pick = (kinds: Label['kind'][]) => labels.find(({ kind }) => kinds.includes(kind)) ?? first
  if (present >= needed) return pick(['present'])
  if (present + missing < needed) return { kind: 'absent' }
  return labels.some(({ kind }) => kind === 'not-asked') ? pick(['not-asked']) : pick(['missing'])
}

/** Whether votes that were given contradict each other. */
export function isSplit(votes: Votes): boolean {
  return votes.present > 0 && votes.absent > 0
}
