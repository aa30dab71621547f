import { describe, expect, it } from '@jest/globals'
import type { RecordedUnit } from '../../src/record/schema.ts'
import { type ComparedTurn, compareBaseline, findOtherName } from '../../src/reuse/check.ts'
import { makeRecordedUnit } from '../support/recorded-unit.ts'

const completion = makeRecordedUnit().completion as Extract<RecordedUnit['completion'], { kind: 'completed' }>
const unit = (parts: { present?: boolean; characters?: number; refused?: boolean; label?: never }) =>
  makeRecordedUnit({
    arm: 'baseline',
    completion: { ...completion, characters: parts.characters ?? 5, refused: parts.refused ?? false },
    labels: { rude: parts.label ?? { kind: parts.present === true ? 'present' : 'absent' } },
  })
const pair = (conversation: number, fresh: RecordedUnit, kept: RecordedUnit): ComparedTurn => ({
  conversation: `c${conversation}`,
  fresh,
  kept,
})
const repeat = (count: number, make: (index: number) => ComparedTurn) =>
  Array.from({ length: count }, (_, i) => make(i))

describe('comparing a baseline with what was kept of it', () => {
  it('is the exact sign test over the turns that differ, by Holm over all that is compared', () => {
    // 9 of 9 one way: 2 · (½)^9, four comparisons.
    const turns = [
      ...repeat(9, (index) => pair(index, unit({ present: true }), unit({}))),
      ...repeat(41, (index) => pair(100 + index, unit({}), unit({}))),
    ]
    const found = compareBaseline(turns, ['rude'])
    expect(found).toMatchObject({ turns: 50, what: 'the labels of rude', differs: false })
    expect(found?.p).toBeCloseTo(4 * 2 * 0.5 ** 9, 12)
    const more = [...turns, pair(200, unit({ present: true }), unit({}))]
    expect(compareBaseline(more, ['rude'])?.p).toBeCloseTo(4 * 2 * 0.5 ** 10, 12)
    expect(compareBaseline(more, ['rude'])?.differs).toBe(true)
  })

  it('takes turns of one conversation together: they may go wrong together', () => {
    const together = repeat(20, () => pair(1, unit({ present: true }), unit({})))
    expect(compareBaseline(together, ['rude'])).toMatchObject({ p: 1, differs: false })
  })

  it('does not mind noise that goes both ways', () => {
    const turns = repeat(60, (index) =>
      pair(index, unit({ present: index % 2 === 0 }), unit({ present: index % 2 === 1 })),
    )
    expect(compareBaseline(turns, ['rude'])).toMatchObject({ p: 1, differs: false })
  })

  it('compares lengths by their order, refusals and calls of tools', () => {
    const longer = repeat(30, (index) => pair(index, unit({ characters: 6 }), unit({ characters: 5 })))
    expect(compareBaseline(longer, ['rude'])).toMatchObject({ what: 'the length of answers', differs: true })
    const refusing = repeat(30, (index) => pair(index, unit({ refused: true }), unit({})))
    expect(compareBaseline(refusing, ['rude'])).toMatchObject({ what: 'refusals', differs: true })
  })

  it('leaves out what has no label or no answer, and says nothing of nothing', () => {
    const missing = { kind: 'missing', class: 'content', of: 'judge', cause: 'cannot-tell' } as never
    const turns = repeat(40, (index) => pair(index, unit({ present: true }), unit({ label: missing })))
    expect(compareBaseline(turns, ['rude'])).toMatchObject({ turns: 40, p: 1 })
    const failed = makeRecordedUnit({ completion: { kind: 'failed', cause: 'timeout' } })
    expect(compareBaseline([pair(1, failed, unit({}))], ['rude'])).toBeNull()
    expect(compareBaseline([], ['rude'])).toBeNull()
  })

  it('takes an unchanged baseline for another one in at most 1 % of the cases, and a changed one seldom not', () => {
    let seed = 1
    const random = () => {
      seed = (seed * 48271) % 2147483647
      return seed / 2147483647
    }
    const share = (rate: number, runs: number) => {
      let differs = 0
      for (let run = 0; run < runs; run += 1) {
        const turns = repeat(250, (index) =>
          pair(
            index,
            unit({ present: random() < rate, characters: Math.floor(random() * 9) }),
            unit({ present: random() < 0.1, characters: Math.floor(random() * 9) }),
          ),
        )
        if (compareBaseline(turns, ['rude'])?.differs === true) differs += 1
      }
      return differs / runs
    }
    expect(share(0.1, 400)).toBeLessThanOrEqual(0.02)
    expect(share(0.3, 50)).toBeGreaterThan(0.9)
  })
})

describe('names', () => {
  it('are other ones only where none that was kept has them', () => {
    const named = (parts: object) => makeRecordedUnit({ completion: { ...completion, ...parts } })
    const kept = new Map([
      ['1', named({ systemFingerprint: 'a' })],
      ['2', named({ systemFingerprint: 'b' })],
    ])
    expect(findOtherName([named({ systemFingerprint: 'b' })], kept)).toBeNull()
    expect(findOtherName([named({ systemFingerprint: 'c' })], kept)).toBe('its system fingerprint')
    expect(findOtherName([named({ systemFingerprint: null })], kept)).toBe('its system fingerprint')
    expect(findOtherName([named({ systemFingerprint: 'a', model: 'x' })], kept)).toBe(
      'the model that answers',
    )
    expect(findOtherName([named({ systemFingerprint: 'a', servedDigest: 'd' })], kept)).toBe(
      'the digest that it tells',
    )
  })
})
