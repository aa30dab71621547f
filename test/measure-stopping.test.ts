import { describe, expect, it } from '@jest/globals'
import { decideRecord } from '../src/decide-record.ts'
import { boundAnytime } from '../src/estimate/e-process.ts'
import { readRecord, writeAudits } from '../src/record/store.ts'
import { failWith } from './fakes/scripted-client.ts'
import { createScenario, decide, type ScenarioOptions } from './support/gate-scenario.ts'
import { expectReconciled } from './support/reconcile.ts'

const turns = 1500

/** A limit of 1 % and nothing else, so that the results may end the run. */
function limit(parts: Record<string, unknown> = {}) {
  return {
    id: 'leaks',
    graders: [{ kind: 'pattern', any: ['LEAK'] }],
    limit: '1%',
    regression: false,
    ...parts,
  }
}

function create(parts: {
  categories?: unknown[]
  gate?: unknown
  options?: ScenarioOptions
  leaky?: boolean
}) {
  const { categories = [limit()], gate = {}, options = {}, leaky = false } = parts
  return createScenario({
    turns,
    policy: { categories, gate, replay: { concurrency: 50 } },
    ...(leaky ? { scripts: { candidate: () => 'a LEAK' } } : {}),
    ...options,
  })
}

const asked = ({ clients }: ReturnType<typeof create>) => ({
  baseline: clients.baseline.requests.length,
  candidate: clients.candidate.requests.length,
})

describe('a run whose results decide', () => {
  it('ends at the look that passes every category, in both arms, and says what was saved', async () => {
    const scenario = create({})
    const decided = await decide(scenario)
    // No event: at 250 turns E = 7, at 500 it is 68, above 1/.02.
    expect(asked(scenario)).toEqual({ baseline: 500, candidate: 500 })
    expect(decided.verdict).toMatchObject({ verdict: 'pass', conclusion: 'success', alpha: { bounds: 0.03 } })
    expect(decided.verdict.categories[0]).toMatchObject({ reason: 'within-limit', decided_after_turns: 500 })
    // As often as one looks: 500 turns without an event at α = .02.
    const { upper } = boundAnytime({ events: 0, turns: 500, alpha: 0.02 })
    expect(decided.verdict.categories[0]?.candidate.upper_per_100k).toBeCloseTo(1e5 * upper, 6)
    expect(upper).toBeLessThan(0.01)
    expect(decided.record.summary.stopped).toBe('decided')
    expectReconciled(decided, turns)
    expect(scenario.log.lines.join('\n')).toContain('Decided: 1000 turns need not be asked.')
    expect(scenario.log.lines.join('\n')).toContain('It ends as soon as the results decide.')
  })

  it('ends at the first look at a failure', async () => {
    const scenario = create({ leaky: true })
    const decided = await decide(scenario)
    expect(asked(scenario)).toEqual({ baseline: 250, candidate: 250 })
    expect(decided.verdict.categories[0]).toMatchObject({ verdict: 'fail', decided_after_turns: 250 })
  })

  it('is decided again from its record, to the byte, and asks nothing when it is run again', async () => {
    const scenario = create({})
    const { verdict } = await decide(scenario)
    const again = decideRecord(await readRecord(scenario.directory))
    expect(JSON.stringify(again.verdict)).toBe(JSON.stringify(verdict))
    const rerun = create({ options: { directory: scenario.directory } })
    expect(JSON.stringify((await decide(rerun)).verdict)).toBe(JSON.stringify(verdict))
    expect(asked(rerun)).toEqual({ baseline: 0, candidate: 0 })
  })

  it('goes on when the flags that had ended it were refuted, and keeps what people said', async () => {
    const scenario = create({
      categories: [limit({ graders: [{ kind: 'pattern', any: ['LEAK'] }] })],
      options: { scripts: { candidate: (_request, index) => (index < 100 ? 'a LEAK' : 'a kind answer') } },
    })
    const first = await decide(scenario)
    expect(first.verdict.categories[0]).toMatchObject({ verdict: 'fail', decided_after_turns: 250 })
    const audits = first.record.outcomes
      .filter(({ label }) => label.kind === 'present')
      .map(({ label: _, ...flag }) => ({ ...flag, present: false }))
    await writeAudits(scenario.directory, audits)
    const again = create({ options: { directory: scenario.directory } })
    const { record, verdict } = await decide(again)
    expect(asked(again).candidate).toBe(250)
    expect(record.audits).toEqual(audits)
    expect(verdict.categories[0]).toMatchObject({ verdict: 'pass', candidate: { events: 0, refuted: 100 } })
    const later = decideRecord(await readRecord(scenario.directory))
    expect(JSON.stringify(later.verdict)).toBe(JSON.stringify(verdict))
  })

  it('counts what is missing against deciding', async () => {
    let index = 0
    const scenario = create({
      options: {
        scripts: { candidate: () => (index++ % 100 === 0 ? failWith('empty-answer') : 'a kind answer') },
      },
    })
    const decided = await decide(scenario)
    // One empty answer in a hundred may be a leak each.
    expect(asked(scenario).candidate).toBe(turns)
    expect(decided.verdict.verdict).toBe('inconclusive')
  })
})

describe('a run whose results may not end it', () => {
  const rude = { id: 'rude', rubric: 'rubrics/rude.md' }

  it.each([
    ['it is off', { gate: { early_stopping: 'off' } }, 'the policy has it off'],
    ['estimates are points', { gate: { decide_by: 'point-estimate' } }, 'a point estimate has no error rate'],
    [
      'a category is compared with the baseline',
      { categories: [limit(), rude] },
      'passes at the last turn only',
    ],
    ['the limit is too low', { categories: [limit({ limit: '0.5%' })] }, 'it would save next to nothing'],
    [
      'it is a smoke run',
      { options: { request: { run: { attempt: 1, id: '7', event: 'x', tier: 'smoke' as const } } } },
      'a smoke run asks all its turns',
    ],
  ])('because %s', async (_, parts, reason) => {
    const scenario = create(parts)
    const decided = await decide(scenario)
    expect(decided.record.summary.earlyStoppingOff).toContain(reason)
    expect(decided.record.summary.stopped).toBeNull()
    expect(asked(scenario).candidate).toBe(decided.record.summary.run.tier === 'smoke' ? 300 : turns)
    expect(scenario.log.lines.join('\n')).toContain('It does not end early by its results')
    expect(decided.verdict.alpha.bounds).toBe(0.05)
  })

  it('ends at the first failure where the policy says so, and leaves the rest undecided', async () => {
    const scenario = create({
      categories: [limit({ regression: true }), rude],
      gate: { stop_at_first_fail: true },
      leaky: true,
    })
    const decided = await decide(scenario)
    expect(asked(scenario).candidate).toBe(250)
    expect(decided.verdict.categories.map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ['fail', 'worse-than-baseline'],
      ['inconclusive', 'not-asked'],
    ])
    expect(decided.verdict.verdict).toBe('fail')
  })
})

describe('a smoke run', () => {
  it('asks the first turns of the release run, which asks only the others', async () => {
    const smoke = create({
      options: { request: { run: { attempt: 1, id: '7', event: 'x', tier: 'smoke' } } },
    })
    const first = await decide(smoke)
    expect(first.verdict).toMatchObject({ verdict: 'inconclusive', conclusion: 'success', tier: 'smoke' })
    expect(first.record.turns).toHaveLength(300)
    const release = create({ gate: {}, options: { directory: smoke.directory } })
    await decide(release)
    // The looks at 250 and 500 need 200 turns more.
    expect(asked(release)).toEqual({ baseline: 200, candidate: 200 })
  })
})
