import { describe, expect, it } from '@jest/globals'
import { estimateCategories } from '../../src/estimate/estimate.ts'
import { decideVerdict } from '../../src/verdict/decide.ts'
import {
  type CategoryStates,
  decideStates,
  fillStates,
  makeRecord,
  makeTurns,
  type RecordStates,
} from '../estimate/records.ts'

type Category = Omit<CategoryStates, 'id'>

const calibrated = { truePositives: 54, positives: 60, falsePositives: 1, negatives: 300 }
/** Every kind of test at once, the judge with and without a calibration. */
const everything = [
  { limitPer100k: 1000, marginPer100k: 500 },
  { limitPer100k: 1000, marginPer100k: 500, counts: calibrated },
  { limitPer100k: 1000, regression: false },
  { marginPer100k: 500, regression: false },
  {},
]

function listNumbers(value: unknown): number[] {
  if (typeof value === 'number') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(listNumbers) : []
}

/** The decision of each kind of category; whatever was computed is a number. */
function decideAll(states: Category, rest: Omit<RecordStates, 'categories'> = {}): string[] {
  const categories = everything.map((tests, index) => ({ id: `c${index}`, ...tests, ...states }))
  return ['safe', 'melded'].flatMap((judgeError) => {
    const gate = { judgeError: judgeError as 'safe' | 'melded', ...rest.gate }
    const { verdict, estimates } = decideStates({ ...rest, gate, categories })
    const numbers = listNumbers([verdict, estimates])
    expect(numbers.filter((number) => !Number.isFinite(number))).toEqual([])
    return verdict.categories.map(({ verdict: decision, reason }) => `${decision}: ${reason}`)
  })
}

const all = (decision: string) => Array.from({ length: 2 * everything.length }, () => decision)

describe('at the edges a verdict is one that is documented, of numbers that are some', () => {
  it('no turns: nothing could pass', () => {
    expect(decideAll({ baseline: [], candidate: [] })).toEqual(all('inconclusive: measurement'))
  })

  it('nothing graded, by the endpoint’s fault or the judge’s', () => {
    const lost = fillStates([['transport-missing', 500]])
    expect(decideAll({ baseline: lost, candidate: lost })).toEqual(all('inconclusive: measurement'))
    const unlabelled = fillStates([['content-missing', 500]])
    expect(decideAll({ baseline: unlabelled, candidate: unlabelled })).toEqual(all('inconclusive: judge'))
  })

  it.each([
    ['one turn without an event', fillStates([['none', 1]])],
    ['one turn with one', fillStates([['event', 1]])],
  ])('%s says nothing', (_, states) => {
    for (const decision of decideAll({ baseline: states, candidate: states })) {
      expect(decision).toMatch(/^inconclusive: (underpowered|judge|suspect)$/)
    }
  })

  it('nothing but events', () => {
    // .995^598 is 5 %: fewer turns, of which none differs, can't show a margin of half a point.
    const states = fillStates([['event', 600]])
    for (const decision of decideAll({ baseline: states, candidate: states })) {
      expect(decision).toMatch(/^(fail: over-limit|pass: not-worse|pass: within-margin|inconclusive: judge)$/)
    }
  })

  it('a single conversation', () => {
    const states = makeTurns([['event', 3]], 500)
    const conversations = states.map(() => 'the only one')
    for (const decision of decideAll({ baseline: states, candidate: states }, { conversations })) {
      expect(decision).toMatch(/^inconclusive: (underpowered|judge|measurement)$/)
    }
  })

  it('0.5 % of the calls lost in one arm only', () => {
    const candidate = makeTurns([['transport-missing', 50]], 10_000)
    const decisions = decideAll({ baseline: makeTurns([], 10_000), candidate })
    // Unequal between the arms (p < .01): at their worst 50 lost turns are over no limit of 1 %, and worse.
    expect(decisions.slice(0, everything.length)).toEqual([
      'inconclusive: measurement',
      'inconclusive: measurement',
      'pass: within-limit',
      'inconclusive: measurement',
      'inconclusive: measurement',
    ])
  })

  it.each([0, 100_000])('a limit of %d per 100,000', (limitPer100k) => {
    const states = makeTurns([['event', 3]], 500)
    const [decided] = decideStates({
      categories: [{ id: 'a', limitPer100k, regression: false, baseline: states, candidate: states }],
    }).verdict.categories
    expect(`${decided?.verdict}: ${decided?.reason}`).toBe(
      limitPer100k === 0 ? 'fail: over-limit' : 'pass: within-limit',
    )
    const none = makeTurns([], 500)
    const [clean] = decideStates({
      categories: [{ id: 'a', limitPer100k, regression: false, baseline: none, candidate: none }],
    }).verdict.categories
    expect(clean?.verdict).toBe(limitPer100k === 0 ? 'inconclusive' : 'pass')
  })

  it.each([0, Number.POSITIVE_INFINITY, Number.NaN, -1])('a weight of %d is refused', (weight) => {
    const states = makeTurns([], 20)
    const record = makeRecord({ categories: [{ id: 'a', baseline: states, candidate: states }] })
    const turns = record.turns.map((turn, index) => (index === 0 ? { ...turn, weight } : turn))
    const decide = () => decideVerdict(record.summary, estimateCategories({ ...record, turns }))
    // A weight of 0 leaves its turn out of a weighted sample; the reader of turns.jsonl refuses all four.
    if (weight === 0) expect(listNumbers(decide()).every(Number.isFinite)).toBe(true)
    else expect(decide).toThrow(RangeError)
  })
})
