import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { GateError } from '../../src/errors.ts'
import { registrationMarker, renderReview } from '../../src/report/registration/render-review.ts'
import type { RegistrationReview, ReviewedRegistration } from '../../src/report/registration/review.ts'
import { hostileText, unprintable } from './hostile.ts'
import { readInline, readTables } from './read-markdown.ts'

/** A review in which everything that somebody else can write is hostile. */
const hostileReview: fc.Arbitrary<RegistrationReview> = fc
  .record({
    candidate: hostileText,
    file: hostileText,
    from: hostileText,
    category: hostileText,
    reason: hostileText,
    message: hostileText,
    remedy: hostileText,
    cause: hostileText,
  })
  .map(({ candidate, file, from, category, reason, message, remedy, cause }) => {
    const problem = new GateError({
      code: 'registration',
      message,
      remedy,
      where: { file, line: 1, field: category },
    })
    const prediction = {
      category,
      ratePer100k: 1000,
      intervalPer100k: [0, 2000] as [number, number],
      direction: 'same' as const,
      limitPer100k: 400,
    }
    const registration = {
      version: 1 as const,
      candidate,
      round: 1,
      predictions: [prediction],
      amendments: [{ number: 1, date: '2026-11-03', reason }],
      withdrawn: true,
    }
    const one: ReviewedRegistration = {
      file,
      change: { kind: 'renamed', from },
      candidate,
      registration,
      tests: null,
      notices: [{ kind: 'unregistered', candidate }, { kind: 'odd-candidate' }, { kind: 'not-amended' }],
      problems: [problem],
    }
    return {
      folder: file,
      policyFile: file,
      installs: true,
      sample: { kind: 'imagined', turns: 400, cause },
      policyLimits: new Map([[category, 500]]),
      registrations: [one, { ...one, problems: [], change: { kind: 'removed' } }],
      policyProblems: [problem],
    }
  })

function expectInert(markdown: string): void {
  expect(markdown).not.toMatch(unprintable)
  for (const line of markdown.split('\n')) {
    expect(line).not.toMatch(/^\s*::/)
    expect(line).not.toContain('##[')
    if (line === registrationMarker) continue
    const words = readInline(line)
      .text.replace(/^> (?:\[!(?:WARNING|NOTE|CAUTION)\])?/, '')
      .replace(/^\*\*[A-Z ]+:\*\*/, '')
      .replaceAll(/&#\d+;/g, '')
    expect(words).not.toMatch(/[@<>`[\]*_~$\\]|#(?=\d)|:(?=\S)|www\.|https?:|GH-\d/)
  }
  for (const table of readTables(markdown)) expect(new Set(table.map((row) => row.length)).size).toBe(1)
}

describe('the comment on what a change registers', () => {
  it('keeps text that is not ours inert, and is found by its own marker', () => {
    fc.assert(
      fc.property(hostileReview, (review) => {
        const { comment, summary, headline } = renderReview(review)
        expect(comment.startsWith(`${registrationMarker}\n`)).toBe(true)
        expectInert(comment)
        expectInert(summary)
        expect(headline.split('\n')).toHaveLength(1)
        expect(headline).not.toMatch(unprintable)
      }),
      { numRuns: 100 },
    )
  })

  it('has room for as many registrations as anyone writes, and says how many it has none for', () => {
    const [one] = fc.sample(hostileReview, 1)
    const [wrong, fine] = one?.registrations ?? []
    if (one === undefined || wrong === undefined || fine === undefined) throw new Error('nothing was drawn')
    const message = 'x'.repeat(400)
    const problem = new GateError({ code: 'registration', message, remedy: message })
    const many = Array.from({ length: 400 }, (_, index) => ({
      ...(index === 399 ? { ...wrong, problems: Array.from({ length: 40 }, () => problem) } : fine),
      candidate: `@c-${index}`,
    }))
    const { comment } = renderReview({ ...one, registrations: many })
    expect(Buffer.byteLength(comment)).toBeLessThan(60_000)
    expect(comment).toContain('380 more files changed.')
    // What is wrong comes first.
    expect(comment.indexOf('### `@c-399`')).toBeGreaterThan(0)
    expect(comment.indexOf('### `@c-399`')).toBeLessThan(comment.indexOf('### `@c-0`'))
    expectInert(comment)
  })
})
