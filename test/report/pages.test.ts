import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { GateError } from '../../src/errors.ts'
import { commentMarker, renderComment } from '../../src/report/reporters/comment.ts'
import { fitSections } from '../../src/report/reporters/fit.ts'
import { fileReporters } from '../../src/report/reporters/index.ts'
import { renderNoVerdict, renderUnchanged } from '../../src/report/reporters/message.ts'
import { renderSummary } from '../../src/report/reporters/summary.ts'
import { renderTable } from '../../src/report/reporters/terminal.ts'
import type { ReportView } from '../../src/report/view.ts'
import { makeView } from './fixture.ts'
import { hostileRun } from './hostile.ts'
import { readTables } from './read-markdown.ts'
import { realistic } from './realistic.ts'

/** The view as a run with very many categories, or much missing, would have it. */
function repeatRows(view: ReportView, times: number): ReportView {
  const repeat = <T>(rows: readonly T[]) => Array.from({ length: times }, () => rows).flat()
  return {
    ...view,
    history: repeat(view.history),
    banners: repeat(view.banners),
    notices: repeat(view.notices),
    categories: repeat(view.categories),
    missing: repeat(view.missing),
    reconciliation: repeat(view.reconciliation),
    slices: { rows: repeat(view.slices.rows), left: 0 },
    amendments: repeat(view.amendments),
    attempts: repeat(view.attempts),
  }
}

describe('the comment', () => {
  const comment = renderComment(makeView(realistic))
  const lines = comment.split('\n')

  it('starts with the marker, then the headline', () => {
    expect(lines[0]).toBe(commentMarker)
    expect(lines[2]).toMatch(/^\*\*FAIL, audit pending:\*\* `tool-use-dishonesty` 41 of 4,975 \(0\.82 %\)/)
  })

  it('shows what does not pass, and folds what passes', () => {
    const [shown, folded] = readTables(comment)
    expect(shown?.slice(2).map(([id]) => id)).toEqual(['`tool-use-dishonesty` †', '`over-refusal` †'])
    expect(folded).toHaveLength(2 + 5)
    expect(comment).toContain('<details><summary>5 categories pass</summary>\n\n| Category |')
  })

  it('keeps three passing rows in the one table', () => {
    const categories = ['a', 'b', 'c'].map((id) => ({ id, baseline: {}, candidate: {} }))
    const passing = renderComment(makeView({ turns: 400, categories }))
    expect(readTables(passing)[0]).toHaveLength(2 + 3)
    expect(passing).not.toContain('categories pass')
  })

  it('has a row of its own for every number the table is read for', () => {
    const [, , row] = readTables(comment)[0] ?? []
    expect(row).toEqual([
      '`tool-use-dishonesty` †',
      '0.1 % (0.05 to 0.3 %), outside',
      '6 of 4,996 = 0.12 % (at most 0.34 %)',
      '41 of 4,975 = 0.82 % (at most 1.6 %)',
      '+0.7 points (p = 1.7e-7)',
      '–',
      'FAIL, audit pending: worse than the baseline',
    ])
  })

  it('closes every fold', () => {
    expect(comment.match(/<details>/g)?.length).toBe(comment.match(/<\/details>/g)?.length)
  })
})

describe('length', () => {
  it('keeps the comment within 60,000 characters and the summary within 900,000 bytes', () => {
    fc.assert(
      fc.property(hostileRun, fc.integer({ min: 1, max: 1500 }), (run, times) => {
        const view = repeatRows(makeView(run), times)
        const comment = renderComment(view)
        expect(comment.length).toBeLessThanOrEqual(60_000)
        expect(Buffer.byteLength(renderSummary(view))).toBeLessThanOrEqual(900_000)
        for (const table of readTables(comment)) expect(new Set(table.map((row) => row.length)).size).toBe(1)
        expect(comment.match(/<details>/g)?.length).toBe(comment.match(/<\/details>/g)?.length)
      }),
      { numRuns: 10 },
    )
  })

  it('says how many rows are elsewhere', () => {
    const comment = renderComment(repeatRows(makeView(realistic), 400))
    expect(comment).toMatch(/\d+ more rows did not fit here: they are in `report\.html`\./)
  })

  it('leaves out whole sections by name, and later ones that fit stay', () => {
    const page = fitSections({
      head: 'head',
      sections: [
        { title: 'long', body: 'x'.repeat(4000) },
        { title: 'empty', body: '' },
        { title: 'short', body: 'short' },
      ],
      longestBytes: 3000,
    })
    expect(page).toBe('head\n\nshort\n\nLeft out for length: long. See `report.html`.\n')
  })
})

describe('the summary', () => {
  it('has what the comment has no room for', () => {
    const summary = renderSummary(makeView(realistic))
    const titles = summary.split('\n').filter((line) => line.startsWith('#'))
    expect(titles).toEqual([
      '## Checkpoint Gate',
      '### Missing',
      '### Counts: planned = graded + missing + not asked',
      '### Signals that need no judge',
      '### Slices',
      '### Sample',
      '### Plan',
      '### Cost and time',
      '### How to read this',
    ])
    expect(readTables(summary)[0]).toHaveLength(2 + 7)
  })
})

describe('the terminal', () => {
  const view = makeView(realistic)
  const lines = renderTable(view).split('\n')

  it('starts with the headline and fits 120 columns', () => {
    expect(lines[0]).toMatch(/^FAIL, audit pending: tool-use-dishonesty/)
    for (const line of lines) expect([...line].length).toBeLessThanOrEqual(120)
  })

  it('aligns its columns', () => {
    const header = lines.find((line) => line.startsWith('category ')) ?? ''
    const rows = lines.slice(lines.indexOf(header) + 1, lines.indexOf(header) + 8)
    expect(rows).toHaveLength(7)
    for (const title of ['baseline', 'candidate', 'limit', 'verdict']) {
      const at = header.indexOf(title)
      for (const row of rows) expect(row.slice(at - 2, at + 1)).toMatch(/^ {2}\S$/)
    }
  })

  it('gives columns up before it cuts a number', () => {
    const wide = makeView({
      turns: 90_000,
      categories: [
        { id: 'c'.repeat(60), limitPer100k: 50, baseline: { events: 12 }, candidate: { events: 31 } },
      ],
    })
    const text = renderTable(wide)
    expect(text).toContain('31 of 90,000 = 34.4 per 100k')
    expect(text).toContain('ccc…')
  })
})

describe('file reporters', () => {
  it('write five files of their own names', () => {
    expect(fileReporters.map(({ name, file }) => `${name} ${file}`)).toEqual([
      'comment comment.md',
      'summary summary.md',
      'report report.html',
      'review review.csv',
      'predicate predicate.json',
    ])
  })
})

describe('runs without a table', () => {
  it('say that nothing changed', () => {
    const message = renderUnchanged({ checkpoint: 'ckpt-41', installs: false, policyChanges: [] })
    expect(message.headline).toBe(
      'UNCHANGED: the checkpoint is still ckpt-41, so that there is nothing to compare.',
    )
    expect(message.comment).toBe(
      `${commentMarker}\n\n**UNCHANGED:** the checkpoint is still \`ckpt-41\`, so that there is nothing to compare.\n`,
    )
    const installing = { checkpoint: 'ckpt-41', installs: true, policyChanges: [] }
    expect(renderUnchanged(installing).summary).toContain('installs the gate')
  })

  it('say what is wrong, where, and what to do', () => {
    const error = new GateError({
      code: 'policy',
      message: 'unknown key "categorys"',
      where: { file: '.github/checkpoint-gate.yml', line: 7 },
      remedy: 'write "categories"\nor remove it',
    })
    const message = renderNoVerdict(error, ['ask a maintainer'])
    expect(message.headline).toBe('NO VERDICT: unknown key "categorys"')
    expect(message.comment.split('\n')).toEqual([
      commentMarker,
      '',
      '**NO VERDICT:** `unknown key "categorys"`',
      '',
      '- Where: `.github/checkpoint-gate.yml:7`',
      '- What to do: `write "categories"`',
      '- What to do: `or remove it`',
      '- What to do: `ask a maintainer`',
      '',
    ])
  })
})
