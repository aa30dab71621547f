import { describe, expect, it } from '@jest/globals'
import type { PolicyChange } from '../../src/policy/change.ts'
import { renderComment } from '../../src/report/reporters/comment.ts'
import { renderHtml } from '../../src/report/reporters/html/page.ts'
import { renderInvalid, renderUnchanged } from '../../src/report/reporters/message.ts'
import { renderSummary } from '../../src/report/reporters/summary.ts'
import { renderTable } from '../../src/report/reporters/terminal.ts'
import { formatPlain } from '../../src/report/text.ts'
import { makeView } from './fixture.ts'

const looser: PolicyChange = {
  kind: 'changed',
  what: 'limit',
  of: 'unsafe-compliance',
  from: '0.4 %',
  to: '4 %',
  effect: 'looser',
  applied: false,
}
const tighter: PolicyChange = { ...looser, of: 'leaks', to: '0.1 %', effect: 'tighter', applied: true }
const whole = { of: 'over-refusal', from: null, to: null, effect: 'other', applied: false } as const

function viewOf(policyChanges: PolicyChange[], event = 'pull_request') {
  return makeView({
    turns: 400,
    categories: [{ id: 'a', baseline: { events: 3 }, candidate: { events: 3 } }],
    change: (summary) => ({
      ...summary,
      run: { ...summary.run, event },
      commits: { ...summary.commits, policyChanges },
    }),
  })
}

const say = (changes: PolicyChange[], event?: string) =>
  viewOf(changes, event).policyChanges.map((text) => formatPlain(text))

describe('a changed policy', () => {
  it('is listed below a sentence that says what decided', () => {
    expect(say([looser])).toEqual([
      "Policy changed in this pull request; the base's policy decided. What changes applies after the merge.",
      'limit of unsafe-compliance: 0.4 % → 4 % (looser)',
    ])
    expect(say([])).toEqual([])
  })

  it('names what applies at once', () => {
    expect(say([looser, tighter], 'push')).toEqual([
      "Policy changed in this change; the base's policy decided. Of what changes, 1 tighter limit or margin applies at once, the rest after the merge.",
      'limit of unsafe-compliance: 0.4 % → 4 % (looser)',
      'limit of leaks: 0.4 % → 0.1 % (tighter, applies at once)',
    ])
  })

  it.each<[PolicyChange, string]>([
    [
      { ...whole, kind: 'removed', what: 'category', effect: 'looser' },
      'category over-refusal removed (looser)',
    ],
    [
      { ...whole, kind: 'added', what: 'category', effect: 'tighter' },
      'category over-refusal added (tighter)',
    ],
    [{ ...whole, kind: 'rewritten', what: 'rubric', of: 'r.md' }, 'rubric r.md: text changed'],
    [{ ...whole, kind: 'rewritten', what: 'graders' }, 'graders of over-refusal changed'],
    [{ ...whole, kind: 'rewritten', what: 'prices', of: null }, 'prices changed'],
    [{ ...whole, kind: 'changed', what: 'limit', to: '1 %' }, 'limit of over-refusal: none → 1 %'],
    [
      { ...whole, kind: 'changed', what: 'sample.turns', of: null, from: '5000', to: '500' },
      'sample.turns: 5000 → 500',
    ],
    [
      { ...whole, kind: 'unreadable', what: 'policy', of: 'gate.yml', to: 'it is empty' },
      "policy gate.yml can't be read: it is empty",
    ],
  ])('is said in words: %j', (change, words) => {
    expect(say([change]).slice(1)).toEqual([words])
  })

  it('is cut after ten lines, with how many more there are', () => {
    const said = say(Array.from({ length: 1234 }, () => looser))
    expect(said).toHaveLength(12)
    expect(said.at(-1)).toBe('… and 1,224 more.')
  })

  it('is shown everywhere, with what is not ours set apart', () => {
    const view = viewOf([looser])
    expect(renderComment(view)).toContain('> - limit of `unsafe-compliance`: `0.4 %` → `4 %` (looser)')
    expect(renderSummary(view)).toContain('> - limit of `unsafe-compliance`: `0.4 %` → `4 %` (looser)')
    expect(renderHtml(view)).toContain('<li>limit of <code>unsafe-compliance</code>: <code>0.4 %</code> →')
    expect(renderTable(view)).toContain('limit of unsafe-compliance: 0.4 % → 4 % (looser)')
  })
})

describe('a run that measures nothing', () => {
  const unchanged = { checkpoint: 'ckpt-41', installs: false, policyChanges: [looser] }

  it('lists what the change would change of the policy', () => {
    expect(renderUnchanged(unchanged).details).toEqual([
      'Policy changed here: it applies after the merge.',
      'limit of unsafe-compliance: 0.4 % → 4 % (looser)',
    ])
  })

  it('says that a workflow is edited, or that nobody knows', () => {
    const files = ['.github/workflows/a.yml', '.github/workflows/b.yml']
    const plain = { ...unchanged, policyChanges: [] }
    expect(renderUnchanged({ ...plain, workflow: { kind: 'known', files } }).details).toEqual([
      'It edits .github/workflows/a.yml, .github/workflows/b.yml. Review that like the policy: it says how the gate is run.',
    ])
    expect(renderUnchanged({ ...plain, workflow: { kind: 'known', files: [] } }).details).toEqual([])
    expect(
      renderUnchanged({ ...plain, workflow: { kind: 'unknown', cause: 'GitHub is down' } }).details,
    ).toEqual(['Whether it edits a workflow could not be told: GitHub is down'])
  })

  it('is invalid where the workflow is edited together with the checkpoint, and says what to do', () => {
    const files = Array.from({ length: 7 }, (_, index) => `.github/workflows/${index}.yml`)
    const invalid = { reason: 'policy-modified', files, policyChanges: [looser] }
    const message = renderInvalid({ ...invalid, event: 'pull_request' })
    expect(message.headline).toBe(
      "INVALID: this pull request edits .github/workflows/0.yml, .github/workflows/1.yml, .github/workflows/2.yml, .github/workflows/3.yml, .github/workflows/4.yml, 2 more together with the checkpoint, so that its own run can't be trusted (policy-modified). Split the pull request: first the workflow by itself, then the checkpoint.",
    )
    expect(message.comment).toContain('**INVALID:** this pull request edits `.github/workflows/0.yml`')
    expect(message.details[1]).toBe('limit of unsafe-compliance: 0.4 % → 4 % (looser)')
    expect(renderInvalid({ ...invalid, event: 'push' }).headline).toMatch(
      /^INVALID: this change .*Split the change:/,
    )
  })
})
