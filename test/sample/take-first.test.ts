import { describe, expect, it } from '@jest/globals'
import { takeFirst } from '../../src/sample/take-first.ts'
import { converse, converseAll, draw } from './conversations.ts'
import { sum } from './statistics.ts'

const surfaces = ['chat', 'chat', 'chat', 'voice', 'voice', 'mail']
const mixed = Array.from({ length: 600 }, (_, index) =>
  converse(`c-${index}`, 1 + (index % 3), { metadata: { surface: surfaces[index % 6] ?? '' } }),
)
const rare = [
  ...Array.from({ length: 500 }, (_, index) => converse(`c-${index}`, 1, { metadata: { surface: 'chat' } })),
  ...['m-0', 'm-1'].map((id) => converse(id, 1, { metadata: { surface: 'mail' } })),
]

describe('the first turns of a sample', () => {
  it('are those turns with their weights, without strata', async () => {
    const sample = await draw(converseAll(Array.from({ length: 100 }, (_, index) => 1 + (index % 5))), {
      turns: 60,
    })
    const first = takeFirst(sample, 25)
    expect(first.turns).toEqual(sample.turns.slice(0, 25))
    expect(first.counts).toMatchObject({ turnsAsked: 60, turnsDrawn: 25, strata: [], uncovered: [] })
    expect(first.counts.effectiveTurns).toBeLessThanOrEqual(25)
  })

  it('are the sample itself, if there are no more', async () => {
    const sample = await draw(mixed, { turns: 60, strata: ['surface'] })
    expect(takeFirst(sample, 60)).toEqual(sample)
    expect(takeFirst(sample, 1000)).toEqual(sample)
  })

  it('leave each stratum its share of all weight', async () => {
    const sample = await draw(mixed, {
      turns: 200,
      strata: ['surface'],
      target: { chat: 0.5, voice: 0.2, mail: 0.3 },
    })
    const { turns, counts } = takeFirst(sample, 50)
    expect(turns.map(({ id }) => id)).toEqual(sample.turns.slice(0, 50).map(({ id }) => id))
    expect(sum(counts.strata.map(({ drawn }) => drawn))).toBe(50)
    for (const [index, { name, drawn, weightShare }] of counts.strata.entries()) {
      const own = turns.filter(({ stratum }) => stratum === name)
      expect(own).toHaveLength(drawn)
      expect(weightShare).toBeCloseTo(sample.counts.strata[index]?.weightShare ?? Number.NaN, 9)
      expect(sum(own.map(({ weight }) => weight)) / 50).toBeCloseTo(weightShare, 9)
    }
  })

  it('say which strata they have nothing of', async () => {
    const sample = await draw(rare, {
      turns: 300,
      strata: ['surface'],
      target: { chat: 0.7, mail: 0.2, fax: 0.1 },
    })
    const place = sample.turns.findIndex(({ stratum }) => stratum === 'surface=mail')
    expect(place).toBeGreaterThan(0)
    const { turns, counts } = takeFirst(sample, place)
    expect(counts.uncovered).toEqual([
      { name: 'fax', share: expect.closeTo(0.1, 12) },
      { name: 'surface=mail', share: expect.closeTo(0.2, 12) },
    ])
    expect(counts.strata.map(({ weightShare }) => weightShare)).toEqual([1, 0])
    for (const { weight } of turns) expect(weight).toBeCloseTo(1, 9)
  })
})
