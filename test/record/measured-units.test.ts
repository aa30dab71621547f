import { describe, expect, it } from '@jest/globals'
import { MeasuredUnits } from '../../src/record/measured-units.ts'
import type { RecordedUnit } from '../../src/record/schema.ts'

const unit = (kind: 'failed' | 'not-asked', turn = 'c#0'): RecordedUnit => ({
  turn,
  arm: 'baseline',
  completion: kind === 'failed' ? { kind, cause: 'timeout' } : { kind, reason: 'cancelled' },
  labels: {},
  trails: {},
  prescreens: [],
  uses: [],
})

describe('units that are measured', () => {
  it('know of how many anything was asked, from the first', () => {
    const units = new MeasuredUnits([
      ['a', unit('failed')],
      ['b', unit('not-asked')],
    ])
    expect([units.size, units.asked]).toEqual([2, 1])
    units.set('c', unit('failed'))
    expect(units.asked).toBe(2)
  })

  it('count one that is measured again once', () => {
    const units = new MeasuredUnits()
    units.set('a', unit('not-asked')).set('a', unit('failed')).set('a', unit('failed'))
    expect([units.size, units.asked]).toEqual([1, 1])
    units.set('a', unit('not-asked'))
    expect(units.asked).toBe(0)
  })

  it('no longer count what is taken out', () => {
    const units = new MeasuredUnits([
      ['a', unit('failed')],
      ['b', unit('failed')],
    ])
    expect([units.delete('a'), units.delete('a'), units.asked]).toEqual([true, false, 1])
    units.clear()
    expect([units.size, units.asked]).toEqual([0, 0])
  })
})
