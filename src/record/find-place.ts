/** Finds a turn's place among others; `undefined` where it is none of them. */
export type FindPlace = (turn: string) => number | undefined

/**
 * Finds the places of turns that are asked for in their own order, some left out or from the first one again, without a
 * table of all of them: that is made when one is asked for in another order.
 */
export function createPlaceFinder(turns: readonly { readonly turn: string }[]): FindPlace {
  let last = 0
  let places: ReadonlyMap<string, number> | null = null
  return (turn) => {
    if (turns[last]?.turn === turn) return last
    if (places !== null) return places.get(turn)
    if (turns[0]?.turn === turn) {
      last = 0
      return last
    }
    for (let place = last + 1; place < turns.length; place += 1) {
      if (turns[place]?.turn !== turn) continue
      last = place
      return last
    }
    places = new Map(turns.map(({ turn: name }, place) => [name, place]))
    return places.get(turn)
  }
}
