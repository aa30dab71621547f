import { describe, expect, it } from '@jest/globals'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { writeReviewCell } from '../../src/record/review-file.ts'
import { renderReviewCsv } from '../../src/report/reporters/review-csv.ts'
import type { ReviewRow } from '../../src/report/review.ts'
import { hostileText } from '../report/hostile.ts'

const row: ReviewRow = {
  category: 'rude',
  arm: 'candidate',
  turn: 'c7#1',
  why: ['flag', 'pre-screened'],
  label: 'present',
  votes: '1/0 2/1',
  prescreens: ['no-words', 'opener-only'],
  text: { quote: 'you fool', completion: 'Listen,\n"you" fool.' },
  human: null,
}

function render(rows: ReviewRow[], keepsText = true): string {
  return renderReviewCsv({ review: { rows, keepsText, howTo: [] } })
}

/** What would start a formula in any spreadsheet, also where it reads the file with another separator. */
const formula = /^[\s"]*[=+\-@＝＋－＠]/

function read(text: string): string[][] {
  return parse(text, { bom: true }) as string[][]
}

describe('review.csv', () => {
  it('has a line for each item, with a column to fill in', () => {
    expect(render([row, { ...row, human: 'absent' }])).toBe(
      [
        '\uFEFFcategory,arm,turn,why,label,votes,prescreens,quote,completion,human',
        'rude,candidate,c7#1,"flag, pre-screened",present,1/0 2/1,"no-words, opener-only",you fool,"Listen,\n""you"" fool.",',
        'rude,candidate,c7#1,"flag, pre-screened",present,1/0 2/1,"no-words, opener-only",you fool,"Listen,\n""you"" fool.",absent',
      ].join('\n'),
    )
  })

  it('has ids only where policy keeps no text', () => {
    expect(render([{ ...row, text: null }], false)).toBe(
      '\uFEFFcategory,arm,turn,why,label,votes,prescreens,human\nrude,candidate,c7#1,"flag, pre-screened",present,1/0 2/1,"no-words, opener-only",',
    )
    expect(render([row], false)).not.toContain('fool')
  })

  it('has a trajectory in the order in which it went', () => {
    const text = { quote: '', steps: '[step 1]\n=call()', completion: 'Done.' }
    const [, cells = []] = read(render([{ ...row, text }]))
    expect(cells[8]).toBe("[step 1]\n'=call()\n[answer]\nDone.")
  })

  it('is a header alone where there is nothing to read', () => {
    expect(render([]).split('\n')).toHaveLength(1)
  })

  it.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "' =1"],
    ['\r=1', "' =1"],
    ['\n=1', "\n'=1"],
    ['＝1', "'＝1"],
    ['\u200b=1', "'=1"],
    ['a;=1', "a;'=1"],
    ['a; ""-1', `a; ""'-1`],
    ['1 - 1 = 0', '1 - 1 = 0'],
  ])('makes a formula plain text: %j', (text, cell) => {
    expect(writeReviewCell(text)).toBe(cell)
  })

  it('cuts what is too long for a cell', () => {
    const long = { ...row, text: { quote: 'q'.repeat(50_000), completion: '👍'.repeat(50_000) } }
    const [, cells = []] = read(render([long]))
    const [quote = '', completion = ''] = cells.slice(7, 9)
    expect([[...quote].length, [...completion].length]).toEqual([2000, 8000])
    expect([quote, completion].every((cell) => cell.endsWith('…'))).toBe(true)
    expect(completion.length).toBeLessThan(32_768)
  })

  it('is inert and whole whatever an id or a completion says, also with the wrong separator', () => {
    fc.assert(
      fc.property(hostileText, hostileText, hostileText, (turn, quote, completion) => {
        const text = render([{ ...row, turn, category: quote, text: { quote, completion } }])
        const [, cells] = read(text)
        expect(cells).toHaveLength(10)
        for (const cell of cells ?? []) {
          expect(cell).not.toMatch(formula)
          expect(cell).not.toMatch(/(?!\n)\p{Cc}|\p{Bidi_Control}|^::/mu)
        }
        // Read with another separator, quotes in the middle of a cell hold nothing together.
        for (const piece of text.split(/[;\t\n]/)) expect(piece).not.toMatch(formula)
      }),
      { numRuns: 300 },
    )
  })
})
