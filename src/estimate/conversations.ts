/** A turn with its conversation, by its place among the record's. */
interface OfConversation {
  readonly cluster: number
}

/** Whether any conversation gave several turns, which are not independent. */
export function sharesConversations(turns: readonly OfConversation[]): boolean {
  return countConversations(turns) < turns.length
}

/** How many conversations gave turns. */
export function countConversations(turns: readonly OfConversation[]): number {
  let count = 0
  const seen = new Uint8Array(countPlaces(turns))
  for (const { cluster } of turns) {
    if (seen[cluster] === 0) count += 1
    seen[cluster] = 1
  }
  return count
}

/** How many places there are, up to the last conversation that gave one of the turns. */
export function countPlaces(turns: readonly OfConversation[]): number {
  let places = 0
  for (const { cluster } of turns) places = Math.max(places, cluster + 1)
  return places
}
