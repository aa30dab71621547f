import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { binomialCdf, binomialUpperTail } from '../../src/estimate/distributions.ts'
import { boundAnytime, logEvidenceAbove, logEvidenceBelow } from '../../src/estimate/e-process.ts'
import { criticalCounts } from '../../src/estimate/planning.ts'
import {
  chooseCalibrationLevels,
  divideAlpha,
  isTooRare,
  type LimitLook,
  lookAtLimit,
  lookAtRegression,
  type StoppingMode,
} from '../../src/estimate/stopping-rule.ts'
import { listBinomial, makeRandom } from '../verdict/chance.ts'
import { expectClose } from './close.ts'

type Decision = 'pass' | 'fail' | null
type Decide = (seen: { turns: number; events: number }) => Decision

const hybrid = divideAlpha('hybrid', 0.05)

/** A look at turns that were all graded, by the hybrid rule at .05 and for a single test unless told otherwise. */
function look(seen: { turns: number; events: number } & Partial<LimitLook>): LimitLook {
  const { events, ...others } = seen
  return {
    eventsAtMost: events,
    eventsAtLeast: events,
    limit: 0.01,
    plannedTurns: 1941,
    levels: hybrid,
    failTests: 1,
    calibration: null,
    ...others,
  }
}

function judge(sensitivityLower: number, falsePositiveUpper: number) {
  return { sensitivityLower, falsePositiveUpper }
}

interface Rule {
  plannedTurns: number
  batch: number
  /** After each batch. */
  early: Decide
  /** After the last, for what is still undecided. */
  final: Decide
}

function makeHybrid({
  limit,
  plannedTurns,
  batch,
}: {
  limit: number
  plannedTurns: number
  batch: number
}): Rule {
  const atEnd = criticalCounts({ turns: plannedTurns, limit, alpha: 0.03 })
  return {
    plannedTurns,
    batch,
    early: (seen) => lookAtLimit(look({ ...seen, limit, plannedTurns })),
    final: ({ events }) => {
      if (events <= (atEnd.maxPass ?? -1)) return 'pass'
      return events >= (atEnd.minFail ?? Number.POSITIVE_INFINITY) ? 'fail' : null
    },
  }
}

/** What adding a batch makes of the chances of 0, 1, … events. */
function addBatch(chances: readonly number[], batch: readonly number[]): number[] {
  const sums = Array.from({ length: chances.length + batch.length - 1 }, () => 0)
  for (const [before, chance] of chances.entries()) {
    for (const [more, part] of batch.entries()) {
      sums[before + more] = (sums[before + more] ?? 0) + chance * part
    }
  }
  return sums
}

/** The chances of both decisions and the expected turns at a rate: exact, from the chances of every count. */
function solve(rule: Rule, rate: number): { pass: number; fail: number; turns: number } {
  const solved = { pass: 0, fail: 0, turns: 0 }
  let undecided = [1]
  for (let turns = 0; turns < rule.plannedTurns; ) {
    const trials = Math.min(rule.batch, rule.plannedTurns - turns)
    solved.turns += trials * undecided.reduce((sum, chance) => sum + chance, 0)
    turns += trials
    undecided = addBatch(undecided, listBinomial({ trials, rate })).map((chance, events) => {
      if (chance === 0) return 0
      const early = rule.early({ turns, events })
      const decision = turns < rule.plannedTurns ? early : (early ?? rule.final({ turns, events }))
      if (decision === null) return chance
      solved[decision] += chance
      return 0
    })
    while (undecided.at(-1) === 0) undecided.pop()
  }
  return solved
}

describe('divideAlpha', () => {
  it.each<[StoppingMode, number, number | null, number | null]>([
    ['hybrid', 0.05, 0.02, 0.03],
    ['hybrid', 0.01, 0.004, 0.006],
    ['hybrid', 0.025, 0.01, 0.015],
    ['anytime', 0.05, 0.05, null],
    ['off', 0.05, null, 0.05],
  ])('of %p at %p', (mode, alpha, early, final) => {
    expect(divideAlpha(mode, alpha)).toEqual({ early, final })
  })

  it('never spends more than alpha', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<StoppingMode>('hybrid', 'anytime', 'off'),
        fc.double({ min: 1e-15, max: 0.5, noNaN: true }),
        (mode, alpha) => {
          const { early, final } = divideAlpha(mode, alpha)
          expectClose((early ?? 0) + (final ?? 0), alpha, 1e-15)
        },
      ),
    )
  })

  it.each([0, 0.6, Number.NaN])('refuses an alpha of %p', (alpha) => {
    expect(() => divideAlpha('hybrid', alpha)).toThrow(RangeError)
  })
})

describe('isTooRare', () => {
  it.each([
    [10_000, 0.001, false],
    [9999, 0.001, true],
    [19_439, 0.001, false],
    [0, 0.5, true],
    [1_000_000, 0, true],
  ])('with %p turns and a limit of %p: %p', (plannedTurns, limit, expected) => {
    expect(isTooRare({ plannedTurns, limit })).toBe(expected)
  })

  it('refuses what is no number', () => {
    expect(() => isTooRare({ plannedTurns: Number.NaN, limit: 0.1 })).toThrow(RangeError)
    expect(() => isTooRare({ plannedTurns: 10, limit: Number.NaN })).toThrow(RangeError)
  })
})

describe('the hybrid rule, solved exactly', () => {
  const fine = makeHybrid({ limit: 0.01, plannedTurns: 1941, batch: 10 })

  // The project's simulations: 20,000 repetitions at a limit of .001, looking every 100 of 19,439 turns. Shares
  // of the limit, and PASS, FAIL and the expected turns in percent.
  it.each([
    [0.1, 100, 0, 34],
    [0.25, 99.5, 0, 53],
    [0.5, 74.1, 0, 84],
    [0.9, 8, 1, 98],
    [1, 3.6, 3, 98],
    [1.1, 1.7, 7, 98],
    [2, 0, 95.7, 54],
    [5, 0, 100, 7],
  ])('at %p of the limit decides as often and as soon as it was simulated', (share, pass, fail, turns) => {
    const plannedTurns = 19_439
    const exact = solve(makeHybrid({ limit: 0.001, plannedTurns, batch: 100 }), share * 0.001)
    expect(Math.abs(100 * exact.pass - pass)).toBeLessThan(1.1)
    expect(Math.abs(100 * exact.fail - fail)).toBeLessThan(1.1)
    expect(Math.abs((100 * exact.turns) / plannedTurns - turns)).toBeLessThan(1.1)
  })

  it('errs at the limit with a chance under alpha on either side, near the simulated 3.6 and 3 %', () => {
    const { pass, fail } = solve(fine, 0.01)
    expect(pass).toBeLessThanOrEqual(0.05)
    expect(fail).toBeLessThanOrEqual(0.05)
    expect(Math.abs(pass - 0.036)).toBeLessThan(0.008)
    expect(Math.abs(fail - 0.03)).toBeLessThan(0.008)
  })

  it('keeps its early part to its level when looked at after every turn, far past the plan', () => {
    const plannedTurns = 800
    const endless: Rule = {
      plannedTurns,
      batch: 1,
      early: (seen) => {
        const levels = { early: 0.02, final: null }
        return lookAtLimit(look({ ...seen, limit: 0.15, plannedTurns, levels }))
      },
      final: () => null,
    }
    const { pass, fail } = solve(endless, 0.15)
    expect(pass).toBeLessThanOrEqual(0.02)
    expect(fail).toBeLessThanOrEqual(0.02)
    // It would be no test of the threshold if the rule hardly ever decided.
    expect(Math.min(pass, fail)).toBeGreaterThan(0.008)
  })

  it('is not what peeking with the bounds of a single look does', () => {
    // Within or above the limit is where the tail of the binomial is under alpha: what the bounds invert.
    const within: Decide = ({ turns, events }) =>
      binomialCdf({ events, trials: turns, rate: 0.01 }) <= 0.05 ? 'pass' : null
    const above: Decide = ({ turns, events }) =>
      binomialUpperTail({ events, trials: turns, rate: 0.01 }) < 0.05 ? 'fail' : null
    expect(solve({ ...fine, early: within, final: () => null }, 0.01).pass).toBeGreaterThan(0.1)
    expect(solve({ ...fine, early: above, final: () => null }, 0.01).fail).toBeGreaterThan(0.1)
  })
})

interface Counts {
  turns: number
  eventsAtMost: number
  eventsAtLeast: number
}

/**
 * Runs a rule once, at a rate at which an event is graded with a chance of `gradedEvents`, and what isn't one
 * always.
 */
function simulate(run: {
  decide: (counts: Counts) => Decision
  plannedTurns: number
  batch: number
  rate: number
  gradedEvents: number
  random: () => number
}): Decision {
  const { decide, plannedTurns, batch, rate, gradedEvents, random } = run
  const counts = { turns: 0, eventsAtMost: 0, eventsAtLeast: 0 }
  // Turns up to the next event, geometric: far fewer draws than one for every turn.
  const drawGap = () => 1 + Math.floor(Math.log(1 - random()) / Math.log1p(-rate))
  let nextEvent = drawGap()
  while (counts.turns < plannedTurns) {
    counts.turns = Math.min(counts.turns + batch, plannedTurns)
    for (; nextEvent <= counts.turns; nextEvent += drawGap()) {
      counts.eventsAtMost += 1
      if (random() < gradedEvents) counts.eventsAtLeast += 1
    }
    const decision = decide(counts)
    if (decision !== null) return decision
  }
  return null
}

describe('the hybrid rule, simulated', () => {
  const plannedTurns = 1941
  const rule = makeHybrid({ limit: 0.01, plannedTurns, batch: 10 })
  const runs = 2000
  const known = new Map<number, Decision>()

  function decide({ turns, eventsAtMost, eventsAtLeast }: Counts): Decision {
    const early = lookAtLimit(look({ turns, events: 0, eventsAtMost, eventsAtLeast }))
    if (early !== null || turns < plannedTurns) return early
    if (rule.final({ turns, events: eventsAtMost }) === 'pass') return 'pass'
    return rule.final({ turns, events: eventsAtLeast }) === 'fail' ? 'fail' : null
  }

  // The same counts come again and again.
  function recall(counts: Counts): Decision {
    const key = (counts.turns * plannedTurns + counts.eventsAtMost) * plannedTurns + counts.eventsAtLeast
    const earlier = known.get(key)
    if (earlier !== undefined) return earlier
    const decision = decide(counts)
    known.set(key, decision)
    return decision
  }

  function count(gradedEvents: number, seed: number): { pass: number; fail: number } {
    const random = makeRandom(seed)
    const run = { decide: recall, plannedTurns, batch: rule.batch, rate: 0.01, gradedEvents, random }
    const decisions = Array.from({ length: runs }, () => simulate(run))
    return {
      pass: decisions.filter((decision) => decision === 'pass').length / runs,
      fail: decisions.filter((decision) => decision === 'fail').length / runs,
    }
  }

  it('errs as often as solved, and no more often when it is events that go missing', () => {
    const exact = solve(rule, 0.01)
    const complete = count(1, 20_261)
    // Four standard errors.
    expect(Math.abs(complete.pass - exact.pass)).toBeLessThan(0.017)
    expect(Math.abs(complete.fail - exact.fail)).toBeLessThan(0.017)
    const incomplete = count(0.8, 20_262)
    expect(Math.abs(incomplete.pass - exact.pass)).toBeLessThan(0.017)
    expect(incomplete.fail).toBeLessThan(exact.fail)
  })
})

describe('lookAtLimit', () => {
  it('passes and fails where the bounds that hold at every look do', () => {
    const samples = fc.tuple(fc.nat(40), fc.nat(1900), fc.constantFrom(0.005, 0.01, 0.1, 0.4))
    fc.assert(
      fc.property(samples, ([events, others, limit]) => {
        const seen = { turns: events + others, events, limit, levels: divideAlpha('anytime', 0.05) }
        const { lower, upper } = boundAnytime({ events, turns: seen.turns, alpha: 0.05 })
        const expected = lower > limit ? 'fail' : upper < limit ? 'pass' : null
        expect(lookAtLimit(look(seen))).toBe(expected)
      }),
      { numRuns: 500 },
    )
  })

  it('counts what is missing against either decision', () => {
    const seen = { turns: 600, events: 0 }
    expect(lookAtLimit(look(seen))).toBe('pass')
    expect(lookAtLimit(look({ ...seen, eventsAtMost: 1 }))).toBeNull()
    const failing = { turns: 200, events: 12 }
    expect(lookAtLimit(look(failing))).toBe('fail')
    expect(lookAtLimit(look({ ...failing, eventsAtLeast: 3 }))).toBeNull()
  })

  it('fails at the count that would fail at the end, divided among the tests, and at none before', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 4, 20), fc.constantFrom(0.01, 0.02, 0.3), (failTests, limit) => {
        const { minFail } = criticalCounts({ turns: 1941, limit, alpha: 0.03 / failTests })
        const events = minFail ?? Number.NaN
        const seen = { turns: 1900, limit, failTests }
        expect(lookAtLimit(look({ ...seen, events }))).toBe('fail')
        expect(lookAtLimit(look({ ...seen, events: events - 1 }))).toBeNull()
        // Without a final look there is nothing to be certain of, and a judge's flags aren't events.
        const levels = { early: hybrid.early, final: null }
        expect(lookAtLimit(look({ ...seen, events, levels }))).toBeNull()
        const calibration = judge(1, 0)
        expect(lookAtLimit(look({ ...seen, events, calibration }))).toBeNull()
      }),
    )
  })

  it('needs more for a FAIL of many tests, but no more for a PASS', () => {
    expect(lookAtLimit(look({ turns: 100, events: 6 }))).toBe('fail')
    expect(lookAtLimit(look({ turns: 100, events: 6, failTests: 40 }))).toBeNull()
    expect(lookAtLimit(look({ turns: 600, events: 0, failTests: 40 }))).toBe('pass')
  })

  it('with a calibration passes below the flags of the limit, fails above them with the false ones', () => {
    const calibration = judge(0.7, 0.004)
    const samples = fc.tuple(fc.nat(60), fc.nat(1800), fc.constantFrom(1, 6))
    fc.assert(
      fc.property(samples, ([events, others, failTests]) => {
        const turns = events + others
        // .02 less the .005 of the calibration.
        const passes = logEvidenceBelow({ events, turns, limit: 0.007 }) >= Math.log(1 / 0.015)
        const fails =
          logEvidenceAbove({ events, turns, limit: 0.01 + 0.99 * 0.004 }) >= Math.log(failTests / 0.015)
        expect(lookAtLimit(look({ turns, events, failTests, calibration }))).toBe(
          fails ? 'fail' : passes ? 'pass' : null,
        )
      }),
      { numRuns: 500 },
    )
  })

  it('decides nothing early when it is off or the calibration takes all of the early level', () => {
    for (const events of [0, 300]) {
      expect(lookAtLimit(look({ turns: 1900, events, levels: divideAlpha('off', 0.05) }))).toBeNull()
      const calibration = judge(1, 0)
      const levels = { early: 0.005, final: 0.05 }
      expect(lookAtLimit(look({ turns: 1900, events, levels, calibration }))).toBeNull()
    }
  })

  it.each<[string, Partial<LimitLook>, Decision, Decision]>([
    ['a limit of 0', { limit: 0 }, null, 'fail'],
    ['a limit of 1', { limit: 1 }, null, null],
    ['a limit above 1', { limit: 2 }, null, null],
    ['a limit of 0 and a few false alarms', { limit: 0, calibration: judge(1, 0.02) }, null, null],
    ['a limit of 0 and no false alarms', { limit: 0, calibration: judge(1, 0) }, null, 'fail'],
    ['a blind judge', { calibration: judge(0, 0) }, null, 'fail'],
    ['a judge that may flag all', { calibration: judge(1, 1) }, 'pass', null],
  ])('at %s decides without events and with 30 in 1000', (_, rule, without, withSome) => {
    expect(lookAtLimit(look({ turns: 1000, events: 0, ...rule }))).toBe(without)
    expect(lookAtLimit(look({ turns: 1000, events: 30, ...rule }))).toBe(withSome)
  })

  it('decides nothing without turns', () => {
    for (const limit of [0, 0.01, 1]) expect(lookAtLimit(look({ turns: 0, events: 0, limit }))).toBeNull()
    expect(lookAtLimit(look({ turns: 0, events: 0, plannedTurns: 0 }))).toBeNull()
  })

  it.each<Partial<LimitLook>>([
    { eventsAtLeast: 2 },
    { eventsAtMost: 11 },
    { turns: 1942 },
    { turns: 9.5 },
    { limit: -0.1 },
    { limit: Number.NaN },
    { failTests: 0 },
    { plannedTurns: Number.NaN },
    { calibration: judge(Number.NaN, 0) },
    { calibration: judge(1, 1.1) },
  ])('refuses %p', (wrong) => {
    expect(() => lookAtLimit(look({ turns: 10, events: 1, ...wrong }))).toThrow(RangeError)
  })
})

describe('chooseCalibrationLevels', () => {
  it('spends a tenth of alpha, the false positives’ divided among the tests', () => {
    expect(chooseCalibrationLevels({ levels: hybrid, failTests: 1 })).toEqual({
      sensitivity: 0.005,
      falsePositive: 0.005,
    })
    const anytime = divideAlpha('anytime', 0.02)
    expect(chooseCalibrationLevels({ levels: anytime, failTests: 4 })).toEqual({
      sensitivity: 0.002,
      falsePositive: 0.0005,
    })
    expect(chooseCalibrationLevels({ levels: divideAlpha('off', 0.05), failTests: 1 })).toBeNull()
    expect(() => chooseCalibrationLevels({ levels: hybrid, failTests: 0 })).toThrow(RangeError)
  })
})

describe('lookAtRegression', () => {
  const levels = divideAlpha('hybrid', 0.01)
  const decide = (candidateOnlyAtLeast: number, baselineOnlyAtMost: number, failTests = 1) =>
    lookAtRegression({ candidateOnlyAtLeast, baselineOnlyAtMost, levels, failTests })

  it('fails at 1/level of the evidence, times the tests', () => {
    // By hand: (1.2^b + 1.5^b + 1.8^b)/3 is 140.3 at b = 10 and 245.5, 432.7, 765.6 at 11, 12, 13; 1/.004 is 250.
    expect([10, 11, 12].map((events) => decide(events, 0))).toEqual([null, null, 'fail'])
    expect([12, 13].map((events) => decide(events, 0, 3))).toEqual([null, 'fail'])
    expect(decide(12, 1)).toBeNull()
  })

  it('decides nothing without discordant pairs, for a better candidate and when it is off', () => {
    expect(decide(0, 0)).toBeNull()
    expect(decide(0, 1000)).toBeNull()
    const off = divideAlpha('off', 0.01)
    expect(
      lookAtRegression({ candidateOnlyAtLeast: 1000, baselineOnlyAtMost: 0, levels: off, failTests: 1 }),
    ).toBeNull()
  })

  it('fails a candidate that is as good with a chance of at most the level, looked at after each pair', () => {
    const rule: Rule = {
      plannedTurns: 500,
      batch: 1,
      early: ({ turns, events }) => decide(events, turns - events),
      final: () => null,
    }
    const { fail } = solve(rule, 0.5)
    expect(fail).toBeLessThanOrEqual(0.004)
    expect(fail).toBeGreaterThan(0.002)
    expect(solve(rule, 0.7).fail).toBeGreaterThan(0.99)
  })

  it('refuses what is no count', () => {
    expect(() => decide(-1, 0)).toThrow(RangeError)
    expect(() => decide(0, 0.5)).toThrow(RangeError)
    expect(() => decide(1, 0, 0)).toThrow(RangeError)
  })
})
