import type { ListedConversation } from './listing.ts'
import type { Manifest } from './manifest.ts'
import type { Tombstones } from './tombstones.ts'

/** Why a conversation is not replayed. */
export type Exclusion = 'erased' | 'no-consent' | 'expired'

/**
 * Whether conversations may be replayed at a time; of several reasons the first of `Exclusion` counts. A conversation with
 * `consent: false` is never replayed; where the manifest requires consent, only one with `consent: true` is.
 */
export function createStandingCheck(rules: {
  now: Date
  consent: Manifest['consent']
  tombstones: Tombstones
}): (conversation: Pick<ListedConversation, 'id' | 'user' | 'consent' | 'expiresAt'>) => Exclusion | null {
  const { now, tombstones } = rules
  const isRequired = rules.consent === 'required'
  const isPast = createPastCheck(now)
  // Looking an id up takes time even where there is nothing to find, and a corpus has millions.
  const hasAny = tombstones.size > 0
  return ({ id, user, consent, expiresAt }) => {
    if (hasAny && (tombstones.has(id) || (user !== undefined && tombstones.has(user)))) return 'erased'
    if (consent === false || (isRequired && consent !== true)) return 'no-consent'
    return expiresAt !== undefined && isPast(expiresAt) ? 'expired' : null
  }
}

/** Times that are remembered: conversations of a day often expire together. */
const mostTimes = 1000

function createPastCheck(now: Date): (time: string) => boolean {
  const known = new Map<string, boolean>()
  return (time) => {
    const before = known.get(time)
    if (before !== undefined) return before
    const isPast = new Date(time) <= now
    if (known.size < mostTimes) known.set(time, isPast)
    return isPast
  }
}
