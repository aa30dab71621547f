import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Label } from '../../src/grade/label.ts'
import { MeasuredUnits } from '../../src/record/measured-units.ts'
import type { RecordedUnit } from '../../src/record/schema.ts'
import { nameUnit } from '../../src/record/unit-name.ts'
import { makeRecordedUnit } from '../support/recorded-unit.ts'

const asked = (turn: string) => makeRecordedUnit({ turn })
const unasked = (turn: string) =>
  makeRecordedUnit({ turn, completion: { kind: 'not-asked', reason: 'cancelled' }, uses: [] })
const fill = (units: readonly RecordedUnit[]) => new MeasuredUnits(units)

const label: fc.Arbitrary<Label> = fc.constantFrom<Label[]>(
  { kind: 'absent' },
  { kind: 'present' },
  { kind: 'present', quote: 'a “quote”\n' },
  { kind: 'missing', class: 'content', of: 'judge', cause: 'cannot-tell' },
)
const anyUnit = fc.record({
  turn: fc.constantFrom('c|1#1', '|', 'é#2', '', 'c#3'),
  arm: fc.constantFrom('baseline' as const, 'candidate' as const),
  labels: fc.dictionary(fc.constantFrom('rude', 'leaks', '__proto__'), label),
  prescreens: fc.subarray(['no-words' as const, 'opener-only' as const]),
  isAsked: fc.boolean(),
})

describe('units that are measured', () => {
  it('know of how many anything was asked', () => {
    const units = fill([asked('a'), unasked('b')])
    expect([units.size, units.asked]).toEqual([2, 1])
    units.add(asked('c'))
    units.add(asked('b'))
    units.add(asked('a'))
    expect([units.size, units.asked]).toEqual([3, 3])
    units.keep(({ turn, arm }) => nameUnit({ turn, arm }) !== 'b|candidate')
    expect([units.size, units.asked, [...units.keys()]]).toEqual([2, 2, ['a|candidate', 'c|candidate']])
  })

  it('are those that a Map would hold, in its order, whatever is set and taken out', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyUnit, fc.boolean())), (steps) => {
        const map = new Map<string, RecordedUnit>()
        const units = new MeasuredUnits()
        for (const [{ isAsked, ...parts }, isTaken] of steps) {
          const unit = { ...(isAsked ? asked(parts.turn) : unasked(parts.turn)), ...parts }
          const name = nameUnit(unit)
          if (isTaken) {
            map.delete(name)
            units.keep((one) => nameUnit(one) !== name)
          } else {
            map.set(name, unit)
            units.add(unit)
          }
        }
        expect([...units]).toEqual([...map])
        // A journal that is continued is written from them, line for line.
        expect(JSON.stringify([...units])).toBe(JSON.stringify([...map]))
        expect([...units.values()]).toEqual([...map.values()])
        expect(units.size).toBe(map.size)
        for (const [name, unit] of map) {
          expect(units.get(name)).toEqual(unit)
          expect(units.labelsOf(name)).toEqual(unit.labels)
        }
        expect(units.asked).toBe(
          [...map.values()].filter((unit) => unit.completion.kind !== 'not-asked').length,
        )
      }),
    )
  })

  it('know who has answered for any of them', () => {
    const units = fill([asked('a'), unasked('b')])
    expect(units.hasAnswered('candidate')).toBe(true)
    expect(units.hasAnswered('baseline')).toBe(false)
    units.add({
      ...asked('c'),
      uses: [
        { endpoint: 'judge', model: 'm', answeredAs: {}, usage: { promptTokens: 1, completionTokens: 1 } },
      ],
    })
    expect([units.hasAnswered('judge'), units.hasAnswered('other')]).toEqual([true, false])
  })

  it('know nothing of what they do not hold', () => {
    const units = fill([asked('a')])
    for (const name of ['a|baseline', 'b|candidate', 'a', '', 'a|nobody'])
      expect([units.has(name), units.get(name), units.labelsOf(name)]).toEqual([false, undefined, undefined])
  })

  it('hold what many have alike once, and what a completion says for itself', () => {
    const quoted = makeRecordedUnit({ turn: 'q', labels: { rude: { kind: 'present', quote: 'rude' } } })
    const units = fill([asked('a'), asked('b'), quoted])
    expect(units.labelsOf('a|candidate')).toBe(units.labelsOf('b|candidate'))
    expect(units.get('q|candidate')).toEqual(quoted)
  })

  it('are kept on disk when they are many', () => {
    const written: Buffer[] = []
    const openScratch = () => ({
      append: (bytes: Uint8Array) => {
        written.push(Buffer.from(bytes))
        return written.slice(0, -1).reduce((sum, { length }) => sum + length, 0)
      },
      read: (position: number, length: number) =>
        Buffer.concat(written).subarray(position, position + length),
    })
    const text = 'long '.repeat(50_000)
    const make = (index: number) => {
      const unit = makeRecordedUnit({ turn: `c-${index}` })
      if (unit.completion.kind !== 'completed') throw new Error('a unit of another kind')
      const content = { text, reasoning: null, refusal: null, toolCalls: [] }
      return { ...unit, completion: { ...unit.completion, content } }
    }
    const units = new MeasuredUnits([], openScratch)
    for (let index = 0; index < 150; index += 1) units.add(make(index))
    expect(written.length).toBeGreaterThan(5)
    for (const index of [0, 70, 100, 149]) expect(units.get(`c-${index}|candidate`)).toEqual(make(index))
  })
})
