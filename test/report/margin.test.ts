import { describe, expect, it } from '@jest/globals'
import { planPairsWithinMargin } from '../../src/estimate/margin-test.ts'
import type { RecordSummary } from '../../src/record/schema.ts'
import { type Fixture, type FixtureCategory, makeView } from './fixture.ts'

/** So many turns on which only the candidate, then only the baseline, then both show the behaviour. */
function over(request: {
  candidateOnly: number
  baselineOnly: number
  marginPer100k?: number
}): FixtureCategory {
  const { candidateOnly, baselineOnly, marginPer100k = 1000 } = request
  return {
    id: 'over-refusal',
    regression: false,
    marginPer100k,
    candidate: { events: candidateOnly },
    baseline: { events: baselineOnly, from: candidateOnly },
  }
}

const row = (fixture: Fixture) => makeView(fixture).categories[0]

describe('a margin', () => {
  it('is shown beside the difference, as one writes it', () => {
    const passed = row({ turns: 5000, categories: [over({ candidateOnly: 21, baselineOnly: 15 })] })
    expect(passed).toMatchObject({
      verdict: 'pass',
      reason: 'within its margin',
      difference: { size: '+0.12 points', margin: '1 point' },
    })
    expect(passed?.difference?.pWithin).toMatch(/^p = \d(?:\.\d)?e-\d+$/)
    const rare = over({ candidateOnly: 1, baselineOnly: 1, marginPer100k: 200 })
    expect(row({ turns: 5000, categories: [rare] })?.difference?.margin).toBe('0.2 points (200 per 100k)')
  })

  it('is no part of a row without one', () => {
    const plain = { id: 'a', baseline: { events: 3 }, candidate: { events: 3 } }
    expect(row({ turns: 400, categories: [plain] })?.difference).toMatchObject({
      margin: null,
      pWithin: null,
    })
  })

  it('is named with whatever else is kept', () => {
    const all = { ...over({ candidateOnly: 21, baselineOnly: 15 }), limitPer100k: 2000, regression: true }
    expect(row({ turns: 5000, categories: [all] })?.reason).toBe('within its limit and margin, not worse')
  })
})

describe('the first line of a margin that too few turns can show', () => {
  const fixture = { turns: 300, categories: [over({ candidateOnly: 9, baselineOnly: 7 })] }
  const needed = planPairsWithinMargin({
    margin: 0.01,
    discordant: 16 / 300,
    power: 0.8,
    alpha: 0.05,
    maxPairs: 1e6,
  })

  it('says how many more would let an unchanged candidate pass, and their price', () => {
    const more = Math.ceil(((needed ?? 0) - 300) / 100) * 100
    expect(more).toBe(3100)
    expect(makeView(fixture).headline).toBe(
      'INCONCLUSIVE: over-refusal 9 of 300 (3 %), baseline 7 of 300 (2.3 %): +0.67 points, not shown to be within the margin of 1 point (p = 0.44). About 3,100 more turns, $33, would let an unchanged candidate pass with chance .8.',
    )
  })

  it('asks for more of them where the judge errs', () => {
    const calibration = { truePositives: 54, positives: 60, falsePositives: 0, negatives: 300 }
    const [category] = fixture.categories
    const turns = (changes: Partial<FixtureCategory>) => {
      const categories = category === undefined ? [] : [{ ...category, ...changes }]
      const line = makeView({ ...fixture, categories }).headline
      return Number(/About ([\d,]+) more turns/.exec(line)?.[1]?.replaceAll(',', ''))
    }
    expect(turns({ calibration })).toBeGreaterThan(1.4 * turns({}))
  })

  it('says when the corpus is too small for it', () => {
    const change = (summary: RecordSummary) => ({
      ...summary,
      sample: { ...summary.sample, conversations: 1000 },
    })
    expect(makeView({ ...fixture, change }).headline).toMatch(
      /with chance \.8, and the corpus has 1,000 conversations: it would have to grow\.$/,
    )
  })

  it('says so when the sample is not what is too small', () => {
    const near = { turns: 8000, categories: [over({ candidateOnly: 120, baselineOnly: 60 })] }
    expect(makeView(near).headline).toMatch(
      /not shown to be within the margin of 1 point \(p = 0\.\d+\)\. An unchanged candidate would pass such a sample with chance \.8 or more: read the turns labelled present in outcomes\.jsonl, and compare the arms\.$/,
    )
  })

  it('says so when no sample would', () => {
    const tiny = over({ candidateOnly: 90, baselineOnly: 90, marginPer100k: 1 })
    expect(makeView({ turns: 300, categories: [tiny] }).headline).toMatch(
      /No sample of up to 20 million turns would show an unchanged candidate to be within it with chance \.8\.$/,
    )
  })
})

describe('the first line of a category with hardly any pairs', () => {
  it('says how many it takes', () => {
    const category = { id: 'a', baseline: { content: 397 }, candidate: {} }
    const small = { id: 'a', baseline: {}, candidate: {} }
    expect(makeView({ turns: 3, categories: [small] }).headline).toBe(
      'INCONCLUSIVE: a: 3 turns graded in both arms, too few to show any candidate worse. It takes at least 7 turns graded in both arms.',
    )
    expect(makeView({ turns: 1, categories: [small] }).headline).toContain('a: 1 turn graded in both arms')
    expect(makeView({ turns: 400, categories: [category] }).headline).toMatch(/^INCONCLUSIVE: a: /)
  })
})
