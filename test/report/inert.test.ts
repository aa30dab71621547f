import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { GateError } from '../../src/errors.ts'
import { commentMarker, renderComment } from '../../src/report/reporters/comment.ts'
import { renderHtml } from '../../src/report/reporters/html/page.ts'
import {
  renderInvalid,
  renderNoVerdict,
  renderRefused,
  renderUnchanged,
} from '../../src/report/reporters/message.ts'
import { renderSummary } from '../../src/report/reporters/summary.ts'
import { renderTable } from '../../src/report/reporters/terminal.ts'
import { formatPlain } from '../../src/report/text.ts'
import { makeView } from './fixture.ts'
import { hostileRun, hostileText, makeHostileChanges, unprintable } from './hostile.ts'
import { makeAttempt, makeHistory, makeRefusals } from './past.ts'
import { readInline, readTables } from './read-markdown.ts'
import { realistic } from './realistic.ts'

const ownTags = /^(?:<!-- checkpoint-gate -->|<details><summary>[^<>]*<\/summary>|<\/details>)$/

/** Checks a page of Markdown line by line. */
function expectInert(markdown: string): void {
  expect(markdown).not.toMatch(unprintable)
  for (const line of markdown.split('\n')) {
    expect(line).not.toMatch(/^\s*::/)
    expect(line).not.toContain('##[')
    if (ownTags.test(line)) continue
    const { text } = readInline(line)
    // Outside code nothing may start a mention, a link, an image, a tag or a code span; `>` opens a banner's line.
    const words = text
      .replace(/^> (?:\[!(?:WARNING|NOTE)\])?/, '')
      .replace(/^\*\*[A-Z ]+(?:, audit pending)?(?:, diagnosed, accepted by (?:\(empty\))?)?:\*\*/, '')
      .replaceAll(/&#\d+;/g, '')
    expect(words).not.toMatch(/[@<>`[\]*_~$\\]|#(?=\d)|:(?=\S)|www\.|https?:|GH-\d/)
  }
  for (const table of readTables(markdown)) {
    const columns = new Set(table.map((row) => row.length))
    expect(columns.size).toBe(1)
  }
}

describe('text that is not ours', () => {
  it('is inert in the comment and the summary', () => {
    fc.assert(
      fc.property(hostileRun, (run) => {
        const view = makeView(run)
        const comment = renderComment(view)
        expect(comment.startsWith(`${commentMarker}\n`)).toBe(true)
        expect(comment.split(commentMarker).length - 1).toBe(1 + countInCode(comment))
        expectInert(comment)
        expectInert(renderSummary(view))
      }),
      { numRuns: 60 },
    )
  })

  it('is inert in the report', () => {
    fc.assert(
      fc.property(hostileRun, (run) => {
        const page = renderHtml(makeView(run))
        expect(page).not.toMatch(unprintable)
        expect(page).not.toMatch(/<(?:script|img|iframe|a|link|base|form)\b/i)
        expect(page).not.toMatch(/<[^>]*\s(?:on\w+|style|src|href)=/i)
        expect(page).not.toMatch(/^\s*::|##\[/m)
      }),
      { numRuns: 60 },
    )
  })

  it('is inert on a terminal', () => {
    fc.assert(
      fc.property(hostileRun, (run) => {
        const lines = renderTable(makeView(run)).split('\n')
        for (const line of lines) {
          expect(line).not.toMatch(unprintable)
          expect(line).not.toMatch(/^\s*::|##\[/)
          expect([...line].length).toBeLessThanOrEqual(120)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('is inert in a FAIL that somebody answers for', () => {
    fc.assert(
      fc.property(hostileText, hostileText, (one, other) => {
        const view = makeView({
          turns: 40,
          categories: [{ id: 'a', baseline: {}, candidate: { events: 30 } }],
          history: makeHistory({ republishedBy: { id: one, attempt: 1, changed: [other] } }),
          accepted: { by: one, file: other, cause: other, mitigation: one },
        })
        expect(formatPlain(view.word)).toMatch(/^FAIL, audit pending, diagnosed, accepted by /)
        for (const markdown of [renderComment(view), renderSummary(view)]) expectInert(markdown)
        for (const page of [renderHtml(view), renderTable(view), view.headline]) {
          expect(page).not.toMatch(unprintable)
          expect(page).not.toMatch(/^\s*::|##\[/m)
        }
        expect(renderHtml(view)).not.toMatch(/<(?:script|img)\b|<[^>]*\s(?:on\w+|src|href)=/i)
      }),
      { numRuns: 60 },
    )
  })

  it('is inert in the headline, which becomes an output of the action', () => {
    fc.assert(
      fc.property(hostileRun, (run) => {
        const { headline } = makeView(run)
        expect(headline).not.toMatch(unprintable)
        expect(headline).not.toMatch(/\n|##\[/)
      }),
      { numRuns: 30 },
    )
  })

  it('is inert in what is said without a verdict', () => {
    fc.assert(
      fc.property(hostileText, hostileText, (message, remedy) => {
        const where = { file: message, line: 3, field: remedy }
        const error = new GateError({ code: 'policy', message, remedy, where })
        for (const said of [
          renderNoVerdict(error, [message]),
          renderUnchanged({
            checkpoint: message,
            installs: false,
            policyChanges: makeHostileChanges(message, remedy),
            workflow: { kind: 'known', files: [message, remedy] },
          }),
          renderUnchanged({
            checkpoint: message,
            installs: false,
            policyChanges: [],
            workflow: { kind: 'unknown', cause: remedy },
          }),
          renderInvalid({
            reason: 'policy-modified',
            event: remedy,
            files: [message, remedy],
            policyChanges: makeHostileChanges(remedy, message),
          }),
          ...makeRefusals(message, remedy).map((refusal) =>
            renderRefused({
              refusal,
              candidate: message,
              registration: { file: remedy },
              attempts: [makeAttempt({ run: { id: message, attempt: 1 }, changed: [remedy] })],
              policyChanges: makeHostileChanges(remedy, message),
            }),
          ),
        ]) {
          expectInert(said.comment)
          expectInert(said.summary)
          expect(said.headline).not.toMatch(unprintable)
          expect(said.headline).not.toContain('\n')
          expect(said.details.join(' ')).not.toMatch(unprintable)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('is told apart by the check: the same text without escaping does not pass it', () => {
    expect(() => expectInert('| `a` | @org/team |')).toThrow()
    expect(() => expectInert('| a |\n| b | c |')).toThrow()
    expect(() => expectInert('</code></pre><script>')).toThrow()
    expect(() => expectInert(renderComment(makeView(realistic)))).not.toThrow()
  })
})

function countInCode(markdown: string): number {
  return markdown
    .split('\n')
    .flatMap((line) => readInline(line).code)
    .reduce((count, code) => count + code.split(commentMarker).length - 1, 0)
}
