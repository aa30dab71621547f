import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { type CorpusThread, startCorpusThread } from '../../src/corpus/corpus-thread.ts'
import type { Drawable } from '../../src/sample/rank.ts'
import { rankEach } from '../../src/sample/rank-each.ts'
import { createTurnRanker } from '../../src/sample/turn-ranker.ts'

let thread: CorpusThread
beforeEach(async () => {
  thread = await startCorpusThread()
})
afterEach(() => thread.close())

const conversations = Array.from({ length: 3000 }, (_, index) => ({
  id: index % 10 === 0 ? `ü-${index}` : `c-${index}`,
  turns: Array.from({ length: index % 4 }, (_turn, at) => 1 + 2 * at),
  metadata: {},
  locate: () => index,
}))

async function* inBatches(size: number) {
  for (let start = 0; start < conversations.length; start += size)
    yield conversations.slice(start, start + size)
}

/** The keys of each conversation that was offered. */
async function rankAll(asked: CorpusThread | undefined) {
  const seen = new Map<string, number[]>()
  await rankEach<Drawable<number>>({
    seed: 'a seed',
    batches: inBatches(100),
    admit: ({ id }) => !id.endsWith('7'),
    offer: ({ id, turns }, rank) => {
      expect(seen.has(id)).toBe(false)
      seen.set(
        id,
        turns.map((_, at) => rank(at)),
      )
    },
    thread: asked,
  })
  return seen
}

const rank = createTurnRanker('a seed')
const expected = conversations
  .filter(({ id }) => !id.endsWith('7'))
  .map(({ id, turns }) => [id, turns.map((index) => rank(`${id}#${index}`))] as const)

it('offers each conversation once with u of its turns, ranked here or by a thread', async () => {
  expect([...(await rankAll(undefined))]).toEqual(expected)
  const ranked = await rankAll(thread)
  expect(ranked.size).toBe(expected.length)
  for (const [id, keys] of expected) expect(ranked.get(id)).toEqual(keys)
})

it('ranks itself what a busy thread has no time for', async () => {
  let asked = 0
  const busy: CorpusThread = {
    ...thread,
    waiting: () => (asked < 3 ? 0 : 99),
    digestTexts: (request) => {
      asked += 1
      return thread.digestTexts(request)
    },
  }
  const ranked = await rankAll(busy)
  expect(asked).toBe(3)
  for (const [id, keys] of expected) expect(ranked.get(id)).toEqual(keys)
})

it('fails with its thread', async () => {
  const broken: CorpusThread = { ...thread, digestTexts: () => Promise.reject(new Error('no thread')) }
  await expect(rankAll(broken)).rejects.toThrow('no thread')
})
