import { z } from 'zod'

/** What the change under test would change of the policy, or of a file that the policy refers to. */
export const policyChangeSchema = z.strictObject({
  /** `rewritten`: another text or value, which is not shown. `unreadable`: it is no policy any more, `to` says why. */
  kind: z.enum(['changed', 'added', 'removed', 'rewritten', 'unreadable']),
  /** A key of the policy (`sample.turns`, of a category `limit`), or what is changed as a whole (`category`, `rubric`). */
  what: z.string(),
  /** The id of the category, or the path of the file, that it is of. */
  of: z.string().nullable(),
  /** As a user writes it; `null` for nothing. */
  from: z.string().nullable(),
  to: z.string().nullable(),
  /** `looser`: what was red can become green by it. `tighter`: only the other way round. `other`: not known. */
  effect: z.enum(['looser', 'tighter', 'other']),
  /** It applies at once, not only after the merge: a limit or a margin that is tighter than the base's. */
  applied: z.boolean(),
})
export type PolicyChange = z.infer<typeof policyChangeSchema>
