import { hash } from 'node:crypto'
import { createSeededRandom } from '../forecast/seeded-random.ts'
import { rankTurn } from '../sample/rank.ts'

/** Uniform numbers in [0, 1) that depend on the seed and on what they are for. */
export function createRandomFor(seed: string, purpose: string): () => number {
  return createSeededRandom(Number.parseInt(hash('sha256', `${seed}\0${purpose}`, 'hex').slice(0, 8), 16))
}

/** Things in an order that depends on the seed and their ids alone. */
export function shuffleByHash<Thing extends { id: string }>(things: readonly Thing[], seed: string): Thing[] {
  return things
    .map((thing) => ({ thing, key: rankTurn(seed, thing.id) }))
    .toSorted((a, b) => a.key - b.key || (a.thing.id < b.thing.id ? -1 : 1))
    .map(({ thing }) => thing)
}
