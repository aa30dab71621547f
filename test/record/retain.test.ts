import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { MeasuredUnit } from '../../src/grade/grade.ts'
import { summarizeUnit } from '../../src/record/retain.ts'
import { recordedUnitSchema } from '../../src/record/schema.ts'
import { readChatAnswer } from '../../src/replay/read-answer.ts'
import { completeWith, failWith } from '../fakes/scripted-client.ts'

const canary = 'CANARY-7f3a'

function makeUnit(parts: Partial<MeasuredUnit> = {}): MeasuredUnit {
  return {
    turn: 'c#1',
    arm: 'candidate',
    completion: completeWith({
      text: `text ${canary}`,
      refusal: `refusal ${canary}`,
      toolCalls: [{ id: canary, type: 'function', function: { name: canary, arguments: canary } }],
    }),
    labels: {
      rude: { kind: 'present', quote: canary },
      other: { kind: 'missing', class: 'content', of: 'judge', cause: 'cannot-tell' },
    },
    trails: {},
    prescreens: [],
    uses: [],
    ...parts,
  }
}

describe('summarizeUnit', () => {
  it('keeps no text of a completion, and no quote, unless it is told to', () => {
    const unit = summarizeUnit(makeUnit(), 'none')
    expect(JSON.stringify(unit)).not.toContain(canary)
    expect(unit).toMatchObject({
      completion: { content: null, characters: `text ${canary}`.length, refused: true, toolCalls: 1 },
      labels: { rude: { kind: 'present' }, other: { cause: 'cannot-tell' } },
    })
  })

  it('keeps all of it where it is told to', () => {
    const unit = summarizeUnit(makeUnit(), 'artifact')
    const measured = makeUnit()
    expect(unit.labels).toEqual(measured.labels)
    expect(unit.completion).toMatchObject({
      content: { text: `text ${canary}`, refusal: `refusal ${canary}`, toolCalls: [{ id: canary }] },
    })
  })

  it('keeps no text of an error in either case', () => {
    const failed = { ...failWith('server-error'), detail: canary }
    for (const retain of ['none', 'artifact'] as const) {
      const unit = summarizeUnit(makeUnit({ completion: failed, labels: {} }), retain)
      expect(unit.completion).toEqual({ kind: 'failed', cause: 'server-error' })
    }
  })

  it('keeps a turn that was not asked as it is', () => {
    const completion = { kind: 'not-asked', reason: 'max-requests' } as const
    expect(summarizeUnit(makeUnit({ completion }), 'none').completion).toEqual(completion)
  })

  it('makes lines that can be read back, whatever a server answers', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '\u2028', '\ud800', '__proto__', '\0'),
    )
    const call = fc.record(
      { id: text, function: fc.record({ name: text, arguments: text }) },
      { requiredKeys: ['function'] },
    )
    const choice = fc.record({
      finish_reason: text,
      message: fc.record({ content: text, refusal: text, tool_calls: fc.array(call, { maxLength: 2 }) }),
    })
    const body = fc.record({ model: text, system_fingerprint: text, choices: fc.tuple(choice) })
    fc.assert(
      fc.property(body, fc.constantFrom('none' as const, 'artifact' as const), (answer, retain) => {
        const completion = readChatAnswer(answer)
        const unit = summarizeUnit(makeUnit({ completion }), retain)
        expect(recordedUnitSchema.parse(JSON.parse(JSON.stringify(unit)))).toEqual(unit)
      }),
    )
  })
})
