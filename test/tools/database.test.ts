import { describe, expect, it } from '@jest/globals'
import { array, assert, asyncProperty, constantFrom, record } from 'fast-check'
import { GateError } from '../../src/errors.ts'
import { digestCall, readArguments } from '../../src/tools/canonical-arguments.ts'
import type { ToolDatabase } from '../../src/tools/database.ts'
import { buildBytes, buildDatabase, makeConversation, openBytes } from './call-conversations.ts'

const conversations = [
  makeConversation('one', [
    ['search', '{"q":"a","n":1}', '{"hits":3}'],
    ['search', '{"n":1.0,"q":"a"}', 'Error: timed out'],
    ['search', '{"q":"b"}', '[]'],
    ['book', '{"id":', 'Error: invalid JSON'],
  ]),
  makeConversation('two', [
    ['search', '{"q":"a","n":1}', '{"hits":3}'],
    ['search', '{"q":"c"}', null],
    ['book', '{"id":7}', '{"hits":3}'],
  ]),
]

/** The responses to a call, as text, whether it is an error, and how often it was recorded. */
function look(database: ToolDatabase, tool: string, written: string) {
  return database
    .find(digestCall(tool, readArguments(written)))
    .map((response) => [database.readText(response), response.isError, response.count])
}

describe('a database of tool calls', () => {
  it('finds the responses to a call, those that worked first', async () => {
    const database = await buildDatabase(conversations)
    expect(look(database, 'search', '{"q":"a","n":1}')).toEqual([
      ['{"hits":3}', false, 2],
      ['Error: timed out', true, 1],
    ])
    expect(look(database, 'book', '{"id":7}')).toEqual([['{"hits":3}', false, 1]])
    expect(look(database, 'book', '{"id":')).toEqual([['Error: invalid JSON', true, 1]])
  })

  it('finds nothing for another tool, other arguments, or a call that was never answered', async () => {
    const database = await buildDatabase(conversations)
    expect(look(database, 'find', '{"q":"a","n":1}')).toEqual([])
    expect(look(database, 'search', '{"q":"a"}')).toEqual([])
    expect(look(database, 'search', '{"q":"c"}')).toEqual([])
  })

  it('counts by tool', async () => {
    const { tools } = await buildDatabase(conversations)
    const none = { empty: 0, unanswered: 0, verbatim: 0, latency_ms: null }
    expect(tools).toEqual([
      { ...none, name: 'book', calls: 2, distinct: 2, errors: 1, verbatim: 1 },
      { ...none, name: 'search', calls: 5, distinct: 3, errors: 1, empty: 1, unanswered: 1 },
    ])
  })

  it('gives quantiles of the latencies that the log has', async () => {
    const times = [5, 1, 4, 2, 3].map((ms, index) => ({
      ...makeConversation(`t${index}`, [['slow', '{}', 'done']]),
      tool_latency_ms: { 'call-0': ms },
    }))
    const { tools } = await buildDatabase([...times, makeConversation('untimed', [['slow', '{}', 'done']])])
    expect(tools[0]?.latency_ms).toEqual({ calls: 5, p50: 3, p95: 5 })
  })

  it('has the same digest and answers whatever the order of conversations, and the same bytes for the same', async () => {
    const there = await buildBytes(conversations)
    const again = await buildBytes(conversations)
    const back = await buildBytes(conversations.toReversed())
    expect(again).toEqual(there)
    expect(back.header.digest).toBe(there.header.digest)
    const responses = (bytes: typeof there) =>
      look(openBytes(bytes.index, bytes.texts), 'search', '{"q":"a","n":1}')
    expect(responses(back)).toEqual(responses(there))
    const less = await buildBytes(conversations.slice(1))
    expect(less.header.digest).not.toBe(there.header.digest)
  })

  it('lists the calls of a tool with their arguments, and its errors', async () => {
    const database = await buildDatabase(conversations)
    const texts = database.listCalls('search', 10).map((call) => database.readCall(call).arguments.text)
    expect(texts.toSorted()).toEqual(['{"n":1,"q":"a"}', '{"q":"b"}', '{"q":"c"}'])
    expect(database.listCalls('search', 2)).toHaveLength(2)
    expect(database.listCalls('nothing', 2)).toEqual([])
    expect(database.listErrors('book').map((error) => database.readText(error))).toEqual([
      'Error: invalid JSON',
    ])
  })

  it('holds nothing of conversations without calls', async () => {
    const database = await buildDatabase([makeConversation('none', [])])
    expect([database.tools, database.conversations]).toEqual([[], 1])
    expect(look(database, 'search', '{}')).toEqual([])
  })

  it('keeps texts that are no Unicode as what UTF-8 makes of them', async () => {
    const database = await buildDatabase([makeConversation('odd', [['read', '{"q":"\\ud800"}', 'x\ud800y']])])
    expect(look(database, 'read', '{"q":"\\ud800"}')).toEqual([['x\ufffdy', false, 1]])
    expect(database.readCall(0).arguments.text).toBe('{"q":"\\ud800"}')
  })
})

describe('a database that is not what was written', () => {
  const refuse = (change: (index: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>) => async () => {
    const { index, texts } = await buildBytes(conversations)
    return openBytes(change(index), texts)
  }
  const spoil = (index: Uint8Array<ArrayBuffer>, at: number) => {
    const spoilt = index.slice()
    spoilt[at] = (spoilt[at] ?? 0) ^ 1
    return spoilt
  }

  it.each([
    ['cut off', 'it is cut off', (index: Uint8Array<ArrayBuffer>) => index.slice(0, -1)],
    [
      'longer',
      'something follows its end',
      (index: Uint8Array<ArrayBuffer>) => new Uint8Array([...index, 0]),
    ],
    [
      'with other counts',
      'its digest is another than it says',
      (index: Uint8Array<ArrayBuffer>) => spoil(index, index.length - 20),
    ],
    ['empty', 'it does not begin with a line of JSON', () => new Uint8Array()],
    ['another file', 'its first line is another', () => new Uint8Array(Buffer.from('{"id": "a"}\n'))],
    [
      'of a later version',
      'it is of version 2',
      (index: Uint8Array<ArrayBuffer>) =>
        new Uint8Array(
          Buffer.from(Buffer.from(index).toString('latin1').replace('"version":1', '"version":2'), 'latin1'),
        ),
    ],
  ])('is refused: %s', async (_name, why, change) => {
    await expect(refuse(change)()).rejects.toThrow(
      expect.objectContaining({
        name: 'GateError',
        code: 'corpus',
        message: `this is not the database of tool calls that was written: ${why}`,
        where: { file: 'tools.index' },
      }),
    )
  })

  it('is noticed where its texts are others, and never answered from', async () => {
    const { index, texts } = await buildBytes(conversations)
    for (const other of [texts.map((byte) => byte ^ 1), texts.slice(0, 1), new Uint8Array()]) {
      const database = openBytes(index, other)
      expect(() => look(database, 'search', '{"q":"a","n":1}')).toThrow(GateError)
      expect(() => database.readCall(0)).toThrow(GateError)
    }
  })
})

it('answers as a map of strings would', async () => {
  const call = record({
    tool: constantFrom('a', 'b', 'c'),
    written: constantFrom('{}', '', '{"x":1}', '{"x": 1.0}', '{"x":2}', '{"x":'),
    response: constantFrom('one', 'two', 'Error: three', ''),
  })
  await assert(
    asyncProperty(array(array(call, { maxLength: 40 }), { maxLength: 8 }), async (logs) => {
      const map = new Map<string, number>()
      const name = (tool: string, written: string, response: string) =>
        JSON.stringify([tool, readArguments(written).text, response])
      for (const { tool, written, response } of logs.flat()) {
        const key = name(tool, written, response)
        map.set(key, (map.get(key) ?? 0) + 1)
      }
      const database = await buildDatabase(
        logs.map((log, index) =>
          makeConversation(
            `c${index}`,
            log.map(({ tool, written, response }) => [tool, written, response] as const),
          ),
        ),
      )
      for (const { tool, written } of logs.flat()) {
        const found = look(database, tool, written)
        for (const [response, , count] of found)
          expect(count).toBe(map.get(name(tool, written, String(response))))
        const texts = ['one', 'two', 'Error: three', ''].filter((text) => map.has(name(tool, written, text)))
        expect(found.map(([text]) => text).toSorted()).toEqual(texts.toSorted())
      }
    }),
    { numRuns: 40 },
  )
})
