import { describe, expect, it } from '@jest/globals'
import { otelGenai } from '../../../src/corpus/shapes/otel-genai.ts'
import type { LeftOutReason } from '../../../src/corpus/shapes/shape.ts'
import { takeRefusal } from '../../support/refusal.ts'
import { leaveOut, readOne, readRow } from '../corpora.ts'
import { exampleRows } from '../rows.ts'

const question = { role: 'user', content: 'q' }
const answer = { role: 'assistant', content: 'a' }

describe('OpenTelemetry spans', () => {
  const span = (spanId: string, attributes: object, more: object = {}) => ({
    traceId: 'abc',
    spanId,
    attributes,
    ...more,
  })
  const chat = (input: unknown, output: unknown, more: object = {}) => ({
    'gen_ai.operation.name': 'chat',
    'gen_ai.input.messages': input,
    'gen_ai.output.messages': output,
    ...more,
  })
  const said = (role: string, content: string) => ({ role, parts: [{ type: 'text', content }] })

  it('are read as the file exporter writes them', () => {
    expect(readRow(otelGenai, exampleRows['otel-genai'])).toEqual([
      {
        kind: 'conversation',
        conversation: {
          id: '5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174',
          messages: [question, answer],
          metadata: { session: 'conv-1', model: 'gpt-4o', operation: 'chat' },
          collected_at: new Date(1780000000000).toISOString(),
          firstTurn: 1,
        },
      },
    ])
  })

  it('give a conversation each, whatever else is in the line', () => {
    const row = {
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                span('1', chat([said('user', 'q')], [said('assistant', 'a')])),
                span('2', { 'db.system': 'x' }),
              ],
            },
          ],
        },
        { resource: {} },
        {
          scopeSpans: [
            { spans: [] },
            { spans: [span('3', chat([said('user', 'q')], [said('assistant', 'a')]))] },
          ],
        },
      ],
    }
    expect(
      readRow(otelGenai, row).map((reading) =>
        reading.kind === 'conversation' ? reading.conversation.id : reading.reason,
      ),
    ).toEqual(['abc-1', 'no model call', 'abc-3'])
  })

  it('are read with instructions, calls, results and definitions of functions, structured or as texts', () => {
    const input = [
      said('user', 'q'),
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'hm' },
          { type: 'tool_call', id: 'c1', name: 'f', arguments: { x: 1 } },
          { type: 'tool_call', id: 'c2', name: 'f', arguments: null },
        ],
      },
      {
        role: 'tool',
        parts: [
          { type: 'tool_call_response', id: 'c1', response: 'one' },
          { type: 'tool_call_response', id: 'c2', result: { two: 2 } },
        ],
      },
    ]
    const attributes = chat(input, [said('assistant', 'a'), said('assistant', 'another choice')], {
      'gen_ai.system_instructions': [{ type: 'text', content: 's' }],
      'gen_ai.tool.definitions': [
        { type: 'function', name: 'f', description: 'does f', parameters: { type: 'object' } },
      ],
    })
    const expected = {
      messages: [
        { role: 'system', content: 's' },
        question,
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
            { id: 'c2', type: 'function', function: { name: 'f', arguments: '{}' } },
          ],
        },
        { role: 'tool', content: 'one', tool_call_id: 'c1' },
        { role: 'tool', content: '{"two":2}', tool_call_id: 'c2' },
        answer,
      ],
      tools: [
        { type: 'function', function: { name: 'f', description: 'does f', parameters: { type: 'object' } } },
      ],
      firstTurn: 5,
    }
    expect(readOne(otelGenai, span('1', attributes))).toMatchObject(expected)
    const texts = Object.entries(attributes).map(([key, value]) => ({
      key,
      value: { stringValue: typeof value === 'string' ? value : JSON.stringify(value) },
    }))
    expect(readOne(otelGenai, span('1', texts))).toMatchObject(expected)
    const typed = Object.entries(attributes).map(([key, value]) => ({ key, value: writeTyped(value) }))
    expect(readOne(otelGenai, span('1', typed))).toMatchObject(expected)
  })

  it.each<[object, LeftOutReason]>([
    [{}, 'no model call'],
    [{ 'gen_ai.operation.name': 'execute_tool' }, 'no model call'],
    [
      { ...chat([said('user', 'q')], [said('assistant', 'a')]), 'gen_ai.operation.name': 'invoke_agent' },
      'no model call',
    ],
    [{ 'gen_ai.operation.name': 'chat' }, 'no messages were recorded'],
    [chat([said('user', 'q')], undefined), 'no answer was recorded'],
    [chat([said('user', 'q')], []), 'no answer was recorded'],
    [chat('[{"role": "user", "par', '[]'), 'messages that were cut off'],
    [
      chat(
        [{ role: 'user', parts: [{ type: 'blob', modality: 'image', content: '' }] }],
        [said('assistant', 'a')],
      ),
      'more than text and function calls',
    ],
  ])('are left out with %j', (attributes, reason) => {
    expect(readRow(otelGenai, span('1', attributes))).toEqual(leaveOut(reason))
  })

  it('are refused by their field', async () => {
    const wrong = span('1', chat([said('user', 'q'), said('alien', 'q')], [said('assistant', 'a')]))
    const row = { resourceSpans: [{ scopeSpans: [{ spans: [span('0', {}), wrong] }] }] }
    const error = await takeRefusal(() => readRow(otelGenai, row, 3))
    expect(error.where).toEqual({
      file: 'rows.jsonl',
      line: 3,
      field: 'resourceSpans[0].scopeSpans[0].spans[1].attributes.gen_ai.input.messages[1].role',
    })
    expect((await takeRefusal(() => readRow(otelGenai, { spanId: '1', attributes: {} }))).where?.field).toBe(
      'traceId',
    )
    expect((await takeRefusal(() => readRow(otelGenai, { resourceSpans: 5 }))).where?.field).toBe(
      'resourceSpans',
    )
  })
})

/** A value as OTLP's JSON encoding types it. */
function writeTyped(value: unknown): object {
  if (Array.isArray(value)) return { arrayValue: { values: value.map((item) => writeTyped(item)) } }
  if (typeof value === 'object' && value !== null) {
    return {
      kvlistValue: {
        values: Object.entries(value).map(([key, inner]) => ({ key, value: writeTyped(inner) })),
      },
    }
  }
  if (typeof value === 'number') return { intValue: String(value) }
  return value === null ? {} : { stringValue: value }
}
