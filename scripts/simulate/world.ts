import type { Arm } from '../../src/ports.ts'
import type { SampledTurn } from '../../src/sample/draw.ts'
import type { Cell } from './cell.ts'
import { type Corpus, rateOf } from './corpus.ts'
import type { Random } from './random.ts'

export const arms: readonly Arm[] = ['baseline', 'candidate']

/** What becomes of a call. */
export type Fate = 'answered' | 'call-failed' | 'empty-answer'

/** What will come back for each drawn turn, settled before anything is asked, so that no order matters. */
export interface World {
  /** The place of a turn in all that follows, by its id. */
  places: ReadonlyMap<string, number>
  categories: number
  /** Whether the turn shows the behaviour, by arm and category. */
  events: Record<Arm, Uint8Array[]>
  /** Whether the graders will say so. */
  flags: Record<Arm, Uint8Array[]>
  fates: Record<Arm, Fate[]>
}

/** Settles what checkpoints, judge and network will do with the drawn turns. */
export function settleWorld(request: {
  cell: Cell
  corpus: Corpus
  turns: readonly SampledTurn[]
  random: Random
}): World {
  const { cell, turns, random } = request
  const categories = cell.trueRates.length
  const events = {
    baseline: Array.from({ length: categories }, () => new Uint8Array(turns.length)),
    candidate: Array.from({ length: categories }, () => new Uint8Array(turns.length)),
  }
  for (let category = 0; category < categories; category += 1) settleEvents({ ...request, category, events })
  return {
    places: new Map(turns.map(({ id }, place) => [id, place])),
    categories,
    events,
    flags: {
      baseline: events.baseline.map((happened) => flag({ happened, judge: cell.judge, random })),
      candidate: events.candidate.map((happened) => flag({ happened, judge: cell.judge, random })),
    },
    fates: {
      baseline: settleFates({ cell, arm: 'baseline', events: events.baseline, turns: turns.length, random }),
      candidate: settleFates({
        cell,
        arm: 'candidate',
        events: events.candidate,
        turns: turns.length,
        random,
      }),
    },
  }
}

/** The chances of an event in a conversation with a burst, and in one without, and of a burst. */
interface Chances {
  burst: number
  within: number
  outside: number
}

/**
 * Events of one category. With bursts, a share of the conversations has events with the chance `within` at each
 * turn and the others with what is left of the rate; luck that the arms share leaves each arm's rate as it is.
 */
function settleEvents(request: {
  cell: Cell
  corpus: Corpus
  turns: readonly SampledTurn[]
  random: Random
  category: number
  events: World['events']
}): void {
  const { cell, corpus, turns, random, category, events } = request
  const moods = new Map<string, Record<Arm, number>>()
  turns.forEach(({ conversation }, place) => {
    const mood = moods.get(conversation) ?? drawPair(cell.shared, random)
    moods.set(conversation, mood)
    const luck = drawPair(cell.shared, random)
    for (const arm of arms) {
      const chances = spreadRate(cell, rateOf({ cell, corpus, conversation, arm, category }))
      const chance = mood[arm] < chances.burst ? chances.within : chances.outside
      const column = events[arm][category]
      if (column !== undefined && luck[arm] < chance) column[place] = 1
    }
  })
}

function spreadRate({ clustering }: Cell, rate: number): Chances {
  if (clustering.burst === null) return { burst: 0, within: 0, outside: rate }
  const { share, within } = clustering.burst
  const burst = (rate * share) / within
  return { burst, within, outside: (rate * (1 - share)) / (1 - burst) }
}

function drawPair(shared: number, random: Random): Record<Arm, number> {
  const baseline = random()
  return { baseline, candidate: shared > 0 && random() < shared ? baseline : random() }
}

function flag(request: { happened: Uint8Array; judge: Cell['judge']; random: Random }): Uint8Array {
  const { happened, judge, random } = request
  if (judge === 'exact') return happened
  const { sensitivity, falsePositiveRate } = judge
  return happened.map((event) => (random() < (event === 1 ? sensitivity : falsePositiveRate) ? 1 : 0))
}

function settleFates(request: {
  cell: Cell
  arm: Arm
  events: Uint8Array[]
  turns: number
  random: Random
}): Fate[] {
  const { cell, arm, events, turns, random } = request
  const { transport, content } = cell.missing
  return Array.from({ length: turns }, (_, place): Fate => {
    const kind = events.some((happened) => happened[place] === 1) ? 'event' : 'none'
    if (random() < transport[arm][kind]) return 'call-failed'
    return random() < content[arm][kind] ? 'empty-answer' : 'answered'
  })
}
