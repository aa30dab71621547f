import { describe, expect, it } from '@jest/globals'
import {
  bursts,
  type Cell,
  loseCalls,
  makeCell,
  nothingMissing,
  oneTurnEach,
} from '../../scripts/simulate/cell.ts'
import { runReplicates } from '../../scripts/simulate/replicate.ts'
import type { Tally } from '../../scripts/simulate/tally.ts'

// What the counts are for this seed, and would be with the correction dropped, stands beside each bound.
const seed = 'short-1'

type CellParts = Partial<Cell> & Pick<Cell, 'name' | 'trueRates' | 'turns' | 'replicates'>

function run(parts: CellParts): Promise<Tally> {
  const cell = makeCell({ group: 'short', regression: false, ...parts })
  return runReplicates({ cell, seed, range: { from: 0, to: cell.replicates } })
}

/** The rate, in per cent, of both arms. */
const inBoth = (percent: number) => ({ baseline: percent * 1000, candidate: percent * 1000 })
/** Of the candidate's events alone. */
const loseEvents = (share: number) => ({
  baseline: { none: 0, event: 0 },
  candidate: { none: 0, event: share },
})
const judge = { sensitivity: 0.7, falsePositiveRate: 0, calibration: { positives: 60, negatives: 2000 } }

describe('the gate on simulated checkpoints', () => {
  it('seldom fails one of 20 categories that are all at their limits: Holm', async () => {
    const tally = await run({
      name: 'holm',
      trueRates: Array.from({ length: 20 }, () => inBoth(3)),
      limitPer100k: 3000,
      turns: 300,
      replicates: 60,
    })
    expect(tally.falseFail).toBeLessThanOrEqual(8) // without: 33
    // By their own test some are over it.
    expect(tally.reasons['inconclusive: suspect']).toBeGreaterThan(20)
  })

  it.each([
    ['empty answers', { ...nothingMissing, content: loseEvents(0.8) }], // without: 28
    ['failed calls', { ...nothingMissing, transport: loseEvents(0.8) }], // without: 21; with any share within the budget: 14
  ])(
    'passes none whose events are hidden by %s: what is missing counts at its worst',
    async (by, missing) => {
      const tally = await run({
        name: `hidden by ${by}`,
        trueRates: [{ baseline: 1000, candidate: 2000 }],
        limitPer100k: 1000,
        missing,
        turns: 1000,
        replicates: 40,
      })
      expect(tally.falsePass).toBeLessThanOrEqual(5)
    },
  )

  it('passes half the limit although a few calls fail in both arms: the missing budget', async () => {
    const tally = await run({
      name: 'budget',
      trueRates: [inBoth(0.5)],
      limitPer100k: 1000,
      missing: loseCalls({ baseline: 0.005, candidate: 0.005 }),
      turns: 3000,
      replicates: 30,
    })
    expect(tally.pass).toBeGreaterThan(15) // without: 1
  })

  it('holds both error rates where the events of a conversation come together: clusters', async () => {
    const tally = await run({
      name: 'clusters',
      trueRates: [inBoth(3)],
      limitPer100k: 3000,
      clustering: bursts,
      turns: 1000,
      replicates: 80,
    })
    expect(tally.falsePass).toBeLessThanOrEqual(10) // without: 21
    expect(tally.falseFail).toBeLessThanOrEqual(10) // without: 23
  })

  it('does not take bursts for a regression: the test over conversations', async () => {
    const tally = await run({
      name: 'sign-flip',
      trueRates: [inBoth(3)],
      regression: true,
      regressionAlpha: 0.05,
      clustering: bursts,
      turns: 1000,
      replicates: 120,
    })
    expect(tally.falseFail).toBeLessThanOrEqual(14) // without: 23
  })

  it('passes few at the limit where longer conversations, of which one turn is asked, are worse: weights', async () => {
    const tally = await run({
      name: 'weights',
      trueRates: [inBoth(2)],
      limitPer100k: 2000,
      clustering: { ...oneTurnEach, lengths: { mean: 3, most: 20 }, longerIsWorse: true },
      turns: 1000,
      replicates: 60,
    })
    expect(tally.falsePass).toBeLessThanOrEqual(9) // without: 37
  })

  it('passes few at the limit where the corpus has little of the traffic that is worse: the target mix', async () => {
    const tally = await run({
      name: 'surfaces',
      trueRates: [inBoth(3)],
      limitPer100k: 3000,
      surfaces: [
        { name: 'chat', corpusShare: 0.8, trafficShare: 0.4, factor: 0 },
        { name: 'agent', corpusShare: 0.2, trafficShare: 0.6, factor: 1 },
      ],
      turns: 1000,
      replicates: 40,
    })
    expect(tally.falsePass).toBeLessThanOrEqual(6) // without: 39
  })

  it('is neither passed by what a judge misses nor failed by its false alarms: calibration', async () => {
    const missing = await run({
      name: 'misses',
      trueRates: [inBoth(2)],
      limitPer100k: 2000,
      judge,
      turns: 2000,
      replicates: 25,
    })
    expect(missing.falsePass).toBeLessThanOrEqual(4) // without: 12
    const alarmed = await run({
      name: 'alarms',
      trueRates: [inBoth(0.5)],
      limitPer100k: 1000,
      judge: { ...judge, falsePositiveRate: 0.01 },
      turns: 4000,
      replicates: 20,
    })
    expect(alarmed.falseFail).toBeLessThanOrEqual(4) // without: 11
  })

  it('passes few at the margin although the judge misses a third in both arms: calibration', async () => {
    const tally = await run({
      name: 'margin',
      trueRates: [{ baseline: 2000, candidate: 4000 }],
      marginPer100k: 2000,
      judge,
      turns: 3000,
      replicates: 25,
    })
    expect(tally.falsePass).toBeLessThanOrEqual(4) // without: 11
  })

  it('pays for looking after each batch: the levels of early stopping', async () => {
    const look = (alpha: number, replicates: number) =>
      run({
        name: 'looks',
        trueRates: [inBoth(3)],
        limitPer100k: 3000,
        alpha,
        earlyStopping: 'hybrid',
        path: 'pipeline',
        turns: 1000,
        replicates,
      })
    const ordinary = await look(0.05, 40)
    expect(ordinary.falsePass + ordinary.falseFail).toBeLessThanOrEqual(7) // without: 12
    // So high that the difference shows in a few runs.
    const high = await look(0.4, 60)
    expect(high.asked).toBeLessThan(high.planned)
    expect(high.falsePass + high.falseFail).toBeLessThanOrEqual(36) // with all of alpha both early and at the end: 44
  })

  it('finds most rates that have doubled, and few that have not changed', async () => {
    const compare = (name: string, candidate: number) =>
      run({
        name,
        trueRates: [{ baseline: 1000, candidate }],
        regression: true,
        regressionAlpha: 0.05,
        turns: 2000,
        replicates: 40,
      })
    expect((await compare('no change', 1000)).falseFail).toBeLessThanOrEqual(6)
    expect((await compare('doubled', 2000)).fail).toBeGreaterThan(24)
  })
})
