import { describe, expect, it } from '@jest/globals'
import type { State } from '../../src/estimate/observations.ts'
import {
  type CategoryStates,
  decideStates,
  decideOne as decideWith,
  makeTurns,
  type RecordStates,
} from '../estimate/records.ts'
import { defaultGate, onAnyInconclusive } from '../support/plans.ts'

/** Without early stopping: the events below lie at the beginning, where looks would find them. */
function decideOne(category: Omit<CategoryStates, 'id'>, rest: Omit<RecordStates, 'categories'> = {}) {
  return decideWith(category, { ...rest, gate: { earlyStopping: 'off', ...rest.gate } })
}

/** So many turns in which only the candidate, then so many in which only the baseline shows the behaviour. */
function makeArms(request: { candidateOnly: number; baselineOnly?: number; both?: number; turns: number }) {
  const { candidateOnly, baselineOnly = 0, both = 0, turns } = request
  const events = (count: number): [State, number] => ['event', count]
  return {
    candidate: makeTurns([events(both), events(candidateOnly)], turns),
    baseline: makeTurns([events(both), ['none', candidateOnly], events(baselineOnly)], turns),
  }
}

/** So many events, one every so often. */
function spread(events: number, turns: number): State[] {
  const every = Math.floor(turns / events)
  return makeTurns([], turns).map((state, index) => (index % every === every - 1 ? 'event' : state))
}

const calibrated = { truePositives: 54, positives: 60, falsePositives: 1, negatives: 3000 }

describe('a margin', () => {
  const decide = (arms: ReturnType<typeof makeArms>, marginPer100k: number) =>
    decideOne({ regression: false, marginPer100k, ...arms }).decided

  it('passes when the excess is shown to be smaller, fails when it is shown to be larger', () => {
    const arms = makeArms({ candidateOnly: 21, baselineOnly: 15, turns: 5000 })
    expect(decide(arms, 1000)).toBe('pass: within-margin')
    expect(decide(arms, 200)).toBe('inconclusive: underpowered')
    expect(decide(makeArms({ candidateOnly: 120, turns: 5000 }), 1000)).toBe('fail: over-margin')
  })

  it('is not passed by Tango’s bound where the exact test is larger', () => {
    // Nothing differs in 300 turns: Tango's upper bound is 0.9 %, and (1 − .01)^300 = 4.9 % is the exact p.
    expect(decide(makeArms({ candidateOnly: 0, turns: 298 }), 1000)).toBe('inconclusive: underpowered')
    expect(decide(makeArms({ candidateOnly: 0, turns: 299 }), 1000)).toBe('pass: within-margin')
  })

  it('shrinks by what the judge is sure to show of a difference', () => {
    const arms = makeArms({ candidateOnly: 38, baselineOnly: 20, turns: 5000 })
    expect(decide(arms, 1000)).toBe('pass: within-margin')
    const poor = { truePositives: 30, positives: 40, falsePositives: 0, negatives: 300 }
    expect(decideOne({ regression: false, marginPer100k: 1000, ...arms, counts: poor }).decided).toBe(
      'inconclusive: judge',
    )
  })

  it('counts what is missing towards the excess', () => {
    const arms = makeArms({ candidateOnly: 21, baselineOnly: 15, turns: 5000 })
    const lost = arms.candidate.map((state, index) => (index >= 4900 ? ('content-missing' as const) : state))
    expect(decide({ ...arms, candidate: lost }, 1000)).toBe('inconclusive: measurement')
  })
})

describe('a calibrated judge', () => {
  const states = makeArms({ candidateOnly: 0, both: 20, turns: 5000 })
  const limited = { regression: false, limitPer100k: 600, ...states }

  it('has to be allowed its misses before a limit is passed', () => {
    expect(decideOne(limited).decided).toBe('pass: within-limit')
    expect(decideOne({ ...limited, counts: calibrated }).decided).toBe('inconclusive: judge')
    expect(decideOne({ ...limited, limitPer100k: 800, counts: calibrated }).decided).toBe(
      'pass: within-limit',
    )
  })

  it('has to be allowed its false alarms before a limit is failed', () => {
    const flagged = {
      regression: false,
      limitPer100k: 500,
      ...makeArms({ candidateOnly: 0, both: 45, turns: 5000 }),
    }
    expect(decideOne(flagged).decided).toBe('fail: over-limit')
    const few = { ...calibrated, negatives: 300 }
    expect(decideOne({ ...flagged, counts: few }).decided).toBe('inconclusive: judge')
    expect(decideOne({ ...flagged, counts: calibrated }).decided).toBe('fail: over-limit')
  })

  it('that flags what is none as often as what is decides nothing', () => {
    const blind = { truePositives: 5, positives: 60, falsePositives: 25, negatives: 300 }
    const { decided, overall } = decideOne({ ...limited, counts: blind })
    expect(decided).toBe('inconclusive: judge')
    expect(overall.categories[0]?.judge).toBe('unusable')
  })

  it('without positives passes no limit, without negatives fails none', () => {
    const unknown = { truePositives: 0, positives: 0, falsePositives: 0, negatives: 0 }
    const all = {
      regression: false,
      limitPer100k: 500,
      ...makeArms({ candidateOnly: 0, both: 4999, turns: 5000 }),
    }
    expect(decideOne({ ...limited, limitPer100k: 50_000, counts: unknown }).decided).toBe(
      'inconclusive: judge',
    )
    expect(decideOne({ ...all, counts: unknown }).decided).toBe('inconclusive: judge')
  })
})

describe('an audit', () => {
  const turns = 1000
  const { candidate, baseline } = makeArms({ candidateOnly: 25, turns })
  const flags = Array.from({ length: 25 }, (_, index) => `c${index}#1`)
  const say = (present: boolean, ids: string[]) =>
    ids.map((turn) => ({ turn, arm: 'candidate' as const, category: 'only', present }))
  const decide = (audits: ReturnType<typeof say>, category = {}) => {
    const { decided, overall } = decideOne({ candidate, baseline, ...category }, { audits })
    return [decided, overall.categories[0]?.audit]
  }
  const limited = { regression: false, limitPer100k: 1000 }

  it('is pending where a FAIL rests on flags that nobody has read, and not needed where no judge labelled', () => {
    expect(decide([])).toEqual(['fail: worse-than-baseline', 'pending'])
    expect(decide([], { graders: [{ kind: 'pattern', any: ['x'] }] })).toEqual([
      'fail: worse-than-baseline',
      'not-needed',
    ])
    expect(decide([], limited)).toEqual(['fail: over-limit', 'pending'])
    expect(decide([], { ...limited, counts: calibrated })).toEqual(['fail: over-limit', 'not-needed'])
  })

  it('confirms a comparison when every flag of both arms was read', () => {
    expect(decide(say(true, flags))).toEqual(['fail: worse-than-baseline', 'confirmed'])
    expect(decide(say(true, flags.slice(1)))).toEqual(['fail: worse-than-baseline', 'pending'])
  })

  it('takes back what the judge flagged wrongly', () => {
    expect(decide([...say(false, flags.slice(0, 20)), ...say(true, flags.slice(20))])).toEqual([
      'pass: not-worse',
      null,
    ])
    expect(decide(say(false, flags.slice(0, 15)))).toEqual(['fail: worse-than-baseline', 'pending'])
  })

  it('confirms a limit by what was confirmed, whoever chose what to read', () => {
    // 20 of 1,000 are over 1 % (p = .003) whatever the other 5 flags are.
    expect(decide(say(true, flags.slice(5)), limited)).toEqual(['fail: over-limit', 'confirmed'])
    expect(decide(say(true, flags.slice(15)), limited)).toEqual(['fail: over-limit', 'pending'])
  })

  it('of one arm alone lets no comparison pass', () => {
    const both = {
      candidate: makeTurns([['event', 12]]),
      baseline: makeTurns([
        ['none', 12],
        ['event', 2],
      ]),
    }
    const audits = say(false, flags.slice(0, 12))
    expect(decideOne(both, { audits }).decided).toBe('inconclusive: judge')
    const baselineToo = ['c12#1', 'c13#1'].map((turn) => ({
      turn,
      arm: 'baseline' as const,
      category: 'only',
      present: true,
    }))
    expect(decideOne(both, { audits: [...audits, ...baselineToo] }).decided).toBe('pass: not-worse')
  })

  it('of the first flags in the seeded order stands for the rest', () => {
    // 12 confirmed ones alone are no evidence of more than 1 %; as a random half of 25 flags they are.
    expect(decide(say(true, flags.slice(0, 12)), limited)).toEqual(['fail: over-limit', 'confirmed'])
    expect(decide(say(true, flags.slice(13)), limited)).toEqual(['fail: over-limit', 'pending'])
  })
})

describe('few conversations', () => {
  it('show nothing of a comparison, however many turns they gave', () => {
    const turns = 300
    const decide = (count: number) =>
      decideOne(
        { candidate: makeTurns([['event', 281]], turns), baseline: makeTurns([], turns) },
        { conversations: Array.from({ length: turns }, (_, index) => `g${index % count}`) },
      ).decided
    expect(decide(1)).toBe('inconclusive: underpowered')
    expect(decide(6)).toBe('inconclusive: underpowered')
    expect(decide(7)).toBe('fail: worse-than-baseline')
  })
})

describe('a pass that a look has decided', () => {
  it('is withdrawn when the turns that were asked after it speak against it', () => {
    const categories = [
      {
        id: 'a',
        candidate: makeTurns(
          [
            ['none', 1500],
            ['event', 60],
          ],
          3000,
        ),
        baseline: makeTurns([], 3000),
      },
      // This one keeps the run going: just under its limit.
      { id: 'b', candidate: spread(20, 3000), baseline: makeTurns([], 3000) },
    ].map((category) => ({ ...category, regression: false, limitPer100k: 1000 }))
    const { verdict, estimates } = decideStates({ categories })
    expect(estimates[0]?.early).toMatchObject({ decision: 'pass', turns: 500 })
    expect(verdict.categories[0]).toMatchObject({ verdict: 'inconclusive', reason: 'suspect' })
  })
})

describe('what an inconclusive verdict does', () => {
  const small = { limitPer100k: 100, ...makeArms({ candidateOnly: 0, turns: 100 }) }
  const lost = { candidate: makeTurns([['content-missing', 300]]), baseline: makeTurns() }
  const conclude = (category: object, onInconclusive: Partial<typeof defaultGate.onInconclusive>) =>
    decideOne(
      { ...small, ...category },
      { gate: { onInconclusive: { ...defaultGate.onInconclusive, ...onInconclusive } } },
    ).overall.conclusion

  it('is its kind’s own policy', () => {
    expect(conclude({}, { underpowered: 'warn' })).toBe('success')
    expect(conclude({}, { measurement: 'pass', judge: 'pass', suspect: 'pass' })).toBe('failure')
    expect(conclude(lost, { measurement: 'pass' })).toBe('success')
    expect(conclude(lost, { underpowered: 'pass', judge: 'pass' })).toBe('failure')
  })

  it('is red when one of several kinds is', () => {
    const { verdict } = decideStates({
      categories: [
        { id: 'a', baseline: makeTurns(), candidate: makeTurns(), limitPer100k: 100 },
        { id: 'b', ...lost },
      ],
      gate: { onInconclusive: { ...onAnyInconclusive('fail'), underpowered: 'pass' } },
    })
    expect(verdict.reasons).toEqual(['a: underpowered', 'b: measurement'])
    expect(verdict.conclusion).toBe('failure')
  })
})

describe('a smoke run', () => {
  const smoke = { tier: 'smoke' as const }
  it('never passes, and is green when it found nothing', () => {
    const { overall, decided } = decideOne({ ...makeArms({ candidateOnly: 0, turns: 300 }) }, smoke)
    expect(decided).toBe('inconclusive: no-evidence-against')
    expect(overall).toMatchObject({ verdict: 'inconclusive', conclusion: 'success', tier: 'smoke' })
  })

  it('fails as a release does', () => {
    const { overall, decided } = decideOne({ ...makeArms({ candidateOnly: 12, turns: 300 }) }, smoke)
    expect(decided).toBe('fail: worse-than-baseline')
    expect(overall.conclusion).toBe('failure')
  })

  it('is red where it could not measure, and where one test by itself speaks against the candidate', () => {
    const lost = { candidate: makeTurns([['content-missing', 300]], 300), baseline: makeTurns([], 300) }
    expect(decideOne(lost, smoke).overall.conclusion).toBe('failure')
    const arms = makeArms({ candidateOnly: 7, turns: 300 })
    const { verdict } = decideStates({
      categories: ['a', 'b'].map((id) => ({
        id,
        ...(id === 'a' ? arms : makeArms({ candidateOnly: 0, turns: 300 })),
      })),
      ...smoke,
    })
    expect(verdict).toMatchObject({
      reasons: ['a: suspect', 'b: no-evidence-against'],
      conclusion: 'failure',
    })
  })
})

describe('point estimates', () => {
  const gate = { decideBy: 'point-estimate' as const }
  it('are compared with limit and margin as they are', () => {
    const arms = makeArms({ candidateOnly: 0, both: 9, turns: 1000 })
    expect(decideOne({ limitPer100k: 1000, ...arms }).decided).toBe('inconclusive: underpowered')
    expect(decideOne({ limitPer100k: 1000, ...arms }, { gate }).decided).toBe('pass: within-limit')
    expect(decideOne({ limitPer100k: 899, ...arms }, { gate }).decided).toBe('fail: over-limit')
    const wider = makeArms({ candidateOnly: 4, baselineOnly: 1, turns: 1000 })
    expect(decideOne({ marginPer100k: 300, ...wider }, { gate }).decided).toBe('pass: within-margin')
    expect(decideOne({ marginPer100k: 299, ...wider }, { gate }).decided).toBe('fail: over-margin')
    expect(decideOne({ marginPer100k: 299, ...wider }, { gate }).overall.decided_by).toBe('point-estimate')
  })
})

describe('a further round', () => {
  const arms = makeArms({ candidateOnly: 7, turns: 1000 })
  it('tests at α/(j(j+1)), and says what all rounds have spent', () => {
    expect(decideOne(arms).decided).toBe('fail: worse-than-baseline')
    const second = decideOne(arms, { round: 2 })
    // Less easily found worse, and no more easily passed: p = .008 is over α/6 and under α.
    expect(second.decided).toBe('inconclusive: suspect')
    expect(second.overall.alpha).toEqual({
      bounds: 0.00833333333333,
      regression: 0.00166666666667,
      spent: 0.0583333333333,
    })
    const zero = { limitPer100k: 400, ...makeArms({ candidateOnly: 0, turns: 1000 }) }
    expect(decideOne(zero).decided).toBe('pass: within-limit')
    // ln(120)/1,000 = .48 %.
    expect(decideOne(zero, { round: 2 }).decided).toBe('inconclusive: underpowered')
    expect(decideOne(arms, { round: 100 }).overall.alpha.spent).toBeLessThan(0.075)
  })
})
