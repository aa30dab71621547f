import { describe, expect, it } from '@jest/globals'
import {
  bursts,
  type Cell,
  loseCalls,
  makeCell,
  nothingMissing,
  oneTurnEach,
} from '../../scripts/simulate/cell.ts'
import { createRandom, drawBinomial } from '../../scripts/simulate/random.ts'
import { prepareReplicates, type Replicate } from '../../scripts/simulate/replicate.ts'
import type { Arm } from '../../src/ports.ts'

const replicates = 40

async function prepare(parts: Partial<Cell>): Promise<Replicate[]> {
  const cell = makeCell({
    name: 'world',
    group: 'none',
    trueRates: [{ baseline: 20_000, candidate: 10_000 }],
    turns: 1000,
    ...parts,
  })
  const all: Replicate[] = []
  for await (const replicate of prepareReplicates({ cell, seed: 'world', from: 0, to: replicates })) {
    all.push(replicate)
  }
  return all
}

/** The weighted share of turns with an event, or with a flag. */
function rateOf(all: Replicate[], arm: Arm, of: 'events' | 'flags' = 'events'): number {
  let found = 0
  let total = 0
  for (const { sample, world } of all) {
    for (const [place, { weight }] of sample.turns.entries()) {
      found += weight * (world[of][arm][0]?.[place] ?? 0)
      total += weight
    }
  }
  return found / total
}

/** Of the turns where the baseline has an event, the share where the candidate has one too. */
function shareBoth(all: Replicate[]): number {
  let baseline = 0
  let both = 0
  for (const { world } of all) {
    world.events.baseline[0]?.forEach((event, place) => {
      baseline += event
      both += event * (world.events.candidate[0]?.[place] ?? 0)
    })
  }
  return both / baseline
}

describe('a simulated world', () => {
  it.each([
    ['one turn each', {}, 0.008],
    ['bursts', { clustering: bursts }, 0.02],
    ['some bursts', { clustering: { ...bursts, burst: { share: 0.4, within: 0.7 } }, shared: 0.3 }, 0.016],
    [
      'longer is worse',
      { clustering: { ...oneTurnEach, lengths: { mean: 3, most: 20 }, longerIsWorse: true } },
      0.015,
    ],
  ] satisfies [string, Partial<Cell>, number][])(
    'has the rates it is made with: %s',
    async (_, parts, within) => {
      const all = await prepare(parts)
      expect(Math.abs(rateOf(all, 'baseline') - 0.2)).toBeLessThan(within)
      expect(Math.abs(rateOf(all, 'candidate') - 0.1)).toBeLessThan(within)
    },
  )

  it('has events together in bursts, and turns of one conversation', async () => {
    const [replicate] = await prepare({ clustering: bursts })
    if (replicate === undefined) throw new Error('no replicate')
    const { sample, world } = replicate
    const conversations = new Map<string, number[]>()
    for (const [place, { conversation }] of sample.turns.entries()) {
      const events = conversations.get(conversation) ?? []
      conversations.set(conversation, [...events, world.events.candidate[0]?.[place] ?? -1])
    }
    expect(conversations.size).toBeLessThan(600)
    expect([...conversations.values()].every((events) => new Set(events).size === 1)).toBe(true)
  })

  it('lets arms share their luck: all of it, some or none', async () => {
    expect(shareBoth(await prepare({ shared: 1 }))).toBeCloseTo(0.5, 1)
    expect(shareBoth(await prepare({ shared: 0.5 }))).toBeCloseTo(0.5 * 0.5 + 0.5 * 0.1, 1)
    expect(Math.abs(shareBoth(await prepare({})) - 0.1)).toBeLessThan(0.02)
  })

  it('has a judge that errs as often as it is said to', async () => {
    const all = await prepare({ judge: { sensitivity: 0.75, falsePositiveRate: 0.05, calibration: null } })
    expect(Math.abs(rateOf(all, 'baseline', 'flags') - (0.2 * 0.75 + 0.8 * 0.05))).toBeLessThan(0.008)
    expect(Math.abs(rateOf(all, 'candidate', 'flags') - (0.1 * 0.75 + 0.9 * 0.05))).toBeLessThan(0.008)
  })

  it('loses what it is made to lose, events more than others', async () => {
    const missing = {
      ...loseCalls({ baseline: 0.1, candidate: 0 }),
      content: { ...nothingMissing.content, candidate: { none: 0, event: 0.5 } },
    }
    const fates = (await prepare({ missing })).flatMap(({ world }) => [
      ...world.fates.baseline.map((fate) => `baseline ${fate}`),
      ...world.fates.candidate.map((fate) => `candidate ${fate}`),
    ])
    const share = (name: string) => fates.filter((fate) => fate === name).length / (fates.length / 2)
    expect(Math.abs(share('baseline call-failed') - 0.1)).toBeLessThan(0.006)
    expect(Math.abs(share('candidate empty-answer') - 0.05)).toBeLessThan(0.005)
    expect(share('candidate call-failed') + share('baseline empty-answer')).toBe(0)
  })
})

describe('random numbers', () => {
  it('are spread evenly, the same for a name and others for another', () => {
    const draw = (name: string) => Array.from({ length: 2000 }, createRandom(name))
    const first = draw('a')
    expect(draw('a')).toEqual(first)
    expect(new Set([...first, ...draw('b')]).size).toBe(4000)
    expect(first.every((value) => value >= 0 && value < 1)).toBe(true)
    const tenths = Array.from(
      { length: 10 },
      (_, tenth) => first.filter((value) => Math.floor(value * 10) === tenth).length,
    )
    // χ² with 9 degrees of freedom: 27.9 at p = .001.
    expect(tenths.reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0)).toBeLessThan(27.9)
  })

  it('give binomial counts', () => {
    const random = createRandom('binomial')
    expect(drawBinomial(random, { trials: 50, rate: 0 })).toBe(0)
    expect(drawBinomial(random, { trials: 50, rate: 1 })).toBe(50)
    const counts = Array.from({ length: 500 }, () => drawBinomial(random, { trials: 50, rate: 0.8 }))
    expect(Math.abs(counts.reduce((sum, count) => sum + count, 0) / 500 - 40)).toBeLessThan(0.5)
  })
})
