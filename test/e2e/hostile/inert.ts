import { expect } from '@jest/globals'
import { parse } from 'csv-parse/sync'
import { readInline, readTables } from '../../report/read-markdown.ts'
import type { ActionRun } from '../emulator/runner.ts'

/** Controls but line feeds, characters that change the direction or that nobody sees, halves of characters. */
const unprintable = /[\p{Bidi_Control}\p{Cs}\u200b\u2060\ufeff\u{e0000}-\u{e007f}]|(?!\n)\p{Cc}/u

/** What the gate itself writes as HTML. */
const ownTags =
  /^(?:<!-- checkpoint-gate(?:-registration)? -->|<!-- run \d+\.\d+ -->|<details><summary>[^<>]*<\/summary>|<\/details>)$/

/** Markdown in which nothing but the gate's own words and tables is more than text. */
export function expectInertMarkdown(markdown: string): void {
  expect(markdown).not.toMatch(unprintable)
  for (const line of markdown.split('\n')) {
    expect(line).not.toMatch(/^\s*::|##\[/)
    if (ownTags.test(line)) continue
    // An indented line would be code, and one that begins with a fence would swallow what follows.
    expect(line).not.toMatch(/^(?: {4}|\t|~~~|`{3,}[^`]*$)/)
    const { text } = readInline(line)
    const words = text
      .replace(/^> (?:\[!(?:WARNING|NOTE|CAUTION|IMPORTANT)\])?/, '')
      .replace(/^\*\*[A-Z ]+(?:, [a-z ,]+)?:\*\*/, '')
      .replace(/^#{2,3} /, '')
      .replaceAll(/&#\d+;/g, '')
    expect(words).not.toMatch(/[@<>`[\]*_~$\\]|#(?=\d)|:(?=\S)|www\.|https?:|GH-\d/)
  }
  for (const table of readTables(markdown)) {
    expect(table.length).toBeGreaterThan(2)
    expect([...new Set(table.map((row) => row.length))]).toHaveLength(1)
  }
}

const obeyed = ['add-mask', 'debug', 'error', 'warning', 'notice', 'group', 'endgroup']

/** A log in which the runner obeyed nothing but the action itself, and outputs that nobody else has set. */
export function expectInertLog(run: ActionRun, verdict: string): void {
  // GitHub's own toolkit speaks of what it uploads.
  const lines = run.rawLog.split('\n').filter((line) => !line.startsWith('::debug::'))
  for (const line of lines) expect(line).not.toMatch(unprintable)
  expect(run.commands.filter(({ form, name }) => form !== '::' || !obeyed.includes(name))).toEqual([])
  const annotations = [...run.annotations, ...run.droppedAnnotations]
  for (const { message, properties } of annotations) {
    expect(properties.title).toMatch(/^Checkpoint Gate/)
    expect(message).not.toMatch(unprintable)
    expect(JSON.stringify(Object.values(properties))).not.toMatch(unprintable)
    expect(message).not.toMatch(/^\s*::|##\[/m)
  }
  expect(run.masks.filter((mask) => mask.includes('PASS'))).toEqual([])
  expect(run.outputs.verdict).toBe(verdict)
  expect({ env: run.env, state: run.state }).toEqual({ env: {}, state: {} })
  for (const value of Object.values(run.outputs)) expect(value).not.toMatch(/[\n\r]|::|##\[|\p{Cs}|\p{Cc}/u)
}

/** One page without scripts, handlers and addresses, whose policy lets a browser load nothing else. */
export function expectInertPage(page: string): void {
  expect(page).not.toMatch(unprintable)
  expect(page.match(/<!doctype html>|<html\b|<head>|<body>|<\/body>|<\/html>/g)).toHaveLength(6)
  expect(page.trimEnd().endsWith('</html>')).toBe(true)
  expect(page).toMatch(
    /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-[\w+/=]+'; script-src 'none'; base-uri 'none'; form-action 'none'">/,
  )
  expect(page).not.toMatch(/<(?:script|img|iframe|a|link|base|form|object|embed|audio|video|template)\b/i)
  expect(page.match(/<style>/g)).toHaveLength(1)
  const markup = page.match(/<[^<>]*>/g) ?? []
  expect(markup.length).toBeGreaterThan(100)
  expect(markup.filter((tag) => /\s(?:on\w+|style|src|href|srcset|action)\s*=/i.test(tag))).toEqual([])
}

const formula = /^[\s"]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/

/** A table in which no cell is a formula, also where a spreadsheet takes another character for the separator. */
export function expectInertCsv(csv: string): string[][] {
  expect(csv.startsWith('\ufeff')).toBe(true)
  const text = csv.slice(1)
  expect(text).not.toMatch(unprintable)
  const rows = parse(text, { relax_column_count: false }) as string[][]
  for (const cell of rows.flat()) expect(cell).not.toMatch(/^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/)
  const [header = [], ...others] = text.split('\n')
  expect(header.length).toBeGreaterThan(10)
  for (const line of others) {
    for (const cell of line.split(/[,;\t]/)) expect(cell).not.toMatch(formula)
  }
  return rows
}
