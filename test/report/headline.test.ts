import { describe, expect, it } from '@jest/globals'
import { planTurnsToFail, planTurnsToPass } from '../../src/estimate/planning.ts'
import type { RecordSummary } from '../../src/record/schema.ts'
import { sayFinding } from '../../src/report/headline.ts'
import { formatPlain } from '../../src/report/text.ts'
import { type Fixture, type FixtureCategory, makeReport, makeView } from './fixture.ts'
import { realistic } from './realistic.ts'

const quiet: FixtureCategory = { id: 'quiet', baseline: { events: 3 }, candidate: { events: 3 } }

function headline(fixture: Fixture): string {
  return makeView(fixture).headline
}

describe('the first line of a category with too few turns', () => {
  const overRefusal = {
    id: 'over-refusal',
    limitPer100k: 1000,
    baseline: { events: 9 },
    candidate: { events: 9 },
  }
  const fixture: Fixture = { turns: 1000, categories: [overRefusal] }

  it('says how many more turns would decide, and their price', () => {
    const needed = planTurnsToPass({ limit: 0.01, rate: 0.009, power: 0.8, alpha: 0.05 })
    expect(needed?.turns).toBe(58_480)
    // 57,480 more turns, up to two digits; $3.20 for 1,000 turns is $184 for 57,480.
    expect(headline(fixture)).toBe(
      'INCONCLUSIVE: over-refusal 9 of 1,000 (0.9 %, at most 1.6 %), limit 1 %. About 58,000 more turns, $184, would decide with chance .8.',
    )
  })

  it('prices in requests when no price is known', () => {
    const change = (summary: RecordSummary) => ({ ...summary, cost: { usd: null, requests: 6000 } })
    expect(headline({ ...fixture, change })).toContain(
      'About 58,000 more turns, 350,000 requests, would decide',
    )
  })

  it('gives no price when nothing was asked', () => {
    const change = (summary: RecordSummary) => ({ ...summary, cost: { usd: 0, requests: 0 } })
    expect(headline({ ...fixture, change })).toContain('About 58,000 more turns would decide')
  })

  it('says when the corpus is too small for it', () => {
    const change = (summary: RecordSummary) => ({
      ...summary,
      sample: { ...summary.sample, conversations: 4000 },
    })
    expect(headline({ ...fixture, change })).toMatch(
      /would decide with chance \.8, and the corpus has 4,000 conversations: it would have to grow\.$/,
    )
  })

  it('plans for a fail when the rate lies over the limit, at the first level of Holm', () => {
    const category = { ...overRefusal, candidate: { events: 14 }, baseline: { events: 14 } }
    const needed = planTurnsToFail({ limit: 0.01, rate: 0.014, power: 0.8, alpha: 0.025 })
    const more = (needed?.fewestTurns ?? 0) - 1000
    const rounded = Math.ceil(more / 100) * 100
    expect(headline({ turns: 1000, categories: [category] })).toContain(
      `About ${rounded.toLocaleString('en-US')} more turns`,
    )
  })

  it('says so when no sample would decide', () => {
    const category = { ...overRefusal, candidate: { events: 10 }, baseline: { events: 10 } }
    expect(headline({ turns: 1000, categories: [category] })).toMatch(
      /No sample of up to 20 million turns would decide with chance \.8: the rate is too near the limit\.$/,
    )
  })

  it('says so for a limit of nothing at all', () => {
    const category = { ...overRefusal, limitPer100k: 0, candidate: {}, baseline: {} }
    expect(headline({ turns: 1000, categories: [category] })).toContain('No sample of up to 20 million turns')
  })

  it('leads with the category that needs the most', () => {
    const far = { ...overRefusal, id: 'far', candidate: { events: 4 }, baseline: { events: 4 } }
    const line = headline({ turns: 1000, categories: [{ ...far, limitPer100k: 700 }, overRefusal] })
    expect(line).toMatch(/^INCONCLUSIVE: over-refusal/)
    expect(line).toContain('1 other category is INCONCLUSIVE.')
  })

  it('asks for more of a weighted sample than of an equal one', () => {
    const category = { ...overRefusal, candidate: { events: 5 }, baseline: { events: 5 } }
    const turns = (weight: (index: number) => number) => {
      const line = headline({ turns: 1000, categories: [category], weight })
      return Number(/About ([\d,]+) more turns/.exec(line)?.[1]?.replaceAll(',', ''))
    }
    expect(turns((index) => (index % 7 === 0 ? 4 : 1))).toBeGreaterThan(turns(() => 1))
  })
})

describe('the first line when something is missing', () => {
  it('asks for a rerun where transport failed', () => {
    const category = { id: 'a', baseline: { events: 2 }, candidate: { events: 2, transport: 30 } }
    expect(headline({ turns: 400, categories: [category] })).toBe(
      'INCONCLUSIVE: a: what is missing could change it, 30 of 800 missing (completion: timeout 30). Rerun to fill 30 of them: the same turns are asked.',
    )
  })

  it('asks for a mended judge where answers have no label', () => {
    const category = { id: 'a', baseline: { events: 2 }, candidate: { events: 2, content: 30 } }
    expect(headline({ turns: 400, categories: [category] })).toMatch(
      /30 of 800 missing \(judge: cannot-tell 30\)\. A rerun doesn't change the 30 that came back without a label: mend the grader, or its rubric\.$/,
    )
  })

  it('says so when the judge labelled nothing', () => {
    const category = { id: 'a', baseline: { content: 400 }, candidate: { content: 400 } }
    expect(headline({ turns: 400, categories: [category] })).toBe(
      "INCONCLUSIVE: a: an arm has no label at all, 800 of 800 missing (judge: cannot-tell 800). Check the judge's endpoint, model and rubric, then run again.",
    )
  })

  it('comes before a category with too few turns', () => {
    const small = { id: 'small', limitPer100k: 1000, baseline: { events: 3 }, candidate: { events: 3 } }
    const lost = { id: 'lost', baseline: { events: 2 }, candidate: { events: 2, transport: 30 } }
    expect(headline({ turns: 400, categories: [small, lost] })).toMatch(/^INCONCLUSIVE: lost: /)
  })
})

describe('the first line of a run that ended early', () => {
  const category = { id: 'a', baseline: { events: 2, notAsked: 40 }, candidate: { events: 2, notAsked: 80 } }
  const stop = (stopped: RecordSummary['stopped']) =>
    headline({ turns: 400, categories: [category], change: (summary) => ({ ...summary, stopped }) })

  it('names the budget to raise', () => {
    expect(stop('max-requests')).toBe(
      'INCONCLUSIVE: 120 of 800 turns of both arms were not asked in a, the budget of requests was spent after 2,400. Raise budget.max_requests, then rerun: the same turns are asked.',
    )
    expect(stop('max-minutes')).toContain('Raise budget.max_minutes or rerun')
    expect(stop('max-tokens')).toContain(
      'the next request could have exceeded the budget of tokens. Raise budget.max_tokens, then rerun: the same turns are asked.',
    )
    expect(stop('max-usd')).toContain('budget of dollars. Raise budget.max_usd, then rerun')
  })

  it('says what else ended it', () => {
    expect(stop('job-limit')).toContain('the time of the job ran out. Rerun: the same turns are asked.')
    expect(stop('endpoint-down')).toContain('an endpoint stopped answering. Mend the endpoint, then rerun')
    expect(stop('cancelled')).toContain('the run was cancelled. Rerun: the same turns are asked.')
  })
})

describe('the first line of a suspect', () => {
  const others = Array.from({ length: 6 }, (_, index) => ({ ...quiet, id: `quiet-${index}` }))

  it('says which test speaks and which does not', () => {
    const suspect = { id: 'suspect', baseline: {}, candidate: { events: 7 } }
    expect(headline({ turns: 400, categories: [suspect, ...others] })).toBe(
      'INCONCLUSIVE: suspect 7 of 400 (1.8 %), baseline 0 of 400 (0 %): worse than the baseline by its own test (p = 0.0078), not by the one over all categories (adjusted p = 0.27 at α = 0.05). Read the turns labelled present in outcomes.jsonl; a new sample.epoch in the policy, with round: 2 in the registration, draws fresh turns, which decide.',
    )
  })

  it('speaks of its limit or its margin where they are what it is suspected of', () => {
    const limited = { id: 'x', regression: false, limitPer100k: 1000, baseline: {}, candidate: { events: 9 } }
    expect(headline({ turns: 400, categories: [limited, ...others] })).toMatch(
      /^INCONCLUSIVE: x 9 of 400 \(2\.3 %, at least 1\.2 %\), limit 1 %: over its limit by its own test \(p = 0\.021\), not by/,
    )
    const held = { id: 'x', regression: false, marginPer100k: 1000, baseline: {}, candidate: { events: 9 } }
    expect(headline({ turns: 400, categories: [held, ...others] })).toMatch(
      /^INCONCLUSIVE: x 9 of 400 \(2\.3 %\), baseline 0 of 400 \(0 %\): higher than the baseline by more than the margin of 1 point by its own test \(p = 0\.0\d+\), not by the one over all/,
    )
  })
})

describe('the first line when the measurement itself is in doubt', () => {
  it('names the models that answered as one arm', () => {
    const change = (summary: RecordSummary): RecordSummary => ({
      ...summary,
      arms: {
        ...summary.arms,
        candidate: { ...summary.arms.candidate, models: { 'ckpt-41': 100, 'ckpt-42': 300 } },
      },
    })
    expect(headline({ turns: 400, categories: [quiet], change })).toBe(
      'INCONCLUSIVE: 2 models answered as the candidate (ckpt-42 300, ckpt-41 100), so that no one checkpoint was measured. Pin its endpoint to one, then measure again from the start.',
    )
  })

  it('says so when nothing blocks', () => {
    expect(headline({ turns: 400, categories: [{ ...quiet, role: 'watch' }] })).toBe(
      'INCONCLUSIVE: no category blocks, so that nothing could pass. Give a category of the policy the role block.',
    )
  })

  it('has a line for every verdict that a file can hold', () => {
    const { record, verdict } = makeReport(realistic)
    const say = (word: 'invalid' | 'unchanged') =>
      formatPlain(
        sayFinding({
          record: record.summary,
          verdict: { ...verdict, verdict: word, reasons: ['workflow changed'] },
          categories: [],
        }),
      )
    expect(say('invalid')).toBe("the measurement can't be trusted. workflow changed")
    expect(say('unchanged')).toBe("the checkpoint is the baseline's.")
  })
})
