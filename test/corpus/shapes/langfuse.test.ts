import { describe, expect, it } from '@jest/globals'
import { langfuse } from '../../../src/corpus/shapes/langfuse.ts'
import { takeRefusal } from '../../support/refusal.ts'
import { leaveOut, readOne, readRow } from '../corpora.ts'
import { exampleRows } from '../rows.ts'

const question = { role: 'user', content: 'q' }
const answer = { role: 'assistant', content: 'a' }

describe('Langfuse observations', () => {
  it('are read with what they are sliced by', () => {
    expect(readOne(langfuse, exampleRows.langfuse as object)).toEqual({
      id: 'obs-1',
      messages: [{ role: 'system', content: 's' }, question, answer],
      metadata: {
        surface: 'phone',
        name: 'chat',
        environment: 'production',
        session: 'session-1',
        model: 'gpt-4o',
      },
      collected_at: '2026-05-29T13:46:19.963Z',
      firstTurn: 2,
    })
  })

  it('are read as the API writes them, with their functions', () => {
    const row = {
      id: 'o',
      traceId: 't',
      type: 'GENERATION',
      startTime: '2026-05-29T13:46:19.963Z',
      input: [question],
      output: answer,
      sessionId: 's',
      model: 'm',
      toolDefinitions: { f: '{"description":"does f","parameters":{"type":"object"}}' },
    }
    expect(readOne(langfuse, row)).toMatchObject({
      tools: [
        { type: 'function', function: { name: 'f', description: 'does f', parameters: { type: 'object' } } },
      ],
      metadata: { session: 's', model: 'm' },
      collected_at: '2026-05-29T13:46:19.963Z',
    })
  })

  it.each(['SPAN', 'EVENT', 'TOOL', 'AGENT', 'CHAIN'])('that are no model calls are left out: %s', (type) => {
    const row = { id: 'o', trace_id: 't', type, input: 'q', output: 'a' }
    expect(readRow(langfuse, row)).toEqual(leaveOut('no model call'))
  })

  it.each<[object, string]>([
    [{ id: '', type: 'GENERATION' }, 'id'],
    [{ id: 'o' }, 'type'],
    [{ id: 'o', type: 'GENERATION', input: [{ role: 'alien', content: 'q' }], output: 'a' }, 'input[0].role'],
    [
      { id: 'o', type: 'GENERATION', input: { messages: [question, { role: 'tool' }] }, output: 'a' },
      'input.messages[1].tool_call_id',
    ],
    [
      { id: 'o', type: 'GENERATION', input: 'q', output: { role: 'assistant', content: 5 } },
      'output.content',
    ],
    [{ id: 'o', type: 'GENERATION', input: 'q', output: 'a', start_time: 'soon' }, 'start_time'],
    [
      { id: 'o', type: 'GENERATION', input: 'q', output: 'a', tool_definitions: { f: '{' } },
      'tool_definitions.f',
    ],
  ])('are refused by their field: %j', async (row, field) => {
    const error = await takeRefusal(() => readRow(langfuse, row, 3))
    expect(error.where).toEqual({ file: 'rows.jsonl', line: 3, field })
  })
})
