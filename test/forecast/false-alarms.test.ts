import { describe, expect, it } from '@jest/globals'
import { boundFalseAlarms } from '../../src/forecast/false-alarms.ts'
import { makeSetting, type SettingOptions } from './settings.ts'

function bound(options: Partial<SettingOptions>, runsPerYear = 52) {
  const { plan, stopping } = makeSetting({ turns: 1000, categories: [{ id: 'a' }], ...options })
  return boundFalseAlarms({ plan, stopping, runsPerYear })
}

describe('boundFalseAlarms', () => {
  it('is the level of a comparison alone', () => {
    expect(bound({})).toEqual({
      tests: 1,
      perRun: 0.01,
      perRunUnadjusted: expect.closeTo(0.01, 12),
      runsPerYear: 52,
      perYear: 0.52,
      yearsBetween: expect.closeTo(1.923, 3),
    })
  })

  it('shares the level of several tests, and says what they would come to by themselves', () => {
    // Four comparisons at .01 and three limits at .05: (4·.01 + 3·.05)/7, and 1 − .99⁴·.95³.
    const alarms = bound({
      categories: [
        { id: 'a' },
        { id: 'b', limitPer100k: 6000 },
        { id: 'c', limitPer100k: 2000 },
        { id: 'd', limitPer100k: 1000 },
        { id: 'e', role: 'watch', limitPer100k: 10 },
      ],
    })
    expect(alarms?.tests).toBe(7)
    expect(alarms?.perRun).toBeCloseTo(0.19 / 7, 12)
    expect(alarms?.perRunUnadjusted).toBeCloseTo(1 - 0.99 ** 4 * 0.95 ** 3, 12)
  })

  it('counts looks and end together', () => {
    const limit = [{ id: 'a', limitPer100k: 2000, regression: false }]
    for (const earlyStopping of ['hybrid', 'anytime', 'off'] as const) {
      expect(bound({ categories: limit, gate: { earlyStopping } })?.perRun).toBeCloseTo(0.05, 12)
    }
  })

  it('is smaller in a later round, and nothing where nothing can fail', () => {
    expect(bound({ round: 2 })?.perRun).toBeCloseTo(0.01 / 6, 12)
    expect(bound({ categories: [{ id: 'a', role: 'watch' }] })).toMatchObject({
      perRun: 0,
      yearsBetween: null,
    })
  })

  it('has no bound where observed rates decide', () => {
    const gate = { decideBy: 'point-estimate' as const }
    expect(bound({ gate, categories: [{ id: 'a', limitPer100k: 1000 }] })).toBeNull()
    // "Worse than the baseline" stays a test.
    expect(bound({ gate })?.perRun).toBe(0.01)
  })
})
