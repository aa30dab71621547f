import { describe, expect, it } from '@jest/globals'
import { langsmith } from '../../../src/corpus/shapes/langsmith.ts'
import { takeRefusal } from '../../support/refusal.ts'
import { leaveOut, readOne, readRow } from '../corpora.ts'
import { exampleRows } from '../rows.ts'

const question = { role: 'user', content: 'q' }
const answer = { role: 'assistant', content: 'a' }

const history = [question, answer, { role: 'user', content: 'q2' }]

describe('LangSmith runs', () => {
  it('are read with what they are sliced by', () => {
    expect(readOne(langsmith, exampleRows.langsmith as object)).toEqual({
      id: '0b1c9a52-9f7a-4f0c-8f6e-1d2f3a4b5c6d',
      messages: [
        question,
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
      ],
      tools: [{ type: 'function', function: { name: 'f' } }],
      metadata: { ls_model_name: 'gpt-4o', thread_id: 't-1', name: 'ChatOpenAI', model: 'gpt-4o' },
      collected_at: '2026-05-29T13:46:19.963Z',
      firstTurn: 1,
    })
  })

  it('are read as LangChain writes messages', () => {
    const lc = (name: string, kwargs: object) => ({
      lc: 1,
      type: 'constructor',
      id: ['langchain', 'schema', 'messages', name],
      kwargs,
    })
    const row = {
      id: 'r',
      run_type: 'llm',
      inputs: {
        messages: [
          [
            lc('SystemMessage', { content: 's' }),
            lc('HumanMessage', { content: 'q', type: 'human' }),
            lc('AIMessageChunk', { content: '', tool_calls: [{ id: 'c', name: 'f', args: { x: 1 } }] }),
            lc('ToolMessage', { content: 'r', tool_call_id: 'c', name: 'f' }),
          ],
        ],
      },
      outputs: { generations: [[{ text: 'a', message: lc('AIMessage', { content: 'a' }) }]], llm_output: {} },
      extra: { invocation_params: { tools: [{ type: 'function', function: { name: 'f' } }] } },
    }
    const expected = [
      { role: 'system', content: 's' },
      question,
      {
        role: 'assistant',
        content: '',
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"x":1}' } }],
      },
      { role: 'tool', content: 'r', tool_call_id: 'c', name: 'f' },
      answer,
    ]
    expect(readOne(langsmith, row)).toMatchObject({
      messages: expected,
      tools: [{ type: 'function', function: { name: 'f' } }],
      firstTurn: 4,
    })
    // A bulk export is a table, with objects as JSON texts.
    const flat = { ...row, inputs: JSON.stringify(row.inputs), outputs: JSON.stringify(row.outputs) }
    expect(readOne(langsmith, flat).messages).toEqual(expected)
  })

  it('are read as LangChain writes messages as objects of a type', () => {
    const messages = [
      { type: 'human', content: 'q' },
      { type: 'ai', data: { content: 'a' } },
      { type: 'human', data: { content: 'q2', example: false } },
    ]
    const outputs = { generations: [[{ text: 'a2' }]] }
    expect(readOne(langsmith, { id: 'r', run_type: 'llm', inputs: { messages }, outputs }).messages).toEqual([
      ...history,
      { role: 'assistant', content: 'a2' },
    ])
  })

  it.each(['chain', 'tool', 'retriever', 'prompt'])('that are no model calls are left out: %s', (type) => {
    expect(readRow(langsmith, { id: 'r', run_type: type, inputs: {}, outputs: {} })).toEqual(
      leaveOut('no model call'),
    )
  })

  it('that failed are left out', () => {
    const row = {
      id: 'r',
      run_type: 'llm',
      inputs: { messages: [question] },
      outputs: null,
      error: 'timeout',
    }
    expect(readRow(langsmith, row)).toEqual(leaveOut('no answer was recorded'))
  })

  it('are refused by their field', async () => {
    const inputs = {
      messages: [{ lc: 1, type: 'constructor', id: ['FunctionMessage'], kwargs: { content: 'x' } }],
    }
    const error = await takeRefusal(() =>
      readRow(langsmith, { id: 'r', run_type: 'llm', inputs, outputs: 'a' }, 3),
    )
    expect(error.where).toEqual({ file: 'rows.jsonl', line: 3, field: 'inputs.messages[0].role' })
  })
})
