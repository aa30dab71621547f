import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Label } from '../../src/grade/label.ts'
import { byCategory, OutcomeTable } from '../../src/record/outcome-table.ts'
import type { OutcomeLine } from '../../src/record/schema.ts'

const labels: Label[] = [
  { kind: 'absent' },
  { kind: 'present' },
  { kind: 'present', quote: 'a "quoted" word' },
  { kind: 'missing', class: 'transport', of: 'completion', cause: 'timeout' },
  { kind: 'missing', class: 'content', of: 'judge', cause: 'cannot-tell' },
  { kind: 'not-asked', reason: 'max-minutes' },
]
const trail: NonNullable<OutcomeLine['trail']> = {
  steps: [{ present: 1, absent: 2, missing: 0 }],
  secondOpinion: null,
  again: 'absent',
}
const lineOf = fc
  .record({
    turn: fc.constantFrom('a#1', 'b#1', 'ü"\\#3', '__proto__#1'),
    arm: fc.constantFrom('baseline' as const, 'candidate' as const),
    category: fc.constantFrom('leaks', 'rude', 'constructor'),
    label: fc.constantFrom(...labels),
    hasTrail: fc.boolean(),
  })
  .map(({ hasTrail, ...line }): OutcomeLine => (hasTrail ? { ...line, trail } : line))

function fill(lines: readonly OutcomeLine[]): OutcomeTable {
  const table = new OutcomeTable()
  for (const line of lines) table.add(line)
  return table
}

describe('a table of outcomes', () => {
  it('gives back the lines that were added, in every way an array does', () => {
    fc.assert(
      fc.property(fc.array(lineOf, { maxLength: 40 }), (lines) => {
        const table = fill(lines)
        const isFlag = ({ label }: OutcomeLine) => label.kind === 'present'
        const visited: OutcomeLine[] = []
        table.forEach((line) => {
          visited.push(line)
        })
        expect([...table]).toEqual(lines)
        expect(visited).toEqual(lines)
        expect(table).toHaveLength(lines.length)
        expect(table.map((line, index) => [index, line])).toEqual(lines.map((line, index) => [index, line]))
        expect(table.filter(isFlag)).toEqual(lines.filter(isFlag))
        expect(table.find(isFlag)).toEqual(lines.find(isFlag))
        expect(table.every(isFlag)).toBe(lines.every(isFlag))
        expect(table.flatMap((line) => (isFlag(line) ? [line.turn, 1] : 2))).toEqual(
          lines.flatMap((line) => (isFlag(line) ? [line.turn, 1] : 2)),
        )
      }),
      { numRuns: 100 },
    )
  })

  it('writes each line as JSON would', () => {
    fc.assert(
      fc.property(fc.array(lineOf, { maxLength: 40 }), (lines) => {
        expect([...fill(lines).texts()]).toEqual(lines.map((line) => JSON.stringify(line)))
      }),
      { numRuns: 100 },
    )
  })

  it('keeps many lines, with more labels and trails of their own than a byte counts', () => {
    const lines = Array.from(
      { length: 5000 },
      (_, index): OutcomeLine => ({
        turn: `c-${Math.floor(index / 2)}#1`,
        arm: index % 2 === 0 ? 'baseline' : 'candidate',
        category: 'leaks',
        label: index % 3 === 0 ? { kind: 'absent' } : { kind: 'present', quote: `quote ${index}` },
        ...(index % 2 === 0
          ? {}
          : { trail: { ...trail, steps: [{ present: index, absent: 0, missing: 0 }] } }),
      }),
    )
    expect([...fill(lines)]).toEqual(lines)
    expect([...fill(lines).texts()]).toEqual(lines.map((line) => JSON.stringify(line)))
  })

  it('leaves out a trail that is not there', () => {
    const table = new OutcomeTable()
    table.add({
      turn: 'a#1',
      arm: 'baseline',
      category: 'leaks',
      label: { kind: 'absent' },
      trail: undefined,
    })
    expect([...table].map((line) => Object.keys(line))).toEqual([['turn', 'arm', 'category', 'label']])
  })
})

describe('byCategory', () => {
  it('visits the lines of a category in their order, of a table and of an array', () => {
    fc.assert(
      fc.property(fc.array(lineOf, { maxLength: 40 }), (lines) => {
        for (const outcomes of [lines, fill(lines)]) {
          const forEachOf = byCategory(outcomes)
          for (const category of ['leaks', 'rude', 'constructor', 'unknown']) {
            const visited: OutcomeLine[] = []
            forEachOf(category, (line) => {
              visited.push(line)
            })
            expect(visited).toEqual(lines.filter((line) => line.category === category))
          }
        }
      }),
      { numRuns: 50 },
    )
  })
})
