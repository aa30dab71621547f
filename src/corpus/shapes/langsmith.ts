import { z } from 'zod'
import { readWhole } from './messages.ts'
import { readCall } from './model-call.ts'
import { isRecord, keepMetadata, readTime } from './parts.ts'
import { inside, parseField, type Shape } from './shape.ts'

const rowSchema = z.looseObject({ id: z.string().min(1), run_type: z.string() })

/**
 * LangSmith runs, as bulk exports write them (Parquet, with objects as JSON text) and its API and tools (JSON lines). Each
 * run of type `llm` that has an answer is a conversation, with messages in the format of OpenAI or LangChain.
 */
export const langsmith: Shape = {
  name: 'langsmith',
  title: 'LangSmith runs',
  page: 'https://docs.langchain.com/langsmith/run-data-format',
  fields: {
    names: ['id', 'run_type', 'name', 'inputs', 'outputs', 'start_time', 'extra'],
    json: ['inputs', 'outputs', 'extra'],
  },
  recognises: (row) => 'run_type' in row,
  read: readWhole((row, place) => {
    const field = { place, path: [] }
    const { id, run_type: type, ...rest } = parseField(rowSchema, row, field)
    if (type !== 'llm') return { kind: 'left-out', reason: 'no model call' }
    const extra = isRecord(rest.extra) ? rest.extra : {}
    const invocation = isRecord(extra.invocation_params) ? extra.invocation_params : {}
    const metadata = isRecord(extra.metadata) ? extra.metadata : {}
    return readCall({
      id,
      input: { value: rest.inputs, field: inside(field, 'inputs') },
      output: { value: rest.outputs, field: inside(field, 'outputs') },
      tools: { value: invocation.tools, field: inside(field, 'extra', 'invocation_params', 'tools') },
      metadata: keepMetadata(metadata, { name: rest.name, model: metadata.ls_model_name }),
      collectedAt: readTime(rest.start_time, inside(field, 'start_time')),
    })
  }),
}
