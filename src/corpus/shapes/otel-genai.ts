import { z } from 'zod'
import { readMessage, readWhole, Unreplayable } from './messages.ts'
import { readCall } from './model-call.ts'
import { isRecord, keepMetadata, readTime } from './parts.ts'
import { type FieldPlace, inside, parseField, type Reading, type Shape } from './shape.ts'

const exportSchema = z.looseObject({
  resourceSpans: z.array(
    z.looseObject({
      scopeSpans: z.array(z.looseObject({ spans: z.array(z.unknown()) })).nullish(),
    }),
  ),
})

const spanSchema = z.looseObject({
  traceId: z.string().min(1),
  spanId: z.string().min(1),
  attributes: z
    .union([z.array(z.looseObject({ key: z.string() })), z.record(z.string(), z.unknown())])
    .nullish(),
})

/** Operations that ask a model for an answer to messages; an agent's span repeats what its calls hold. */
const operations = new Set(['chat', 'generate_content', 'text_completion'])

/**
 * OpenTelemetry spans with the conventions for generative AI, as the OTLP file exporter writes them: lines of
 * `resourceSpans`, each with any number of spans; or a span a line, with attributes as a list or a map. The messages must
 * have been recorded on the span (`gen_ai.input.messages`, `gen_ai.output.messages`), which is opt-in.
 */
export const otelGenai: Shape = {
  name: 'otel-genai',
  title: 'OpenTelemetry GenAI spans',
  page: 'https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/',
  fields: {
    names: ['resourceSpans', 'traceId', 'spanId', 'attributes', 'startTimeUnixNano'],
    json: ['resourceSpans', 'attributes'],
  },
  recognises: (row) => Array.isArray(row.resourceSpans) || ('spanId' in row && 'attributes' in row),
  *read(row, place) {
    const field = { place, path: [] }
    if (!isRecord(row) || !('resourceSpans' in row)) {
      yield* readSpan(row, field)
      return
    }
    for (const [index, resource] of parseField(exportSchema, row, field).resourceSpans.entries()) {
      for (const [scopeIndex, scope] of (resource.scopeSpans ?? []).entries()) {
        for (const [spanIndex, span] of scope.spans.entries()) {
          yield* readSpan(
            span,
            inside(field, 'resourceSpans', index, 'scopeSpans', scopeIndex, 'spans', spanIndex),
          )
        }
      }
    }
  },
}

function readSpan(value: unknown, field: FieldPlace): Reading[] {
  return readWhole(() => {
    const span = parseField(spanSchema, value, field)
    const attributes = readAttributes(span.attributes)
    const operation = attributes['gen_ai.operation.name']
    if (!operations.has(String(operation))) return { kind: 'left-out', reason: 'no model call' }
    const at = (key: string) => inside(field, 'attributes', key)
    const input = readValue(attributes['gen_ai.input.messages'])
    const output = readValue(attributes['gen_ai.output.messages'])
    if (input === undefined) return { kind: 'left-out', reason: 'no messages were recorded' }
    if (output === undefined) return { kind: 'left-out', reason: 'no answer was recorded' }
    const system = readValue(attributes['gen_ai.system_instructions'])
    return readCall({
      id: `${span.traceId}-${span.spanId}`,
      prompt: system
        ? readMessage({ role: 'system', parts: system }, at('gen_ai.system_instructions'), 0)
        : [],
      input: { value: input, field: at('gen_ai.input.messages') },
      // One message is one choice, and the first was the answer.
      output: { value: Array.isArray(output) ? output[0] : output, field: at('gen_ai.output.messages') },
      tools: {
        value: readValue(attributes['gen_ai.tool.definitions']),
        field: at('gen_ai.tool.definitions'),
      },
      metadata: keepMetadata({
        session: attributes['gen_ai.conversation.id'],
        model: attributes['gen_ai.request.model'],
        operation,
      }),
      collectedAt: readTime(span.startTimeUnixNano, inside(field, 'startTimeUnixNano')),
    })
  })(value, field.place)
}

/** Attributes by their key: OTLP lists them with typed values. */
function readAttributes(attributes: z.infer<typeof spanSchema>['attributes']): Record<string, unknown> {
  if (!Array.isArray(attributes)) return attributes ?? {}
  return Object.fromEntries(attributes.map(({ key, value }) => [key, readTyped(value)]))
}

/** A value of OTLP's JSON encoding, https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. */
function readTyped(value: unknown): unknown {
  if (!isRecord(value)) return value
  if (isRecord(value.arrayValue)) {
    const { values } = value.arrayValue
    return Array.isArray(values) ? values.map((item) => readTyped(item)) : []
  }
  if (isRecord(value.kvlistValue)) {
    const { values } = value.kvlistValue
    const entries = Array.isArray(values) ? values.filter(isRecord) : []
    return Object.fromEntries(entries.map((entry) => [String(entry.key), readTyped(entry.value)]))
  }
  if (typeof value.intValue === 'string') return Number(value.intValue)
  return value.stringValue ?? value.boolValue ?? value.intValue ?? value.doubleValue
}

/**
 * Messages are structured, or JSON text where attributes can't be. Text that is no JSON is the beginning of one: SDKs cut
 * attributes to a length.
 */
function readValue(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    throw new Unreplayable('messages that were cut off')
  }
}
