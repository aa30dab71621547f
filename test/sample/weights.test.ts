import { describe, expect, it } from '@jest/globals'
import type { Conversation } from '../../src/corpus/conversation.ts'
import type { SampledTurn } from '../../src/sample/draw.ts'
import { rankTurn } from '../../src/sample/rank.ts'
import { converseAll, draw } from './conversations.ts'
import { countErrors, sum } from './statistics.ts'

/** 200 conversations, nine in ten of one turn and one in ten of thirty; half of them are drawn. */
const conversations = converseAll(Array.from({ length: 200 }, (_, index) => (index % 10 === 0 ? 30 : 1)))
const drawn = 100
const draws = 300

/** Something of one turn in three of the long conversations, and of one in nine of the short ones. */
function hasProperty(conversation: Conversation, messageIndex: number): boolean {
  if (conversation.messages.length > 2) return messageIndex % 3 === 0
  return Number(conversation.id.slice(2)) % 9 === 0
}

const byId = new Map(conversations.map((conversation) => [conversation.id, conversation]))

function readValue(turn: SampledTurn): number {
  const conversation = byId.get(turn.conversation)
  if (conversation === undefined) throw new Error(`${turn.conversation} is not in the corpus`)
  return hasProperty(conversation, Number(turn.id.split('#')[1])) ? 1 : 0
}

const all = conversations.flatMap((conversation) =>
  conversation.messages.flatMap(({ role }, index) =>
    role === 'assistant' ? [hasProperty(conversation, index) ? 1 : 0] : [],
  ),
)
const corpusTotal = all.reduce<number>((sum, value) => sum + value, 0)
const corpusMean = corpusTotal / all.length

async function drawMany(): Promise<SampledTurn[][]> {
  const samples: SampledTurn[][] = []
  for (let seed = 0; seed < draws; seed += 1) {
    samples.push((await draw(conversations, { seed: `seed ${seed}`, turns: drawn })).turns)
  }
  return samples
}

describe('the weights of drawn turns', () => {
  it('are unbiased at half of very unequal conversations, where equal weights are far off', async () => {
    const samples = await drawMany()
    const weigh = (sample: SampledTurn[]) => sum(sample.map((turn) => turn.weight * readValue(turn)))
    const totals = samples.map(weigh)
    const sizes = samples.map((sample) => sum(sample.map((turn) => turn.weight)))
    const means = samples.map((sample) => weigh(sample) / sum(sample.map((turn) => turn.weight)))
    const unweighted = samples.map((sample) => sum(sample.map(readValue)) / sample.length)
    expect(Math.abs(countErrors(totals, corpusTotal))).toBeLessThan(4)
    expect(Math.abs(countErrors(sizes, all.length))).toBeLessThan(4)
    expect(Math.abs(countErrors(means, corpusMean))).toBeLessThan(4)
    expect(Math.abs(countErrors(unweighted, corpusMean))).toBeGreaterThan(20)
  })

  it('are those of a random part of the sample in the first turns, too', async () => {
    const samples = await drawMany()
    const first = samples.map((sample) => {
      const turns = sample.slice(0, 40)
      return sum(turns.map((turn) => turn.weight * readValue(turn))) / sum(turns.map((turn) => turn.weight))
    })
    const isLong = (turn: SampledTurn) => (byId.get(turn.conversation)?.messages.length ?? 0) > 2
    const longFirst = samples.map((sample) => sample.slice(0, 40).filter(isLong).length / 40)
    const longAll = sum(samples.map((sample) => sample.filter(isLong).length)) / (draws * drawn)
    // Nearly all of the long conversations are drawn, most of them for ranks far under those of the others.
    expect(Math.abs(countErrors(longFirst, longAll))).toBeLessThan(4)
    // The mean of few turns of unequal weight is a ratio, and off by a hundredth for that alone.
    expect(Math.abs(sum(first) / draws - corpusMean)).toBeLessThan(0.02)
  })

  it('are m / (1 − (1−τ)^m) with τ the first key that was not drawn', async () => {
    const { turns } = await draw(conversations, { turns: drawn })
    const keys = conversations
      .map(({ id, messages }) =>
        Math.min(
          ...messages.flatMap((_, index) => (index % 2 === 1 ? [rankTurn('seed', `${id}#${index}`)] : [])),
        ),
      )
      .toSorted((a, b) => a - b)
    const threshold = keys[drawn] ?? Number.NaN
    for (const turn of turns) {
      const turnsOf = (byId.get(turn.conversation)?.messages.length ?? Number.NaN) / 2
      expect(turn.weight).toBeCloseTo(turnsOf / (1 - (1 - threshold) ** turnsOf), 9)
    }
  })

  it('are equal when all conversations have as many turns', async () => {
    const { turns } = await draw(converseAll(Array(50).fill(3)), { turns: 20 })
    expect(new Set(turns.map(({ weight }) => weight)).size).toBe(1)
  })

  it('are finite and positive when very few of very many are drawn', async () => {
    const { turns } = await draw(converseAll(Array(3000).fill(2)), { turns: 1 })
    expect(turns).toHaveLength(1)
    // One of 3,000 conversations of two turns stands for about 6,000 turns, give or take the draw.
    expect(turns[0]?.weight).toBeGreaterThan(100)
    expect(Number.isFinite(turns[0]?.weight)).toBe(true)
  })
})
