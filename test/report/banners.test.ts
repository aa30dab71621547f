import { describe, expect, it } from '@jest/globals'
import type { RecordSummary } from '../../src/record/schema.ts'
import { formatPlain } from '../../src/report/text.ts'
import type { ReportView } from '../../src/report/view.ts'
import { onAnyInconclusive } from '../support/plans.ts'
import { makeView } from './fixture.ts'

function viewOf(change: (summary: RecordSummary) => RecordSummary): ReportView {
  const plain = { id: 'a', baseline: { events: 3 }, candidate: { events: 3 } }
  return makeView({ turns: 400, categories: [plain], change })
}

function banners(change: (summary: RecordSummary) => RecordSummary): string[] {
  return viewOf(change).banners.map(formatPlain)
}

describe('banners', () => {
  it('are absent from a plain run', () => {
    expect(banners((summary) => summary)).toEqual([])
  })

  it('say that the registration is only in the work tree', () => {
    const change = (summary: RecordSummary): RecordSummary => ({
      ...summary,
      commits: { ...summary.commits, registration: 'work-tree' },
    })
    expect(banners(change)).toEqual([
      'The registration is not committed: it was taken from the work tree, where it can still be changed after the results.',
    ])
    const given = (summary: RecordSummary): RecordSummary => ({
      ...change(summary),
      commits: { ...change(summary).commits, trustAnchor: 'none' },
    })
    expect(banners(given)).toEqual([expect.stringMatching(/^No trust anchor:/)])
  })

  it('say that there is no trust anchor', () => {
    const change = (summary: RecordSummary): RecordSummary => ({
      ...summary,
      commits: { ...summary.commits, trustAnchor: 'none' },
    })
    expect(banners(change)[0]).toMatch(/^No trust anchor:/)
  })

  it('say whose answers are recorded', () => {
    const source = { kind: 'recorded' as const, sha256: 'f'.repeat(64) }
    const one = (summary: RecordSummary): RecordSummary => ({
      ...summary,
      arms: { ...summary.arms, baseline: { ...summary.arms.baseline, source } },
    })
    const all = (summary: RecordSummary): RecordSummary => ({
      ...summary,
      arms: {
        baseline: { ...summary.arms.baseline, source },
        candidate: { ...summary.arms.candidate, source },
      },
      graders: summary.graders.map((use) => ({ ...use, source })),
    })
    expect(banners(one)).toEqual(['The answers of baseline are recorded, not replayed.'])
    expect(banners(all)).toEqual(['The answers of candidate, baseline and judge are recorded, not replayed.'])
  })

  it('say that the corpus is smaller than the sample asked for, and what expired', () => {
    const change = (summary: RecordSummary) => ({
      ...summary,
      sample: {
        ...summary.sample,
        turnsAsked: 5000,
        turnsDrawn: 412,
        conversations: 412,
        conversationsExpired: 1,
      },
    })
    expect(banners(change)).toEqual([
      'The corpus has 412 conversations: all are used, 5,000 turns were asked.',
      '1 conversation has expired and is left out.',
    ])
  })

  it('say that the other checkpoint answered', () => {
    const change = (summary: RecordSummary) => ({
      ...summary,
      arms: { baseline: summary.arms.baseline, candidate: summary.arms.baseline },
    })
    expect(banners(change)[0]).toMatch(/^ckpt-41, the baseline, answered at the candidate's endpoint/)
  })

  it('say why a run stopped, that models changed, and that a green check is no pass', () => {
    const change = (summary: RecordSummary): RecordSummary => ({
      ...summary,
      stopped: 'cancelled',
      arms: { ...summary.arms, baseline: { ...summary.arms.baseline, models: { x: 1, y: 2 } } },
      plan: {
        ...summary.plan,
        policy: {
          ...summary.plan.policy,
          gate: { ...summary.plan.policy.gate, onInconclusive: onAnyInconclusive('warn') },
        },
      },
    })
    const said = banners(change)
    expect(said[0]).toMatch(/^2 models answered as the baseline \(y 2, x 1\)/)
    expect(said).toContain('Stopped early: the run was cancelled.')
    // Several models for one arm: that is red whatever the policy says of an inconclusive verdict.
    expect(said.some((text) => text.startsWith('The check is green'))).toBe(false)
    const lost = { id: 'a', baseline: { events: 3 }, candidate: { events: 3, transport: 397 } }
    const warned = (summary: RecordSummary) => ({ ...change(summary), arms: summary.arms })
    expect(
      makeView({ turns: 400, categories: [lost], change: warned })
        .banners.map(formatPlain)
        .at(-1),
    ).toBe('The check is green because the policy says on_inconclusive: warn. This is not a pass.')
  })

  it('show the last amendment; all of them are listed', () => {
    const change = (summary: RecordSummary): RecordSummary => ({
      ...summary,
      plan: {
        ...summary.plan,
        registration: {
          ...summary.plan.registration,
          amendments: [
            { number: 1, date: '2026-11-01', reason: 'typo' },
            { number: 2, date: '2026-11-03', reason: 'wrong interval' },
          ],
        },
      },
    })
    expect(banners(change)).toEqual([
      'The registration was amended (2 in all). Amendment 2 of 2026-11-03: wrong interval',
    ])
    expect(viewOf(change).amendments).toHaveLength(2)
  })

  it('name the key of the policy that makes an inconclusive verdict green', () => {
    const green = (onInconclusive: Partial<ReturnType<typeof onAnyInconclusive>>, category: object) =>
      makeView({
        turns: 1000,
        gate: { onInconclusive: { ...onAnyInconclusive('fail'), ...onInconclusive } },
        categories: [{ id: 'a', baseline: { events: 3 }, candidate: { events: 3 }, ...category }],
      })
        .banners.map(formatPlain)
        .filter((text) => text.startsWith('The check is green'))
    const small = { limitPer100k: 500 }
    const said = (key: string) => [`The check is green because the policy says ${key}. This is not a pass.`]
    expect(green({ underpowered: 'warn' }, small)).toEqual(said('on_underpowered: warn'))
    expect(green({ underpowered: 'pass' }, small)).toEqual(said('on_underpowered: pass'))
    expect(green(onAnyInconclusive('warn'), small)).toEqual(said('on_inconclusive: warn'))
    expect(green({ measurement: 'warn' }, { candidate: { content: 900 } })).toEqual(
      said('on_measurement: warn'),
    )
    const blind = { truePositives: 5, positives: 60, falsePositives: 30, negatives: 300 }
    expect(green({ judge: 'warn' }, { ...small, calibration: blind })).toEqual(said('on_judge: warn'))
    expect(green({ measurement: 'warn' }, small)).toEqual([])
  })

  it('name each key once where several do', () => {
    const categories = [
      { id: 'a', limitPer100k: 500, baseline: { events: 3 }, candidate: { events: 3 } },
      { id: 'b', limitPer100k: 500, baseline: { events: 3 }, candidate: { events: 3 } },
      { id: 'c', baseline: {}, candidate: { content: 900 } },
    ]
    const onInconclusive = {
      ...onAnyInconclusive('fail'),
      underpowered: 'warn',
      measurement: 'pass',
    } as const
    const { banners } = makeView({ turns: 1000, gate: { onInconclusive }, categories })
    expect(banners.map(formatPlain)).toEqual([
      'The check is green because the policy says on_underpowered: warn and on_measurement: pass. This is not a pass.',
    ])
  })
})
