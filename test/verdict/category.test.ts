import { describe, expect, it } from '@jest/globals'
import type { State } from '../../src/estimate/observations.ts'
import { decideOne, fillStates, makeTurns } from '../estimate/records.ts'

describe('the verdict on one category', () => {
  const one = (...parts: Parameters<typeof decideOne>) => decideOne(...parts).decided

  it('passes what is not worse, and what is within its limit too', () => {
    expect(one({ baseline: makeTurns(), candidate: makeTurns() })).toBe('pass: not-worse')
    // .01 needs p = 1/128: seven more of its own, and nothing the other way.
    expect(one({ baseline: makeTurns(), candidate: makeTurns([['event', 6]]) })).toBe('pass: not-worse')
    const four = makeTurns([['event', 4]])
    // 4 of 1,000 are at most .913 %, 5 at most 1.048 %.
    expect(one({ limitPer100k: 1000, baseline: four, candidate: four })).toBe('pass: within-limit')
    expect(
      one({
        limitPer100k: 100_000,
        baseline: makeTurns([['event', 1000]]),
        candidate: makeTurns([['event', 1000]]),
      }),
    ).toBe('pass: within-limit')
  })

  it('fails what is worse: 7 against 0 has p = 1/128', () => {
    expect(one({ baseline: makeTurns(), candidate: makeTurns([['event', 7]]) })).toBe(
      'fail: worse-than-baseline',
    )
    const against = (baselineOnly: number) =>
      makeTurns([
        ['none', 20],
        ['event', baselineOnly],
      ])
    // 10 against 1: 12/2048 = .0059; 9 against 1: 11/1024 = .0107.
    expect(one({ baseline: against(1), candidate: makeTurns([['event', 10]]) })).toBe(
      'fail: worse-than-baseline',
    )
    expect(one({ baseline: against(1), candidate: makeTurns([['event', 9]]) })).toBe('pass: not-worse')
  })

  it('fails at p = α itself', () => {
    const gate = { regressionAlpha: 1 / 128 }
    expect(one({ baseline: makeTurns(), candidate: makeTurns([['event', 7]]) }, { gate })).toBe(
      'fail: worse-than-baseline',
    )
    expect(
      one(
        { baseline: makeTurns(), candidate: makeTurns([['event', 7]]) },
        { gate: { regressionAlpha: 1 / 129 } },
      ),
    ).toBe('pass: not-worse')
  })

  it('fails what is over its limit, and asks one that is neither over nor under for more turns', () => {
    const decide = (events: number) => {
      const states = makeTurns([['event', events]])
      return one({ limitPer100k: 1000, baseline: states, candidate: states })
    }
    // P(X ≥ 18 | 1000, .01) = .0138, 17: .0264, 16: .0479, 15: .0824; Holm doubles it, as there are two tests.
    expect(decide(18)).toBe('fail: over-limit')
    expect(decide(17)).toBe('inconclusive: suspect')
    expect(decide(16)).toBe('inconclusive: suspect')
    expect(decide(15)).toBe('inconclusive: underpowered')
    expect(decide(5)).toBe('inconclusive: underpowered')
    expect(decide(4)).toBe('pass: within-limit')
  })

  it('passes U = Y, and does not fail L = Y', () => {
    const states = makeTurns([['event', 30]])
    const bounds = decideOne({ baseline: states, candidate: states }).estimate.candidate
    const at = (limitPer100k: number) =>
      one({ role: 'watch', limitPer100k, baseline: states, candidate: states })
    expect(at(bounds.upperPer100k)).toBe('pass: within-limit')
    expect(at(bounds.upperPer100k * (1 - 1e-9))).toBe('inconclusive: underpowered')
    expect(at(bounds.lowerPer100k * (1 + 1e-9))).toBe('inconclusive: underpowered')
    expect(at(bounds.lowerPer100k * (1 - 1e-9))).toBe('fail: over-limit')
  })

  it('passes no limit of 0, and fails it with one event', () => {
    expect(one({ limitPer100k: 0, baseline: makeTurns(), candidate: makeTurns() })).toBe(
      'inconclusive: underpowered',
    )
    const one0 = makeTurns([['event', 1]])
    expect(one({ limitPer100k: 0, baseline: one0, candidate: one0 })).toBe('fail: over-limit')
  })

  it('suspects what is worse by its own test alone', () => {
    // 1/128 alone, 1/64 among two tests, against .01.
    const candidate = makeTurns([['event', 7]])
    expect(one({ limitPer100k: 50_000, baseline: makeTurns(), candidate })).toBe('inconclusive: suspect')
    expect(one({ limitPer100k: 50_000, baseline: makeTurns(), candidate: makeTurns([['event', 8]]) })).toBe(
      'fail: worse-than-baseline',
    )
  })

  it('is not sure where what is missing could make it worse or lift it over the limit', () => {
    const lost = makeTurns([
      ['event', 2],
      ['content-missing', 5],
    ])
    expect(one({ baseline: makeTurns(), candidate: lost })).toBe('inconclusive: measurement')
    expect(
      one({
        baseline: makeTurns(),
        candidate: makeTurns([
          ['event', 2],
          ['content-missing', 4],
        ]),
      }),
    ).toBe('pass: not-worse')
    // 2 of 995 are at most .632 %, 7 of 1,000 at most 1.31 %.
    expect(
      one({
        limitPer100k: 1000,
        baseline: lost,
        candidate: makeTurns([
          ['event', 2],
          ['content-missing', 5],
        ]),
      }),
    ).toBe('inconclusive: measurement')
    const shared = makeTurns([
      ['event', 8],
      ['content-missing', 5],
    ])
    expect(one({ limitPer100k: 1000, baseline: makeTurns([['event', 13]]), candidate: shared })).toBe(
      'inconclusive: underpowered',
    )
  })

  it('counts what is missing in the baseline as absent for a PASS and as present for a FAIL', () => {
    const candidate = makeTurns([['event', 10]])
    expect(one({ baseline: makeTurns([['event', 10]]), candidate })).toBe('pass: not-worse')
    expect(one({ baseline: makeTurns([['content-missing', 10]]), candidate })).toBe(
      'inconclusive: measurement',
    )
    expect(one({ baseline: makeTurns([['content-missing', 3]]), candidate })).toBe(
      'fail: worse-than-baseline',
    )
    expect(one({ baseline: makeTurns([['content-missing', 4]]), candidate })).toBe(
      'inconclusive: measurement',
    )
  })

  it('is not made worse or better by transport failures within the budget', () => {
    const lost = makeTurns([['transport-missing', 10]])
    expect(one({ limitPer100k: 1000, baseline: lost, candidate: lost })).toBe('pass: within-limit')
    const more = makeTurns([['transport-missing', 11]])
    expect(one({ limitPer100k: 1000, baseline: more, candidate: more })).toBe('inconclusive: measurement')
    const worse = makeTurns([
      ['transport-missing', 10],
      ['event', 12],
    ])
    expect(one({ baseline: lost, candidate: worse })).toBe('fail: worse-than-baseline')
  })

  it('decides nothing where a turn was not asked, not even what is plain', () => {
    const worse = makeTurns([['event', 500]])
    expect(one({ baseline: makeTurns([['not-asked', 1]]), candidate: makeTurns() })).toBe(
      'inconclusive: not-asked',
    )
    expect(
      one({
        baseline: makeTurns(),
        candidate: makeTurns([
          ['not-asked', 1],
          ['event', 500],
        ]),
      }),
    ).toBe('inconclusive: not-asked')
    expect(
      one({
        limitPer100k: 1000,
        baseline: makeTurns([
          ['none', 999],
          ['not-asked', 1],
        ]),
        candidate: worse,
      }),
    ).toBe('inconclusive: not-asked')
  })

  it('says whether the judge or the endpoint left an arm without a label', () => {
    const none: State[] = fillStates([['content-missing', 10]])
    const down: State[] = fillStates([['transport-missing', 10]])
    const full = makeTurns([], 10)
    expect(one({ baseline: full, candidate: none })).toBe('inconclusive: judge')
    expect(one({ baseline: none, candidate: full })).toBe('inconclusive: judge')
    expect(one({ baseline: full, candidate: down })).toBe('inconclusive: measurement')
    expect(one({ baseline: down, candidate: full })).toBe('inconclusive: measurement')
    expect(one({ baseline: full, candidate: down }, { missingOf: { candidate: 'judge' } })).toBe(
      'inconclusive: judge',
    )
    expect(one({ baseline: full, candidate: none }, { missingOf: { candidate: 'completion' } })).toBe(
      'inconclusive: measurement',
    )
    // One completion that never came does not make it the endpoint's fault that the judge labelled nothing.
    expect(one({ baseline: makeTurns([['transport-missing', 1]], 10), candidate: none })).toBe(
      'inconclusive: judge',
    )
    expect(one({ baseline: [], candidate: [] })).toBe('inconclusive: measurement')
  })

  it('compares nothing where no turn was graded in both arms', () => {
    // At their worst three turns of its own are p = 1/8: no proof of worse, and no pass without a pair either.
    const apart = fillStates([
      ['none', 3],
      ['content-missing', 3],
    ])
    expect(one({ baseline: apart, candidate: apart.toReversed() })).toBe('inconclusive: measurement')
  })

  it('fails what is over its limit even without a baseline, and passes nothing without one', () => {
    const baseline = fillStates([['transport-missing', 1000]])
    expect(one({ limitPer100k: 1000, baseline, candidate: makeTurns([['event', 100]]) })).toBe(
      'fail: over-limit',
    )
    expect(one({ limitPer100k: 1000, baseline, candidate: makeTurns() })).toBe('inconclusive: measurement')
    expect(one({ baseline, candidate: makeTurns([['event', 100]]) })).toBe('inconclusive: measurement')
  })
})
