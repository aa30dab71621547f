import { safeText } from '../../safe-text.ts'
import type { Text, Verbatim } from '../text.ts'

const longestVerbatim = 120
const longestWords = 2000

/**
 * Our own words, inert as inline Markdown and in a table's cell. Markup becomes entities. GitHub looks for
 * mentions, references and emoji after Markdown, in the text that entities have become, but not within code:
 * so what could start one stands in a code span. Text that is not ours belongs in `renderCode`.
 */
export function escapeMarkdown(text: string): string {
  const words = safeText(text, longestWords).trim()
  // What would start a list, a heading's underline or a thematic break.
  const start = /^(?:[-+=]+|\d{1,9}[.)])(?=\s|$)/.exec(words)?.[0] ?? ''
  const rest = words
    .slice(start.length)
    .replaceAll(/[\\`*_{}[\]<>|~&$]|(?:[@#]|:(?=\S)|(?<=www)\.|(?<=GH)-(?=\d))+/gi, (found) =>
      /^[@#:.-]/.test(found) ? `\`${found}\`` : toEntities(found),
    )
  return toEntities(start) + rest
}

/** Words with their outer spaces: parts of a sentence are escaped one by one. */
function escapePart(text: string): string {
  const [, before = '', words = '', after = ''] = /^(\s*)(.*?)(\s*)$/s.exec(text) ?? []
  return `${before === '' ? '' : ' '}${escapeMarkdown(words)}${after === '' || words === '' ? '' : ' '}`
}

/**
 * Text that is not ours as a code span, in which GitHub resolves nothing. The fence is longer than any run of
 * backticks within; as cmark reads no fence over 80, runs are cut at eight. In a table `|` gets a backslash,
 * which the table takes away again, also after another backslash.
 */
export function renderCode(text: string, { inTable = false, longest = longestVerbatim } = {}): string {
  const flat = safeText(text, longest).replaceAll(/`{9,}/g, '````````…').trim()
  if (flat === '') return '(empty)'
  const runs = flat.match(/`+/g) ?? []
  const fence = '`'.repeat(1 + runs.reduce((longest, run) => Math.max(longest, run.length), 0))
  const padding = flat.startsWith('`') || flat.endsWith('`') ? ' ' : ''
  const shown = inTable ? flat.replaceAll('|', '\\|') : flat
  return `${fence}${padding}${shown}${padding}${fence}`
}

/** A sentence as inline Markdown. */
export function renderText(text: Text, options: { inTable?: boolean } = {}): string {
  const parts = text.map((part) =>
    typeof part === 'string' ? escapePart(part) : renderVerbatim(part, options),
  )
  // Two fences that touch would be one.
  return parts
    .reduce(
      (line, part) => (line.endsWith('`') && part.startsWith('`') ? `${line} ${part}` : line + part),
      '',
    )
    .trim()
}

function renderVerbatim({ verbatim, longest }: Verbatim, options: { inTable?: boolean }): string {
  return renderCode(verbatim, longest === undefined ? options : { ...options, longest })
}

/** A cell: Markdown that was made inert, or a sentence that has yet to be. */
export type Cell = Text | string

/**
 * A table whose rows all have the header's columns. Rows that would make it longer than `longestBytes` are left
 * out, whole, and counted below it.
 */
export function renderTable(table: {
  header: readonly string[]
  rows: readonly (readonly Cell[])[]
  longestBytes: number
}): string {
  const { header, rows, longestBytes } = table
  const lines = [`| ${header.join(' | ')} |`, `|${' --- |'.repeat(header.length)}`]
  let bytes = 0
  let shown = 0
  for (const row of rows) {
    const line = `| ${row.map(renderCell).join(' | ')} |`
    bytes += Buffer.byteLength(line) + 1
    if (bytes > longestBytes) break
    lines.push(line)
    shown += 1
  }
  const left = rows.length - shown
  return left === 0 ? lines.join('\n') : `${lines.join('\n')}\n\n${sayLeft(left, 'row')}`
}

/** A list within `longestBytes`; what doesn't fit is counted at its end. */
export function renderList(items: readonly Text[], longestBytes: number): string {
  const lines: string[] = []
  let bytes = 0
  for (const item of items) {
    const line = `- ${renderText(item)}`
    bytes += Buffer.byteLength(line) + 1
    if (bytes > longestBytes) break
    lines.push(line)
  }
  if (lines.length < items.length) lines.push(`- ${sayLeft(items.length - lines.length, 'line')}`)
  return lines.join('\n')
}

function renderCell(cell: Cell): string {
  const shown = typeof cell === 'string' ? escapeMarkdown(cell) : renderText(cell, { inTable: true })
  return shown === '' ? '–' : shown
}

function sayLeft(count: number, what: string): string {
  const more =
    count === 1
      ? `1 more ${what} did not fit here: it is`
      : `${count} more ${what}s did not fit here: they are`
  return `${more} in \`report.html\`.`
}

function toEntities(text: string): string {
  return [...text].map((character) => `&#${character.codePointAt(0)};`).join('')
}
