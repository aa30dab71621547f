import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { estimateCategories } from '../../src/estimate/estimate.ts'
import type { State } from '../../src/estimate/observations.ts'
import type { Trail } from '../../src/grade/trail.ts'
import type { Arm } from '../../src/ports.ts'
import type { AuditLine, RunRecord } from '../../src/record/schema.ts'
import { decideVerdict } from '../../src/verdict/decide.ts'
import {
  type CategoryStates,
  fillStates,
  makeRecord,
  makeTurns,
  type RecordStates,
} from '../estimate/records.ts'

type Places = readonly number[]

/** What people say of an arm's turns, by their places. */
type Said = Partial<Record<Arm, { present?: Places; absent?: Places }>>

interface Review extends Omit<CategoryStates, 'id'> {
  /** Where the votes were split, so that there is something to read beside the flags. */
  split: Record<Arm, Places>
  rest?: Omit<RecordStates, 'categories'>
}

const splitVotes: Trail = { steps: [{ present: 1, absent: 1, missing: 0 }], secondOpinion: null, again: null }
const off = { earlyStopping: 'off' } as const

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index)
}

function record({ split, rest, ...category }: Review, said: Said = {}): RunRecord {
  const made = makeRecord({ gate: off, ...rest, categories: [{ id: 'only', ...category }] })
  const isSplit = (arm: Arm, turn: string) => split[arm].some((place) => turn === `c${place}#1`)
  const audits = (['baseline', 'candidate'] as const).flatMap((arm): AuditLine[] => {
    const { present = [], absent = [] } = said[arm] ?? {}
    const say = (places: Places, is: boolean) =>
      places.map((place) => ({ turn: `c${place}#1`, arm, category: 'only', present: is }))
    return [...say(present, true), ...say(absent, false)]
  })
  const outcomes = made.outcomes.map((outcome) =>
    isSplit(outcome.arm, outcome.turn) ? { ...outcome, trail: splitVotes } : outcome,
  )
  return { ...made, outcomes, audits }
}

function decide(review: Review, said?: Said) {
  const measured = record(review, said)
  const estimates = estimateCategories(measured)
  const verdict = decideVerdict(measured.summary, estimates)
  const [estimate] = estimates
  const [only] = verdict.categories
  if (estimate === undefined || only === undefined) throw new Error('a category went missing')
  return { decided: `${only.verdict}: ${only.reason}`, audit: only.audit, estimate, verdict }
}

const none = { baseline: [], candidate: [] }

describe('turns that nobody flagged, read', () => {
  // Twelve events in the candidate alone: worse, p = 2^-12. Ten turns of either arm were split.
  const worse: Review = {
    candidate: makeTurns([['event', 12]]),
    baseline: makeTurns(),
    split: { candidate: range(100, 10), baseline: range(200, 10) },
  }

  it('of both arms, every one, are what people said', () => {
    const said = {
      candidate: { absent: range(100, 10) },
      baseline: { present: range(200, 10) },
    }
    const { decided, estimate } = decide(worse, said)
    expect(estimate.regression.observed).toEqual({ candidateOnly: 12, baselineOnly: 10 })
    expect(estimate.baseline).toMatchObject({
      events: 10,
      audit: { others: { listed: 10, read: 10, found: 10 } },
    })
    expect(decided).toBe('pass: not-worse')
  })

  it.each<[string, Said]>([
    ['the baseline’s alone', { baseline: { present: range(200, 10) } }],
    [
      'the baseline’s, and all of the candidate’s but one',
      {
        baseline: { present: range(200, 10) },
        candidate: { absent: range(100, 9) },
      },
    ],
    ['the candidate’s alone, as absent', { candidate: { absent: range(100, 10) } }],
  ])('never take a FAIL back where they are %s', (_, said) => {
    expect(decide(worse).decided).toBe('fail: worse-than-baseline')
    const { decided, audit, estimate } = decide(worse, said)
    expect(decided).toBe('fail: worse-than-baseline')
    expect(audit).toBe('pending')
    expect(estimate.regression.observed).toEqual({ candidateOnly: 12, baselineOnly: 0 })
  })

  it('keep a FAIL pending while only some are read, though every flag is', () => {
    const flags = { candidate: { present: range(0, 12) } }
    expect(decide(worse, flags).audit).toBe('confirmed')
    expect(decide(worse, { ...flags, baseline: { absent: [200] } }).audit).toBe('pending')
    const all = {
      candidate: { present: range(0, 12), absent: range(100, 10) },
      baseline: { absent: range(200, 10) },
    }
    expect(decide(worse, all)).toMatchObject({ decided: 'fail: worse-than-baseline', audit: 'confirmed' })
  })

  it('make no comparison fail by one arm alone', () => {
    const alike: Review = { ...worse, candidate: makeTurns() }
    const { decided, estimate } = decide(alike, { candidate: { present: range(100, 10) } })
    expect(estimate.candidate.events).toBe(10)
    expect(estimate.regression.observed).toEqual({ candidateOnly: 0, baselineOnly: 0 })
    expect(decided).toBe('inconclusive: judge')
    const both = { candidate: { present: range(100, 10) }, baseline: { absent: range(200, 10) } }
    expect(decide(alike, both).decided).toBe('fail: worse-than-baseline')
  })

  it('let nothing pass that passed unread, until all are', () => {
    const alike: Review = { ...worse, candidate: makeTurns() }
    expect(decide(alike).decided).toBe('pass: not-worse')
    expect(decide(alike, { candidate: { absent: [100] } }).decided).toBe('inconclusive: judge')
    expect(decide(alike, { candidate: { absent: range(100, 10) } }).decided).toBe('inconclusive: judge')
    const all = { candidate: { absent: range(100, 10) }, baseline: { absent: range(200, 10) } }
    expect(decide(alike, all).decided).toBe('pass: not-worse')
  })

  it('are nobody’s business in a category without any', () => {
    expect(decide({ ...worse, candidate: makeTurns(), split: none }).decided).toBe('pass: not-worse')
  })
})

describe('a limit', () => {
  const limited: Review = {
    regression: false,
    limitPer100k: 1000,
    candidate: makeTurns([['event', 3]]),
    baseline: makeTurns(),
    split: { candidate: range(100, 30), baseline: range(200, 5) },
  }

  it('always has what people found in the candidate counted against it', () => {
    expect(decide(limited).decided).toBe('pass: within-limit')
    expect(decide(limited, { candidate: { present: [100, 101, 102] } }).decided).toBe(
      'inconclusive: underpowered',
    )
    const many = decide(limited, { candidate: { present: range(100, 30) } })
    expect(many.decided).toBe('fail: over-limit')
    expect(many.estimate.candidate.events).toBe(33)
    // 30 of 1,000 are more than 1 % whatever the three flags are, which nobody has read.
    expect(many.audit).toBe('confirmed')
  })

  it('passes only once both arms’ are read', () => {
    const candidate = { absent: range(100, 30) }
    expect(decide(limited, { candidate }).decided).toBe('inconclusive: judge')
    expect(decide(limited, { baseline: { absent: range(200, 5) } }).decided).toBe('inconclusive: judge')
    expect(decide(limited, { candidate, baseline: { absent: range(200, 5) } }).decided).toBe(
      'pass: within-limit',
    )
  })

  it('is not passed by saying of some turns without a label that they are none', () => {
    // Thirty that the judge could not tell, at their worst 3.3 %.
    const untold: Review = {
      ...limited,
      candidate: makeTurns([
        ['event', 3],
        ['none', 97],
        ['content-missing', 30],
      ]),
    }
    const candidate = { absent: range(100, 30) }
    expect(decide(untold).decided).toBe('inconclusive: measurement')
    const one = decide(untold, { candidate })
    expect(one.decided).toBe('inconclusive: measurement')
    expect(one.estimate.candidate.graded).toBe(970)
    const both = decide(untold, { candidate, baseline: { absent: range(200, 5) } })
    expect(both.decided).toBe('pass: within-limit')
    expect(both.estimate.candidate).toMatchObject({ graded: 1000, missing: { content: 0 } })
  })

  it('counts what was found as confirmed where nothing is known of false alarms', () => {
    const positivesOnly = { truePositives: 60, positives: 60, falsePositives: 0, negatives: 0 }
    const counts = { ...limited, counts: positivesOnly }
    expect(decide({ ...counts, candidate: makeTurns([['event', 33]]), split: none }).decided).toBe(
      'inconclusive: judge',
    )
    expect(decide(counts, { candidate: { present: range(100, 30) } })).toMatchObject({
      decided: 'fail: over-limit',
      audit: 'confirmed',
    })
  })

  it('has what was found confirmed in a weighted sample too', () => {
    const weights = range(0, 1000).map((place) => (place % 2 === 0 ? 0.5 : 1.5))
    const found = decide({ ...limited, rest: { weights } }, { candidate: { present: range(100, 30) } })
    expect(found.estimate.method).toBe('weighted')
    expect(found.estimate.limit?.audit.pConfirmed).toBeLessThan(0.001)
    expect(found).toMatchObject({ decided: 'fail: over-limit', audit: 'confirmed' })
  })

  it('with a judge whose labels say nothing says nothing, whatever was found', () => {
    const blind = { truePositives: 5, positives: 60, falsePositives: 25, negatives: 300 }
    const review = { ...limited, limitPer100k: 50_000, counts: blind, candidate: makeTurns() }
    const all = { candidate: { present: [100], absent: range(101, 29) }, baseline: { absent: range(200, 5) } }
    expect(decide(review).decided).toBe('inconclusive: judge')
    expect(decide(review, all).decided).toBe('inconclusive: judge')
  })
})

describe('a margin', () => {
  const wide: Review = {
    regression: false,
    marginPer100k: 1000,
    candidate: makeTurns([['event', 60]], 5000),
    baseline: makeTurns([], 5000),
    split: { candidate: range(1000, 5), baseline: range(2000, 60) },
  }

  it('is not met by what was found in the baseline alone', () => {
    expect(decide(wide).decided).toBe('inconclusive: underpowered')
    const baseline = { present: range(2000, 60) }
    expect(decide(wide, { baseline }).decided).toBe('inconclusive: underpowered')
    expect(decide(wide, { baseline, candidate: { absent: range(1000, 4) } }).decided).toBe(
      'inconclusive: underpowered',
    )
    expect(decide(wide, { baseline, candidate: { absent: range(1000, 5) } }).decided).toBe(
      'pass: within-margin',
    )
  })

  it('that was met is open again while some are read', () => {
    const met = { ...wide, candidate: makeTurns([], 5000) }
    expect(decide(met).decided).toBe('pass: within-margin')
    expect(decide(met, { baseline: { present: [2000] } }).decided).toBe('inconclusive: judge')
  })
})

describe('without error control', () => {
  const rest = { gate: { ...off, decideBy: 'point-estimate' } } as const
  const states = {
    candidate: makeTurns([['event', 12]]),
    baseline: makeTurns([
      ['none', 12],
      ['event', 2],
    ]),
  }

  it('flags of one arm alone, and others in part, pass no comparison', () => {
    const margin: Review = { regression: false, marginPer100k: 500, ...states, split: none, rest }
    expect(decide(margin).decided).toBe('fail: over-margin')
    expect(decide(margin, { candidate: { absent: range(0, 12) } }).decided).toBe('inconclusive: judge')
    const beside: Review = { ...margin, split: { candidate: [500], baseline: range(600, 20) } }
    expect(decide(beside, { baseline: { present: range(600, 20) } }).decided).toBe('fail: over-margin')
  })

  it('others in part pass no limit', () => {
    const limit: Review = {
      regression: false,
      limitPer100k: 2000,
      ...states,
      split: { candidate: [500], baseline: [600] },
      rest,
    }
    expect(decide(limit).decided).toBe('pass: within-limit')
    expect(decide(limit, { candidate: { absent: [500] } }).decided).toBe('inconclusive: judge')
    expect(decide(limit, { candidate: { absent: [500] }, baseline: { absent: [600] } }).decided).toBe(
      'pass: within-limit',
    )
  })
})

describe('a smoke run', () => {
  it('is not green by what was read in part', () => {
    const review: Review = {
      candidate: makeTurns([['event', 12]]),
      baseline: makeTurns(),
      split: { candidate: [100], baseline: range(200, 12) },
      rest: { tier: 'smoke' },
    }
    expect(decide(review).decided).toBe('fail: worse-than-baseline')
    expect(decide(review, { baseline: { present: range(200, 12) } }).decided).toBe(
      'fail: worse-than-baseline',
    )
    const quiet = { ...review, candidate: makeTurns() }
    expect(decide(quiet).decided).toBe('inconclusive: no-evidence-against')
    const read = decide(quiet, { candidate: { absent: [100] } })
    expect(read.decided).toBe('inconclusive: judge')
    expect(read.verdict.conclusion).toBe('failure')
  })
})

describe('looks', () => {
  const gate = { earlyStopping: 'hybrid', stopAtFirstFail: true } as const
  const early: Review = {
    regression: false,
    limitPer100k: 1000,
    candidate: makeTurns([], 3000),
    baseline: makeTurns([], 3000),
    split: { candidate: range(100, 40), baseline: [5] },
    rest: { gate },
  }

  it('pass nothing while others are read in part', () => {
    expect(decide(early).estimate.early).toMatchObject({ decision: 'pass' })
    expect(decide(early).decided).toBe('pass: within-limit')
    const read = decide(early, { candidate: { absent: [100] } })
    expect(read.estimate.early).toMatchObject({ decision: 'pass' })
    expect(read.decided).toBe('inconclusive: judge')
  })

  it('see what people found in the candidate', () => {
    const found = decide(early, { candidate: { present: range(100, 40) } })
    expect(found.estimate.early).toMatchObject({ decision: 'fail', test: 'limit' })
    expect(found.decided).toBe('fail: over-limit')
  })

  it('do not pass by turns without a label that were read in one arm alone', () => {
    const untold = {
      ...early,
      candidate: makeTurns(
        [
          ['none', 100],
          ['content-missing', 40],
        ],
        3000,
      ),
    }
    expect(decide(untold).estimate.early?.decision).not.toBe('pass')
    const read = decide(untold, { candidate: { absent: range(100, 40) } })
    expect(read.estimate.early?.decision).not.toBe('pass')
    expect(read.decided).not.toMatch(/^pass/)
    expect(decide(untold, { candidate: { absent: range(100, 40) }, baseline: { absent: [5] } }).decided).toBe(
      'pass: within-limit',
    )
  })

  it('that ended a run with a failure are not undone by what was found in the baseline alone', () => {
    const ended = (runs: Parameters<typeof fillStates>[0]) => fillStates([...runs, ['not-asked', 2750]])
    const failed: Review = {
      ...early,
      regression: true,
      limitPer100k: null,
      candidate: ended([
        ['event', 40],
        ['none', 210],
      ]),
      baseline: ended([['none', 250]]),
      split: { candidate: [100], baseline: range(120, 60) },
    }
    expect(decide(failed).decided).toBe('fail: worse-than-baseline')
    expect(decide(failed, { baseline: { present: range(120, 60) } }).decided).toBe(
      'fail: worse-than-baseline',
    )
    const all = { baseline: { present: range(120, 60) }, candidate: { absent: [100] } }
    expect(decide(failed, all).decided).toBe('inconclusive: not-asked')
  })

  it('fail no comparison by what was found in one arm alone', () => {
    const compared: Review = { ...early, regression: true, limitPer100k: null }
    const found = decide(compared, { candidate: { present: range(100, 40) } })
    expect(found.estimate.early).toBeNull()
    expect(found.decided).toBe('inconclusive: judge')
    const all = decide(compared, { candidate: { present: range(100, 40) }, baseline: { absent: [5] } })
    expect(all.estimate.early).toMatchObject({ decision: 'fail', test: 'regression' })
  })
})

describe('lines of items that are no longer listed', () => {
  const states = {
    candidate: makeTurns([
      ['none', 100],
      ['content-missing', 30],
    ]),
    baseline: makeTurns(),
    split: none,
  }

  it('count against the candidate, and never for it', () => {
    const limited: Review = { ...states, regression: false, limitPer100k: 1000 }
    expect(decide(limited, { candidate: { absent: range(100, 30) } }).estimate.candidate.graded).toBe(970)
    expect(decide(limited, { candidate: { present: range(0, 40) } }).decided).toBe('fail: over-limit')
    const compared: Review = { ...states, candidate: makeTurns([['event', 12]]) }
    expect(decide(compared, { baseline: { present: range(200, 12) } }).decided).toBe(
      'fail: worse-than-baseline',
    )
  })
})

describe('whatever is read', () => {
  const turns = 400
  const states = fc.array(fc.constantFrom<State>('none', 'none', 'none', 'event', 'content-missing'), {
    minLength: 40,
    maxLength: 40,
  })
  const rules = fc.constantFrom<Partial<CategoryStates>>(
    {},
    { limitPer100k: 3000 },
    { regression: false, limitPer100k: 3000 },
    { regression: false, limitPer100k: 8000 },
    { regression: false, marginPer100k: 8000 },
    { marginPer100k: 12_000, limitPer100k: 15_000 },
  )
  const gates = fc.constantFrom<RecordStates['gate']>(off, {}, { ...off, decideBy: 'point-estimate' })
  const places = fc.uniqueArray(fc.nat(39), { maxLength: 40 })
  const reviews = fc.record({ candidate: states, baseline: states, c: places, b: places, rules, gates })
  /** What people say of each split turn that they read: a place and a label. */
  const sayings = fc.array(fc.tuple(fc.nat(39), fc.boolean()), { maxLength: 60 })

  function make({
    candidate,
    baseline,
    c,
    b,
    rules: rule,
    gates: gate = {},
  }: typeof reviews extends fc.Arbitrary<infer T> ? T : never): Review {
    const fill = (some: State[]) => [...some, ...fillStates([['none', turns - some.length]])]
    const isNoFlag = (some: State[]) => (place: number) => some[place] !== 'event'
    return {
      ...rule,
      candidate: fill(candidate),
      baseline: fill(baseline),
      split: { candidate: c.filter(isNoFlag(candidate)), baseline: b.filter(isNoFlag(baseline)) },
      rest: { gate },
    }
  }

  function say(split: Places, said: readonly (readonly [number, boolean])[]) {
    const known = new Map(said.filter(([place]) => split.includes(place)))
    const pick = (is: boolean) => [...known].flatMap(([place, present]) => (present === is ? [place] : []))
    return { present: pick(true), absent: pick(false) }
  }

  const rank = { pass: 0, inconclusive: 1, invalid: 1, fail: 2, unchanged: 0 } as Record<string, number>

  it('beside the flags in part never makes a verdict milder', () => {
    fc.assert(
      fc.property(reviews, sayings, sayings, (parts, ofCandidate, ofBaseline) => {
        const review = make(parts)
        const said = {
          candidate: say(review.split.candidate, ofCandidate),
          baseline: say(review.split.baseline, ofBaseline),
        }
        const read = (arm: Arm) => said[arm].present.length + said[arm].absent.length
        const isRead = read('candidate') + read('baseline') > 0
        const isWhole = (['candidate', 'baseline'] as const).every(
          (arm) => read(arm) === review.split[arm].length,
        )
        fc.pre(isRead && !isWhole)
        const before = decide(review).verdict.verdict
        const after = decide(review, said).verdict.verdict
        expect(after).not.toBe('pass')
        expect(rank[after]).toBeGreaterThanOrEqual(rank[before] ?? 0)
      }),
      { numRuns: 400 },
    )
  })

  it('of the candidate, one more that is present never makes a limit’s verdict milder', () => {
    fc.assert(
      fc.property(reviews, sayings, sayings, fc.nat(39), (parts, ofCandidate, ofBaseline, place) => {
        const review = { ...make(parts), regression: false, marginPer100k: null, limitPer100k: 5000 }
        const baseline = say(review.split.baseline, ofBaseline)
        const without = say(
          review.split.candidate,
          ofCandidate.filter(([other]) => other !== place),
        )
        const more = {
          ...without,
          present: [...without.present, place].filter((at) => review.split.candidate.includes(at)),
        }
        const absent = {
          ...without,
          absent: [...without.absent, place].filter((at) => review.split.candidate.includes(at)),
        }
        const as = (candidate: typeof without) =>
          rank[decide(review, { baseline, candidate }).verdict.verdict] ?? 0
        expect(as(more)).toBeGreaterThanOrEqual(as(absent))
      }),
      { numRuns: 300 },
    )
  })
})
