import { describe, expect, it } from '@jest/globals'
import { type ControlEstimate, countControlTests, estimateControls } from '../../src/estimate/controls.ts'
import type { Plan } from '../../src/plan/plan.ts'
import type { Calibration } from '../../src/policy/calibration.ts'
import { makeCalibrations, makePlannedCategory } from '../support/plans.ts'
import { calibrate } from './calibrations.ts'
import { type KnownCounts, listBinomial, makeControls, makeKnown } from './known.ts'
import { makeRecord } from './records.ts'

const rude = makePlannedCategory({ id: 'rude' })
const base = makeRecord({ categories: [{ id: 'rude', baseline: [], candidate: [] }] }).summary.plan

function makePlan(controls: Plan['controls'], calibration?: Calibration): Plan {
  return {
    ...base,
    controls,
    calibrations: calibration === undefined ? {} : makeCalibrations({ rude: calibration }),
  }
}

function estimate(parts: {
  positives?: KnownCounts
  negatives?: KnownCounts
  planned: readonly [number, number]
  calibration?: Calibration
  others?: Record<string, readonly [number, number]>
}): ControlEstimate {
  const { planned, calibration, others = {}, ...counts } = parts
  const plan = makePlan(makeControls({ rude: planned, ...others }), calibration)
  const known = makeKnown({ category: 'rude', ...counts })
  const estimated = estimateControls({ plan, category: rude, known, isCutShort: false })
  if (estimated === null) throw new Error('no controls')
  return estimated
}

/** Positives alone: so many of them found. */
const find = (flagged: number, planned: number, calibration?: Calibration) =>
  estimate({
    planned: [planned, 0],
    positives: { flagged, cleared: planned - flagged },
    ...(calibration === undefined ? {} : { calibration }),
  }).positives
/** Negatives alone: so many of them flagged. */
const flag = (flagged: number, planned: number, calibration?: Calibration) =>
  estimate({
    planned: [0, planned],
    negatives: { flagged, cleared: planned - flagged },
    ...(calibration === undefined ? {} : { calibration }),
  }).negatives

/** The most that can be found of so many positives and still fails; -1 where none does. */
function findCritical(planned: number, others: Record<string, readonly [number, number]> = {}): number {
  for (let flagged = planned; flagged >= 0; flagged -= 1)
    if (estimate({ planned: [planned, 0], positives: { flagged }, others }).failed) return flagged
  return -1
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

// p values by scipy 1.17: binom.cdf, binom.sf and hypergeom.cdf, hypergeom.sf.
describe('positives', () => {
  it.each([
    [52, 0.00978914870994152, true],
    [53, 0.02969410195488347, false],
    [60, 1, false],
    [45, 1.8903992387236086e-7, true],
  ])('without a calibration are held to a sensitivity of .95: %d of 60', (flagged, p, failed) => {
    const tally = find(flagged, 60)
    expect(tally.p).toBeCloseTo(p, 12)
    expect(tally.failed).toBe(failed)
  })

  it.each([
    // A calibration that found .95 of 300: what it leaves open is allowed for.
    [52, calibrate(285, 300, 0, 0), 0.02335065399752062, false],
    [45, calibrate(285, 300, 0, 0), 8.985626620917362e-6, true],
    // One of 60 leaves much more open.
    [51, calibrate(57, 60, 0, 0), 0.06272377368171199, false],
    [46, calibrate(54, 60, 0, 0), 0.0423217149953351, false],
    [50, calibrate(270, 300, 0, 0), 0.10432644286330829, false],
    // One that found all is held to .95 all the same: 52 of 60 by Fisher alone is .003.
    [52, calibrate(60, 60, 0, 0), 0.00978914870994152, true],
    [53, calibrate(60, 60, 0, 0), 0.02969410195488347, false],
    // Negatives alone say nothing about what is found.
    [52, calibrate(0, 0, 3, 300), 0.00978914870994152, true],
  ])('%d of 60 beside %j', (flagged, calibration, p, failed) => {
    const tally = find(flagged, 60, calibration)
    expect(tally.p).toBeCloseTo(p, 12)
    expect(tally.failed).toBe(failed)
  })

  it('without a label are missed, and said to be without', () => {
    const whole = { planned: [60, 0], positives: { flagged: 50, lost: 10 } } as const
    expect(estimate(whole)).toMatchObject({ failed: true, positives: { flagged: 50, unlabelled: 10 } })
    expect(estimate(whole).positives.wrong).toHaveLength(10)
    // Those that the run never came to are in no line of the record.
    expect(estimate({ planned: [60, 0], positives: { flagged: 50 } })).toMatchObject({
      failed: true,
      positives: { flagged: 50, unlabelled: 10, wrong: [] },
    })
  })
})

describe('negatives', () => {
  it.each([
    [0, 1, false],
    [7, 0.02969410195488331, false],
    [8, 0.009789148709941464, true],
  ])('without a calibration are held to a false-positive rate of .05: %d of 60', (flagged, p, failed) => {
    const tally = flag(flagged, 60)
    expect(tally.p).toBeCloseTo(p, 12)
    expect(tally.failed).toBe(failed)
  })

  it.each([
    [2, calibrate(0, 0, 0, 300), 0.027390900649953573, false],
    [3, calibrate(0, 0, 0, 300), 0.00443763194887516, true],
    [4, calibrate(0, 0, 3, 300), 0.016592435931874795, false],
    [9, calibrate(0, 0, 15, 300), 0.00921416350031458, true],
    // Positives alone say nothing about false alarms.
    [8, calibrate(60, 60, 0, 0), 0.009789148709941464, true],
  ])('%d of 60 beside %j', (flagged, calibration, p, failed) => {
    const tally = flag(flagged, 60, calibration)
    expect(tally.p).toBeCloseTo(p, 12)
    expect(tally.failed).toBe(failed)
  })
})

describe('the controls of a category', () => {
  it('are named where they were labelled otherwise, and fail as a whole where one kind does', () => {
    const estimated = estimate({
      planned: [20, 20],
      positives: { flagged: 10, cleared: 10 },
      negatives: { flagged: 1, cleared: 19 },
    })
    expect(estimated).toMatchObject({
      failed: true,
      positives: { failed: true },
      negatives: { failed: false },
    })
    expect(estimated.positives.wrong).toEqual(
      Array.from({ length: 10 }, (_, index) => `present-absent-${index}`),
    )
    expect(estimated.negatives.wrong).toEqual(['absent-present-0'])
  })

  it('are none where the plan has none of it, and calibration items are none', () => {
    const known = makeKnown({ category: 'rude', positives: { cleared: 60 }, purpose: 'calibration' })
    const plan = (controls: Plan['controls']) => ({
      plan: makePlan(controls),
      category: rude,
      known,
      isCutShort: false,
    })
    expect(estimateControls(plan(null))).toBeNull()
    expect(estimateControls(plan(makeControls({ loud: [60, 0] })))).toBeNull()
    expect(estimateControls(plan(makeControls({ rude: [0, 60] })))).toMatchObject({
      failed: false,
      positives: { planned: 0, p: 1 },
      negatives: { flagged: 0 },
    })
  })

  it('are not excused by a calibration of a few examples', () => {
    expect(find(0, 60, calibrate(1, 1, 0, 0)).failed).toBe(true)
    expect(find(0, 20, calibrate(3, 10, 0, 0)).failed).toBe(true)
    expect(flag(60, 60, calibrate(0, 0, 0, 1)).failed).toBe(true)
    // From 20 on the calibration counts: a judge that found 10 of 20 then may find 10 of 20 now.
    expect(find(10, 20, calibrate(10, 20, 0, 0)).failed).toBe(false)
  })

  it('judge each part of a continued run by itself', () => {
    const plan = makePlan(makeControls({ rude: [60, 0] }))
    const known = [
      ...makeKnown({ category: 'rude', part: 1, positives: { flagged: 60 } }),
      ...makeKnown({ category: 'rude', part: 2, positives: { cleared: 60 } }),
    ]
    expect(estimateControls({ plan, category: rude, known, isCutShort: false })).toMatchObject({
      failed: true,
      positives: { planned: 120, flagged: 60 },
    })
    // A part that was cut off is judged by what it graded.
    const begun = makeKnown({ category: 'rude', part: 1, positives: { flagged: 9 } })
    const rest = makeKnown({ category: 'rude', part: 2, positives: { flagged: 60 } })
    expect(
      estimateControls({ plan, category: rude, known: [...begun, ...rest], isCutShort: false }),
    ).toMatchObject({ failed: false, positives: { planned: 69, unlabelled: 0 } })
  })

  it('don’t fail for what a run that ended before did not ask', () => {
    const plan = makePlan(makeControls({ rude: [60, 0] }))
    const known = makeKnown({ category: 'rude', positives: { flagged: 9 } })
    expect(estimateControls({ plan, category: rude, known, isCutShort: true })?.failed).toBe(false)
    expect(estimateControls({ plan, category: rude, known, isCutShort: false })?.failed).toBe(true)
  })

  it('don’t take items of a calibration for theirs', () => {
    const plan = makePlan(makeControls({ rude: [60, 0] }))
    const known = [
      ...makeKnown({ category: 'rude', positives: { flagged: 50, cleared: 10 } }),
      ...makeKnown({ category: 'rude', positives: { flagged: 10 }, purpose: 'calibration' }),
    ]
    expect(estimateControls({ plan, category: rude, known, isCutShort: false })).toMatchObject({
      failed: true,
      positives: { flagged: 50 },
    })
  })

  it('don’t take the items of another category for theirs', () => {
    const plan = makePlan(makeControls({ rude: [60, 0], loud: [60, 0] }))
    const known = makeKnown({ category: 'loud', positives: { cleared: 60 } })
    const own = makeKnown({ category: 'rude', positives: { flagged: 60 } })
    expect(
      estimateControls({ plan, category: rude, known: [...known, ...own], isCutShort: false })?.failed,
    ).toBe(false)
  })

  it('share the level with every kind of item that a category of the plan has', () => {
    expect(countControlTests({ controls: makeControls({ a: [60, 60], b: [60, 0], c: [0, 10] }) })).toBe(4)
    expect(countControlTests({ controls: null })).toBe(0)
    // 52 of 60 has p = .0098: enough for one test, not for two.
    expect(find(52, 60).failed).toBe(true)
    expect(estimate({ planned: [60, 1], positives: { flagged: 52 } }).positives.failed).toBe(false)
    expect(estimate({ planned: [60, 0], positives: { flagged: 52 }, others: { loud: [1, 0] } }).failed).toBe(
      false,
    )
  })
})

// STATISTICS of the design, by scipy 1.17 from the critical counts: binom.cdf(critical, n, .80).
describe('power', () => {
  it.each([
    [60, 0.9330384252215651],
    [30, 0.5724875624096784],
    [20, 0.37035173609733085],
  ])('%d positives find a fall from .95 to .80', (planned, power) => {
    const critical = findCritical(planned)
    expect(sum(listBinomial(planned, 0.8).slice(0, critical + 1))).toBeCloseTo(power, 10)
    expect(sum(listBinomial(planned, 0.95).slice(0, critical + 1))).toBeLessThan(0.01)
  })

  it('is less where 20 categories share the level: 60 find it with .68', () => {
    const others = Object.fromEntries(
      Array.from({ length: 19 }, (_, index) => [`c${index}`, [60, 60] as const]),
    )
    const critical = findCritical(60, { ...others, last: [60, 0] })
    expect(sum(listBinomial(60, 0.8).slice(0, critical + 1))).toBeCloseTo(0.6765967248105158, 10)
  })
})

describe('false alarms', () => {
  it.each([1, 2, 5, 20])(
    'of %d categories of 60 positives and 60 negatives come in at most 1 run of 100',
    (count) => {
      const others = Object.fromEntries(
        Array.from({ length: count - 1 }, (_, index) => [`c${index}`, [60, 60] as const]),
      )
      const passes = (parts: { positives?: KnownCounts; negatives?: KnownCounts }) =>
        !estimate({ planned: [60, 60], others, positives: { flagged: 60 }, negatives: {}, ...parts }).failed
      const chanceOf = (rate: number, isPassed: (flagged: number) => boolean) =>
        sum(listBinomial(60, rate).filter((_, flagged) => isPassed(flagged)))
      const kept =
        chanceOf(0.95, (flagged) => passes({ positives: { flagged } })) *
        chanceOf(0.05, (flagged) => passes({ negatives: { flagged } }))
      const alarm = 1 - kept ** count
      expect(alarm).toBeLessThan(0.01)
      // The level is used, as far as whole numbers of items let it.
      expect(alarm).toBeGreaterThan(0.001)
    },
  )

  /** Which numbers found fail, by the number that the calibration found. */
  const tabulate = (positives: number, planned: number, kind: 'positives' | 'negatives') =>
    Array.from({ length: positives + 1 }, (_, before) =>
      Array.from({ length: planned + 1 }, (__, flagged) =>
        kind === 'positives'
          ? find(flagged, planned, calibrate(before, positives, 0, 0)).failed
          : flag(flagged, planned, calibrate(0, 0, before, positives)).failed,
      ),
    )
  const chance = (failed: boolean[][], before: number, now: number) => {
    const first = listBinomial(failed.length - 1, before)
    const second = listBinomial((failed[0]?.length ?? 1) - 1, now)
    return sum(
      failed.map((row, found) => (first[found] ?? 0) * sum(second.filter((_, flagged) => row[flagged]))),
    )
  }
  const rates = Array.from({ length: 60 }, (_, index) => (index + 1) / 60)

  // With the binomial test at .95 wherever a calibration has found .95, a sensitivity of .90 fails 3.4 % of runs: by
  // scipy, summed over calibrations and controls of 60.
  it('don’t depend on how good the graders are: over calibrations and controls of 60 each', () => {
    const failed = tabulate(60, 60, 'positives')
    const alarms = rates.map((rate) => chance(failed, rate, rate))
    expect(Math.max(...alarms)).toBeLessThan(0.01)
    // Better graders than the calibrated ones are no alarm either.
    expect(Math.max(...rates.map((rate) => chance(failed, rate, Math.max(rate, 0.95))))).toBeLessThan(0.01)
    // And this is what it costs: by scipy .490 where .95 was measured on 60 positives only, .789 where .98 was.
    expect(chance(failed, 0.95, 0.8)).toBeCloseTo(0.49, 2)
    expect(chance(failed, 0.98, 0.8)).toBeCloseTo(0.789, 2)
  })

  it('nor on how often they flag wrongly', () => {
    const failed = tabulate(60, 40, 'negatives')
    expect(Math.max(...rates.map((rate) => chance(failed, rate, rate)))).toBeLessThan(0.01)
  })
})
