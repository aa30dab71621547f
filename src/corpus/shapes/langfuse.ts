import { z } from 'zod'
import { readWhole } from './messages.ts'
import { readCall } from './model-call.ts'
import { keepMetadata, readTime } from './parts.ts'
import { inside, parseField, type Shape } from './shape.ts'

const rowSchema = z.looseObject({ id: z.string().min(1), type: z.string() })

/**
 * Langfuse's export of observations to blob storage (`observations_v2/`, `observations/`), and of its API and interface,
 * which write the same names in camel case. Each `GENERATION` that has an answer is a conversation.
 */
export const langfuse: Shape = {
  name: 'langfuse',
  title: 'Langfuse observations',
  page: 'https://langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields',
  fields: {
    names: [
      'id',
      'trace_id',
      'traceId',
      'type',
      'input',
      'output',
      'start_time',
      'startTime',
      'name',
      'environment',
      'session_id',
      'sessionId',
      'provided_model_name',
      'model',
      'metadata',
      'tool_definitions',
      'toolDefinitions',
    ],
    json: ['metadata'],
  },
  recognises: (row) => 'type' in row && ('trace_id' in row || 'traceId' in row) && !('run_type' in row),
  read: readWhole((row, place) => {
    const field = { place, path: [] }
    const { id, type, ...rest } = parseField(rowSchema, row, field)
    if (type !== 'GENERATION') return { kind: 'left-out', reason: 'no model call' }
    const time = rest.start_time === undefined ? 'startTime' : 'start_time'
    const tools = rest.tool_definitions === undefined ? 'toolDefinitions' : 'tool_definitions'
    return readCall({
      id,
      input: { value: rest.input, field: inside(field, 'input') },
      output: { value: rest.output, field: inside(field, 'output') },
      tools: { value: rest[tools], field: inside(field, tools) },
      metadata: keepMetadata(rest.metadata, {
        name: rest.name,
        environment: rest.environment,
        session: rest.session_id ?? rest.sessionId,
        model: rest.provided_model_name ?? rest.model,
      }),
      collectedAt: readTime(rest[time], inside(field, time)),
    })
  }),
}
