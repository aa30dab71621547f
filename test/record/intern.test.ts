import { describe, expect, it } from '@jest/globals'
import { createInterner } from '../../src/record/intern.ts'
import type { RecordedUnit } from '../../src/record/schema.ts'

/** A unit as it is parsed from an answer and from JSON: nothing in it is shared. */
function makeUnit(turn: string, parts: Partial<RecordedUnit> = {}): RecordedUnit {
  return structuredClone({
    turn,
    arm: 'candidate',
    completion: {
      kind: 'completed',
      model: 'ckpt-2',
      finishReason: 'stop',
      systemFingerprint: 'fp-1',
      usage: { promptTokens: 10, completionTokens: 5 },
      characters: 20,
      refused: false,
      toolCalls: 0,
      content: null,
    },
    labels: {
      leaks: { kind: 'absent' },
      rude: { kind: 'missing', class: 'content', of: 'judge', cause: 'cannot-tell' },
    },
    trails: {},
    prescreens: [],
    uses: [
      {
        endpoint: 'judge',
        model: 'j',
        answeredAs: { j: 1 },
        usage: { promptTokens: 1, completionTokens: 2 },
      },
    ],
    ...parts,
  } satisfies RecordedUnit)
}

describe('createInterner', () => {
  it('changes nothing of what a unit says', () => {
    const intern = createInterner()
    const units = [
      makeUnit('a#1'),
      makeUnit('b#1', { labels: { leaks: { kind: 'present', quote: 'LEAK' } }, uses: [] }),
      makeUnit('c#1', { completion: { kind: 'failed', cause: 'timeout' }, prescreens: ['no-words'] }),
      makeUnit('d#1', { completion: { kind: 'not-asked', reason: 'decided' } }),
    ]
    for (const unit of [...units, ...units]) {
      const before = JSON.stringify(unit)
      expect(JSON.stringify(intern(unit))).toBe(before)
      expect(JSON.stringify(unit)).toBe(before)
    }
  })

  it('keeps once what two units hold alike', () => {
    const intern = createInterner()
    const [first, second] = [intern(makeUnit('a#1')), intern(makeUnit('b#1'))]
    expect(second.labels).toBe(first.labels)
    expect(second.trails).toBe(first.trails)
    expect(second.prescreens).toBe(first.prescreens)
    expect(second.uses[0]?.answeredAs).toBe(first.uses[0]?.answeredAs)
    expect(second.uses[0]?.usage).not.toBe(first.uses[0]?.usage)
  })

  it('takes a text for no object that is written alike', () => {
    const intern = createInterner()
    const odd = makeUnit('a#1', { uses: [] })
    const named = makeUnit('b#1')
    if (named.completion.kind === 'completed') named.completion.model = '{}'
    expect(intern(odd).trails).toEqual({})
    expect(intern(named).completion).toMatchObject({ model: '{}' })
    expect(intern(makeUnit('c#1')).trails).toEqual({})
  })
})
