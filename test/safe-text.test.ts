import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { safeLines, safeText } from '../src/safe-text.ts'

/** Whether a runner would take a line for a command: `::x::` at its start, or `##[x]` anywhere. */
function isCommand(line: string): boolean {
  return line.trimStart().startsWith('::') || line.includes('##[')
}

const hostile = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.constantFrom(
      ':',
      '::',
      '#',
      '##[',
      '[',
      '\r\n',
      '\n',
      '\r',
      '\t',
      '\u0000',
      '\u001b[31m',
      '\u0085',
      '\u200b',
      '\u202e',
      '\u2028',
      '\u2066',
      '\ufeff',
      '\ud800',
      '\udfff',
      '\u{e0041}',
      '\u00ad',
      '\u3164',
      'error',
      'é',
      '👩‍🚀',
    ),
  ),
  { maxLength: 30 },
)

describe('safeText', () => {
  it.each([
    ['plain, with ünïcödé and 漢字 and 👋', 'plain, with ünïcödé and 漢字 and 👋'],
    ['two\nlines\r\nand\ta tab', 'two lines and a tab'],
    ['\u001b[31mred\u001b[0m', '[31mred[0m'],
    ['a\u0000b\u0007c\u007fd\u009be', 'abcde'],
    ['file\u202egpj.exe', 'filegpj.exe'],
    ['in\u200bvis\u2060ib\ufeffle\u00ad', 'invisible'],
    ['tag\u{e0061}\u{e0062}', 'tag'],
    ['half \ud83d of a pair', 'half  of a pair'],
    ['hangul\u3164filler', 'hangulfiller'],
    ['::error::x', ':\u200a:error:\u200a:x'],
    [':::error:::', ':\u200a:\u200a:error:\u200a:\u200a:'],
    [':\u200b:error::x', ':\u200a:error:\u200a:x'],
    ['a ##[error]x', 'a ##\u200a[error]x'],
    ['#\u200b#[error]x', '##\u200a[error]x'],
    ['###[error]x', '###\u200a[error]x'],
    ['\n::add-mask::x', ' :\u200a:add-mask:\u200a:x'],
    ['12:30', '12:30'],
    ['', ''],
  ])('makes %j inert', (text, safe) => {
    expect(safeText(text)).toBe(safe)
  })

  it('leaves nothing that acts, whatever the text', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 60 }), (parts, longest) => {
        const text = parts.join('')
        const safe = safeText(text, longest)
        expect(safe).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u)
        expect(safe).not.toContain('::')
        expect(isCommand(safe)).toBe(false)
        expect([...safe].length).toBeLessThanOrEqual(longest)
      }),
      { numRuns: 2000 },
    )
  })

  it('changes nothing that is safe already', () => {
    fc.assert(
      fc.property(hostile, (parts) => {
        const safe = safeText(parts.join(''))
        expect(safeText(safe)).toBe(safe)
      }),
      { numRuns: 1000 },
    )
  })

  it('cuts between characters and says so', () => {
    expect(safeText('👋'.repeat(10), 10)).toBe('👋'.repeat(10))
    expect(safeText('👋'.repeat(11), 10)).toBe(`${'👋'.repeat(9)}…`)
    expect(safeText('a'.repeat(1000))).toHaveLength(300)
  })
})

describe('safeLines', () => {
  it('keeps the lines and makes each inert', () => {
    expect(safeLines('one\r\n::error::two\n\u001b[2Jthree\rfour')).toBe(
      'one\n:\u200a:error:\u200a:two\n[2Jthree four',
    )
  })

  it('leaves no line that acts, whatever the text', () => {
    fc.assert(
      fc.property(hostile, (parts) => {
        const lines = safeLines(parts.join('')).split('\n')
        expect(lines.filter(isCommand)).toEqual([])
        expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
      }),
      { numRuns: 1000 },
    )
  })
})
