import { describe, expect, it } from '@jest/globals'
import { readArguments } from '../../src/tools/canonical-arguments.ts'
import { createSimilarCalls, listFeatures } from '../../src/tools/similar.ts'
import { buildDatabase, makeConversation } from './call-conversations.ts'

const past = makeConversation('past', [
  ['flights', '{"from":"JFK","to":"SEA","date":"2024-05-20"}', 'to Seattle'],
  ['flights', '{"from":"SEA","to":"JFK","date":"2024-05-20"}', 'to New York'],
  ['flights', '{"from":"JFK","to":"LAX","date":"2024-06-01"}', 'Error: none'],
  ['flights', '{"from":"JFK","to":"BOS","date":"2024-05-20"}', null],
  ['flights', '{"from":"JFK","to":', 'Error: invalid JSON'],
  ['hotels', '{"from":"JFK","to":"SEA","date":"2024-05-21"}', 'no flight'],
])
const wanted = { tool: 'flights', arguments: '{"from":"JFK","to":"SEA","date":"2024-05-21"}' }

describe('similar calls', () => {
  it('are of the same tool, answered, and the most similar first', async () => {
    const similar = await createSimilarCalls(await buildDatabase([past]))
    const found = similar.find(wanted, { threshold: 0.1, atMost: 5 })
    expect(found.map(({ response }) => response)).toEqual(['to Seattle', 'to New York', 'Error: none'])
    // Five features each, of which four are shared: 2 · 4 / (5 + 5).
    expect(found[0]).toEqual({
      arguments: '{"date":"2024-05-20","from":"JFK","to":"SEA"}',
      response: 'to Seattle',
      isError: false,
      similarity: 0.8,
    })
    // Of two that are as similar, the one whose arguments sort first.
    expect(found.map(({ similarity }) => similarity)).toEqual([0.8, 0.4, 0.4])
    expect(found[2]?.isError).toBe(true)
  })

  it('are none below the threshold, and no more than asked for', async () => {
    const similar = await createSimilarCalls(await buildDatabase([past]))
    expect(similar.find(wanted, { threshold: 0.8, atMost: 5 })).toHaveLength(1)
    expect(similar.find(wanted, { threshold: 0.81, atMost: 5 })).toEqual([])
    expect(similar.find(wanted, { threshold: 0.1, atMost: 2 })).toHaveLength(2)
  })

  it('are none for an unknown tool, without arguments, and for arguments that are none', async () => {
    const similar = await createSimilarCalls(await buildDatabase([past]))
    const find = (tool: string, written: string) =>
      similar.find({ tool, arguments: written }, { threshold: 0, atMost: 5 })
    expect(find('trains', wanted.arguments)).toEqual([])
    expect(find('flights', '{}')).toEqual([])
    expect(find('flights', '{"from":"JFK","to":')).toEqual([])
  })

  it('show a response that worked, and of these the most frequent', async () => {
    const exchanges = ['Error: busy', 'Error: busy', 'b', 'a', 'b'].map(
      (response) => ['get', '{"q":"x y"}', response] as const,
    )
    const similar = await createSimilarCalls(await buildDatabase([makeConversation('past', exchanges)]))
    const [found] = similar.find({ tool: 'get', arguments: '{"q":"x z"}' }, { threshold: 0.5, atMost: 1 })
    expect(found).toMatchObject({ response: 'b', similarity: 0.5 })
  })
})

it('compares the words of values with their fields, wherever they stand in a list', () => {
  const list = (value: object) => listFeatures(readArguments(JSON.stringify(value))).toSorted()
  expect(list({ a: { b: 'New York' }, n: 5, t: null, none: '' })).toEqual(
    ['."a"."b"=new', '."a"."b"=york', '."n"=5', '."none"=""', '."t"=null'].toSorted(),
  )
  expect(list({ f: [{ x: 1 }, { x: 2 }] })).toEqual(list({ f: [{ x: 2 }, { x: 1 }, { x: 1 }] }))
  expect(list({ 'a\n.': 1 })).toEqual(['."a\\n."=1'])
})
