import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  escapeMarkdown,
  renderCode,
  renderList,
  renderTable,
  renderText,
} from '../../src/report/reporters/markdown.ts'
import { say, verbatim } from '../../src/report/text.ts'
import { hostileText } from './hostile.ts'
import { readCells, readInline } from './read-markdown.ts'

describe('renderCode', () => {
  it('is one code span and nothing else, whatever the text', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const { code, text: outside } = readInline(renderCode(text))
        const words = code.length === 0 ? '(empty)' : ''
        expect(code.length).toBeLessThanOrEqual(1)
        expect(outside).toBe(words)
      }),
    )
  })

  it('keeps short text as it is', () => {
    expect(renderCode('ckpt-42')).toBe('`ckpt-42`')
    expect(renderCode('a`b')).toBe('``a`b``')
    expect(renderCode('`a')).toBe('`` `a ``')
    expect(renderCode('@org/team #1')).toBe('`@org/team #1`')
  })

  it('cuts 5,000 backticks down, since cmark reads no fence over 80', () => {
    const span = renderCode('`'.repeat(5000))
    expect(span.length).toBeLessThan(40)
    expect(readInline(span).code).toHaveLength(1)
  })

  it('says so when nothing printable is left', () => {
    expect(renderCode('')).toBe('(empty)')
    expect(renderCode(' \u202e\0\n ')).toBe('(empty)')
  })

  it('is one cell of a table, also after a backslash', () => {
    for (const text of ['a|b', 'a\\|b', '||', '\\', '|\\']) {
      expect(readCells(`| ${renderCode(text, { inTable: true })} | x |`)).toHaveLength(2)
    }
  })
})

describe('renderText', () => {
  it('gives people’s sentences the room that is asked for', () => {
    const long = 'word '.repeat(100)
    expect(renderText(say`Cause: ${verbatim(long)}`)).toHaveLength('Cause: '.length + 2 + 120)
    expect(renderText(say`Cause: ${verbatim(long, 300)}`)).toHaveLength('Cause: '.length + 2 + 300)
  })
})

describe('escapeMarkdown', () => {
  it('leaves the numbers and words of the table as they are', () => {
    for (const text of [
      '12 of 4,975 = 0.24 % (at most 0.39 %)',
      '+5.5 points (p = 2e-9)',
      '−20 per 100k',
      '–',
    ]) {
      expect(escapeMarkdown(text)).toBe(text)
    }
  })

  it('makes markup text', () => {
    expect(escapeMarkdown('**a** [b](c) <i> | ~x~ $y$')).toBe(
      '&#42;&#42;a&#42;&#42; &#91;b&#93;(c) &#60;i&#62; &#124; &#126;x&#126; &#36;y&#36;',
    )
    expect(escapeMarkdown('&lt;')).toBe('&#38;lt;')
    expect(escapeMarkdown('- a')).toBe('&#45; a')
    expect(escapeMarkdown('1. a')).toBe('&#49;&#46; a')
    expect(escapeMarkdown('# a')).toBe('`#` a')
  })

  it('puts what GitHub would resolve in code', () => {
    expect(escapeMarkdown('@org/team owner/repo#2')).toBe('`@`org/team owner/repo`#`2')
    expect(escapeMarkdown('GH-1 :tada: http://x www.x')).toBe('GH`-`1 `:`tada: http`:`//x www`.`x')
    expect(escapeMarkdown('@@#')).toBe('`@@#`')
  })
})

describe('renderText', () => {
  it('keeps fences apart', () => {
    const line = renderText([verbatim('a'), verbatim('b`'), '@', verbatim('c')])
    expect(readInline(line)).toEqual({ code: ['a', ' b` ', '@', 'c'], text: '   ' })
  })
})

describe('renderTable', () => {
  const rows = Array.from({ length: 50 }, (_, index) => [say`${verbatim(`id-${index}`)}`, 'x'])

  it('leaves whole rows out when it would get too long, and counts them', () => {
    const table = renderTable({ header: ['a', 'b'], rows, longestBytes: 200 })
    const lines = table.split('\n')
    const shown = lines.filter((line) => line.startsWith('| `')).length
    expect(shown).toBeGreaterThan(0)
    expect(shown).toBeLessThan(50)
    expect(lines.at(-1)).toBe(`${50 - shown} more rows did not fit here: they are in \`report.html\`.`)
    for (const line of lines.slice(0, 2 + shown)) expect(readCells(line)).toHaveLength(2)
  })

  it('shows all when they fit', () => {
    expect(renderTable({ header: ['a', 'b'], rows, longestBytes: 5000 }).split('\n')).toHaveLength(52)
  })
})

describe('renderList', () => {
  it('counts what did not fit', () => {
    const items = Array.from({ length: 9 }, () => say`word`)
    expect(renderList(items, 14)).toBe(
      '- word\n- word\n- 7 more lines did not fit here: they are in `report.html`.',
    )
    expect(renderList(items.slice(0, 3), 14)).toMatch(
      /- 1 more line did not fit here: it is in `report\.html`\.$/,
    )
  })
})
