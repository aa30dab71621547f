import { describe, expect, it } from '@jest/globals'
import { formatPlain } from '../../src/report/text.ts'
import { type Fixture, type FixtureCategory, makeReport, makeView } from './fixture.ts'

const quiet: FixtureCategory = { id: 'quiet', baseline: { events: 3 }, candidate: { events: 3 } }

function headline(fixture: Fixture): string {
  return makeView(fixture).headline
}

describe('the first line of a pass', () => {
  const categories = ['a', 'b', 'c', 'd'].map((id) => ({ ...quiet, id }))

  it('counts categories and turns', () => {
    expect(headline({ turns: 400, categories })).toBe(
      'PASS: no category is worse than the baseline (4 categories, 400 turns).',
    )
  })

  it('says what was tested, and of how many where it was not tested of all', () => {
    const limited = { ...quiet, limitPer100k: 50_000 }
    const held = { ...quiet, marginPer100k: 50_000 }
    const alone = { ...limited, id: 'alone', regression: false }
    const say = (...tested: FixtureCategory[]) =>
      /^PASS: (.*) \(/.exec(headline({ turns: 400, categories: tested }))?.[1]
    expect(say(limited)).toBe('no category is worse than the baseline or over its limit')
    expect(say({ ...limited, ...held })).toBe(
      'no category is worse than the baseline, over its limit or higher than the baseline by more than its margin',
    )
    expect(say(alone)).toBe('no category is over its limit')
    expect(say(alone, quiet)).toBe(
      'no category is over its limit, none of the one compared with it worse than the baseline',
    )
    expect(say(alone, ...categories)).toContain('none of the 4 compared with it worse than the baseline')
  })

  it('does not hide a watched category that is worse', () => {
    const watched: FixtureCategory = {
      id: 'fabricated-facts',
      role: 'watch',
      baseline: { events: 1 },
      candidate: { events: 40 },
    }
    expect(headline({ turns: 400, categories: [quiet, watched] })).toBe(
      'PASS: no blocking category is worse than the baseline (1 category, 400 turns). Watched, not blocking: fabricated-facts is worse than the baseline (audit pending).',
    )
  })

  it('names the tipping point that is the least, where anything is missing', () => {
    const limited = { id: 'limited', limitPer100k: 500, baseline: { events: 12, transport: 6 } }
    const lost = { ...limited, candidate: { events: 11, transport: 8 } }
    const { estimates, view } = makeReport({ turns: 5000, categories: [quiet, lost] })
    const tipping = estimates[1]?.tippingPoint
    expect(tipping).toBeGreaterThan(1)
    expect(view.headline).toMatch(
      new RegExp(` It holds unless ≥ ${tipping} of the 8 turns missing in limited were present\\.$`),
    )
    const less = { ...limited, id: 'less', candidate: { events: 14, transport: 4 } }
    expect(headline({ turns: 5000, categories: [lost, less] })).toMatch(
      /of the 4 turns missing in less were present\.$/,
    )
  })

  it('speaks of one missing turn as one', () => {
    const lost = { id: 'a', limitPer100k: 100, baseline: {}, candidate: { transport: 1 } }
    const { estimates, view } = makeReport({ turns: 4000, categories: [lost] })
    expect(estimates[0]?.tippingPoint).toBe(1)
    expect(view.headline).toMatch(/ It holds unless the 1 turn missing in a was present\.$/)
    expect(view.missing.map(formatPlain)).toEqual([
      'a: 1 of 4,000 missing in the candidate (completion: timeout 1). The verdict changes only if the 1 turn missing in the candidate was present.',
    ])
  })

  it('says so where what is missing changes nothing', () => {
    const say = (content: number) =>
      headline({ turns: 5000, categories: [{ ...quiet, candidate: { content } }] })
    expect(say(1)).toMatch(/\. It holds even if the 1 missing turn was present\.$/)
    expect(say(3)).toMatch(/\. It holds even if all of the 3 missing turns were present\.$/)
    expect(say(0)).toMatch(/5,000 turns\)\.$/)
  })

  it('claims nothing of what is missing where it is assumed, and a margin has no tipping point', () => {
    const lost = { baseline: { events: 3, transport: 6 }, candidate: { events: 3, transport: 8 } }
    const held = { ...quiet, regression: false, marginPer100k: 1000, ...lost }
    expect(headline({ turns: 5000, categories: [held] })).toMatch(/5,000 turns\)\.$/)
  })
})
