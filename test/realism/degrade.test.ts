import { describe, expect, it } from '@jest/globals'
import { readText } from '../../src/corpus/conversation.ts'
import { degrade, degradeKinds, makeControls } from '../../src/realism/degrade.ts'
import type { RealismPair } from '../../src/realism/pair.ts'
import { renderRollout } from '../../src/realism/render.ts'
import { makePair, makePairs } from './pairs.ts'

const rich = makePair('rich', {
  real: {
    steps: [
      { tool: 'find', result: '{"found": 3}' },
      { tool: 'pay', result: 'Error: card declined' },
      { tool: 'note', result: 'ok' },
    ],
    answer: 'The card was declined. Shall I try another one?',
  },
})
const other = makePair('other', { real: { answer: 'Good morning.' } })

function spoil(kind: (typeof degradeKinds)[number], pair: RealismPair = rich): string | null {
  const messages = degrade({ kind, pair, others: [pair, other], random: () => 0.4 })
  return messages === null ? null : renderRollout(messages)
}

describe('a degraded rollout', () => {
  const before = renderRollout(rich.real)

  it('has no errors, or says nothing in its results', () => {
    expect(spoil('errors-removed')).toBe(before.replace('Error: card declined', '{"status": "success"}'))
    expect(spoil('results-generic')?.match(/\{"status": "success"\}/g)).toHaveLength(3)
  })

  it('has its steps in another order, each with its own result, and its last words last', () => {
    const shuffled = spoil('order-shuffled') ?? ''
    expect(shuffled).not.toBe(before)
    expect([...shuffled.matchAll(/tool call \d\] (\w+)/g)].map((match) => match[1])).toEqual([
      'pay',
      'note',
      'find',
    ])
    expect(shuffled).toMatch(/pay\(\{\}\)\n\n\[result of call 1\]\nError: card declined/)
    expect(shuffled.endsWith('Shall I try another one?')).toBe(true)
  })

  it('has other last words, of another conversation, or only their first sentence', () => {
    expect(spoil('answer-exchanged')).toBe(
      before.replace('The card was declined. Shall I try another one?', 'Good morning.'),
    )
    expect(spoil('answer-shortened')?.endsWith('\nThe card was declined.')).toBe(true)
  })

  it('is none where there is nothing to spoil', () => {
    const bare = makePair('bare', { real: { answer: 'Yes.' } })
    expect(spoil('order-shuffled', bare)).toBe(null)
    expect(degrade({ kind: 'answer-exchanged', pair: bare, others: [bare], random: () => 0 })).toBe(null)
    expect(spoil('errors-removed', bare)).toBe(renderRollout(bare.real))
    const twin = { ...makePair('twin', { real: { answer: 'No.' } }), conversation: bare.conversation }
    expect(degrade({ kind: 'answer-exchanged', pair: bare, others: [bare, twin], random: () => 0 })).toBe(
      null,
    )
  })
})

describe('controls', () => {
  it('are different from what they were made of, each by one kind, the kinds in balance', () => {
    const pairs = makePairs(30)
    const controls = makeControls({ pairs, count: 20, seed: 'a' })
    expect(controls).toHaveLength(20)
    for (const { pair } of controls) {
      expect(renderRollout(pair.simulated)).not.toBe(renderRollout(pair.real))
      expect(pair.real).toEqual(pairs.find(({ id }) => id === pair.id)?.real)
    }
    const counts = degradeKinds.map((kind) => controls.filter((control) => control.kind === kind).length)
    // No errors, and one step each: three kinds are left.
    expect(counts.toSorted()).toEqual([0, 0, 6, 7, 7])
  })

  it('depend on the seed and on nothing else', () => {
    const pairs = makePairs(30)
    const make = (seed: string, from = pairs) => makeControls({ pairs: from, count: 10, seed })
    expect(make('a', pairs.toReversed())).toEqual(make('a'))
    expect(make('b')).not.toEqual(make('a'))
  })

  it('are none where nothing can be spoilt', () => {
    const bare = [makePair('bare', { real: { answer: 'Yes.' } })]
    expect(makeControls({ pairs: bare, count: 5, seed: 'a' })).toEqual([])
  })

  it('leave what was said of the simulated results behind', () => {
    const [control] = makeControls({ pairs: makePairs(3), count: 1, seed: 'a' })
    expect(control?.pair.sources).toBe(undefined)
    expect(readText(control?.pair.prefix[0]?.content)).toMatch(/^Where is my order/)
  })
})
