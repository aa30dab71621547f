import { describe, expect, it } from '@jest/globals'
import { findUnmeasurable, formatChance } from '../../src/forecast/measurability.ts'
import { parseRate } from '../../src/policy/rate.ts'
import { makeOne, type SettingCategory, type SettingOptions } from './settings.ts'

const calibrated = { truePositives: 57, positives: 60, falsePositives: 2, negatives: 300 }

function find(
  category: Omit<SettingCategory, 'id'>,
  rest: Omit<SettingOptions, 'categories'>,
  expected: { rate?: number | null; discordant?: number } = {},
) {
  const { rate = null, discordant = 0 } = expected
  return findUnmeasurable({ ...makeOne(category, rest), rate, discordant })
}

/** The numbers that a remedy advises. */
function readAdvice(remedy: string): { turns: number; per100k: number } {
  const [, turns = ''] = /draw (?:at least|about) (\d+) turns/.exec(remedy) ?? []
  const [, rate = ''] = /raise the (?:limit|margin) to (.+?) or more/.exec(remedy) ?? []
  return { turns: Number(turns), per100k: Number(parseRate(rate)) }
}

describe('findUnmeasurable', () => {
  it('refuses a limit that not even a clean sample passes, with three ways out', () => {
    const [problem, ...others] = find({ limitPer100k: 100 }, { turns: 700 })
    expect(others).toEqual([])
    // 1 − .05^(1/700) is .427 %; .05 ≤ (1 − .001)^n first holds at n = 2,995.
    expect(problem).toEqual({
      test: 'limit',
      message: 'not measurable: 700 turns without a single event still allow 0.43 %, the limit is 0.1 %',
      remedy: 'draw at least 2995 turns, raise the limit to 0.43 % or more, or set `role: watch`',
    })
  })

  it.each([
    ['at a rate of 0', { limitPer100k: 100 }, 0, 700, {}],
    ['at a predicted rate', { limitPer100k: 2000 }, 0.012, 900, {}],
    ['calibrated', { limitPer100k: 2000, counts: calibrated }, 0.01, 600, {}],
    ['where looks take a part of α', { limitPer100k: 2000, regression: false }, 0.012, 800, {}],
    [
      'by looks alone',
      { limitPer100k: 2000, regression: false },
      0.01,
      800,
      { gate: { earlyStopping: 'anytime' as const } },
    ],
    ['in a later round', { limitPer100k: 2000 }, 0.008, 500, { round: 2 }],
    [
      'with unequal weights',
      { limitPer100k: 2000 },
      0.008,
      600,
      { weights: Array.from({ length: 600 }, (_, index) => 1 + (index % 4)) },
    ],
  ])('advises what it does not refuse: %s', (_, category, rate, turns, rest) => {
    const [problem] = find(category, { turns, ...rest }, { rate })
    expect(problem?.test).toBe('limit')
    const advice = readAdvice(problem?.remedy ?? '')
    expect(advice.turns).toBeGreaterThan(turns)
    const turnsDrawn = advice.turns
    const weights =
      'weights' in rest ? Array.from({ length: turnsDrawn }, (__, index) => 1 + (index % 4)) : undefined
    const more = { ...rest, turns: turnsDrawn, ...(weights === undefined ? {} : { weights }) }
    expect(find(category, more, { rate })).toEqual([])
    const raised = { ...category, limitPer100k: advice.per100k }
    expect(find(raised, { turns, ...rest }, { rate })).toEqual([])
    expect(find({ ...category, role: 'watch' }, { turns, ...rest }, { rate })).toEqual([])
  })

  it('advises no turns where the predicted rate is not under the limit', () => {
    const [problem] = find({ limitPer100k: 1000 }, { turns: 1000 }, { rate: 0.01 })
    expect(problem?.message).toMatch(
      /at the predicted 1 % it passes its limit of 1 % with a chance of only 3 %/,
    )
    expect(problem?.remedy).toMatch(/^raise the limit to \d\.\d % or more, or set `role: watch`$/)
  })

  it('refuses a limit of 0, which nothing passes', () => {
    const [problem] = find({ limitPer100k: 0 }, { turns: 1000 })
    expect(problem?.message).toBe(
      'not measurable: a limit of 0 is never passed, as no number of turns shows a rate of 0',
    )
    expect(problem?.remedy).toBe('raise the limit to 0.3 % or more, or set `role: watch`')
  })

  it.each([
    [{ marginPer100k: 1000 }, { turns: 400 }, 0.03],
    [{ marginPer100k: 1000, counts: calibrated }, { turns: 500 }, 0.01],
  ])(
    'refuses a margin that an unchanged checkpoint hardly passes, and advises one that it does',
    (category, rest, discordant) => {
      const [problem, ...others] = find(category, rest, { discordant })
      expect(others).toEqual([])
      expect(problem?.test).toBe('margin')
      expect(problem?.message).toMatch(
        /even when nothing changed it passes its margin of 1 % with a chance of only/,
      )
      const advice = readAdvice(problem?.remedy ?? '')
      expect(find(category, { ...rest, turns: advice.turns }, { discordant })).toEqual([])
      expect(find({ ...category, marginPer100k: advice.per100k }, rest, { discordant })).toEqual([])
    },
  )

  it('refuses a comparison of so few turns that nothing could fail it', () => {
    const [problem] = find({}, { turns: 6 })
    expect(problem).toMatchObject({ test: 'regression' })
    expect(problem?.remedy).toContain('draw from at least 7 turns')
    expect(find({}, { turns: 7 })).toEqual([])
    expect(find({ regression: false, limitPer100k: 50_000 }, { turns: 6 })).toEqual([])
  })

  it.each([
    [{ ...calibrated, truePositives: 0 }, 'as often as turns with it'],
    [{ ...calibrated, truePositives: 0, positives: 0 }, 'no turn that shows the behaviour'],
  ])('refuses graders that say nothing', (counts, message) => {
    const [problem, ...others] = find({ limitPer100k: 5000, counts }, { turns: 1000 })
    expect(others).toEqual([])
    expect(problem?.test).toBe('judge')
    expect(problem?.message).toContain(message)
  })

  it('needs turns without the behaviour for a margin, and not for a limit', () => {
    const counts = { ...calibrated, falsePositives: 0, negatives: 0 }
    expect(find({ limitPer100k: 5000, counts }, { turns: 1000 })).toEqual([])
    const [problem] = find({ marginPer100k: 5000, counts }, { turns: 1000 })
    expect(problem).toMatchObject({ test: 'judge' })
    expect(problem?.message).toContain('no turn without the behaviour')
  })

  it('tells of a limit and of a margin at once', () => {
    const problems = find(
      { limitPer100k: 500, marginPer100k: 500 },
      { turns: 300 },
      { rate: 0.004, discordant: 0.01 },
    )
    expect(problems.map(({ test }) => test)).toEqual(['limit', 'margin'])
  })

  it('refuses a limit that anytime looks leave no way to pass, beside a comparison', () => {
    const gate = { earlyStopping: 'anytime' as const, stopAtFirstFail: true }
    const [problem, ...others] = find({ limitPer100k: 2000 }, { turns: 2000, gate })
    expect(others).toEqual([])
    expect(problem?.message).toContain('`early_stopping: anytime` leaves nothing')
    expect(find({ limitPer100k: 2000 }, { turns: 2000, gate: { ...gate, earlyStopping: 'hybrid' } })).toEqual(
      [],
    )
    expect(find({ limitPer100k: 2000, regression: false }, { turns: 2000, gate })).toEqual([])
  })

  it('is silent where a candidate is expected to be found worse, of a smoke run, and where observed rates decide', () => {
    expect(find({}, { turns: 1000 }, { rate: 0.5 })).toEqual([])
    expect(find({ limitPer100k: 100 }, { turns: 300, tier: 'smoke' })).toEqual([])
    expect(find({ limitPer100k: 0 }, { turns: 300, gate: { decideBy: 'point-estimate' } })).toEqual([])
    expect(find({}, { turns: 1000 })).toEqual([])
  })
})

describe('formatChance', () => {
  it.each([
    [0, '0 %'],
    [0.001, '< 1 %'],
    [0.5, '50 %'],
    [0.996, '> 99 %'],
    [1, '100 %'],
  ])('%p is %p', (chance, text) => {
    expect(formatChance(chance)).toBe(text)
  })
})
