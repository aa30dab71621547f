import { z } from 'zod'
import type { Completed, Failed } from './completion.ts'
import { fail, isVisible } from './read-answer.ts'

/** What an item of the output says, or calls. */
interface Said {
  texts: string[]
  refusals: string[]
  thoughts: string[]
  calls: { id: string | null; name: string; arguments: string }[]
}

const nothing: Said = { texts: [], refusals: [], thoughts: [], calls: [] }
const text = z.string().nullish()
const texts = z
  .array(z.object({ text: z.string() }))
  .nullish()
  .catch(null)

const messageSchema = z
  .object({
    type: z.literal('message'),
    content: z.array(z.object({ type: z.string(), text, refusal: text })),
  })
  .transform(({ content }): Said => {
    const list = (type: string, key: 'text' | 'refusal') =>
      content.flatMap((part) => (part.type === type ? [part[key] ?? ''] : []))
    return { ...nothing, texts: list('output_text', 'text'), refusals: list('refusal', 'refusal') }
  })
const callSchema = z
  .object({ type: z.literal('function_call'), call_id: text, name: z.string(), arguments: text })
  .transform((call): Said => {
    const { call_id: id = null, name, arguments: written } = call
    return { ...nothing, calls: [{ id, name, arguments: written ?? '' }] }
  })
// The thoughts themselves where a server shows them; OpenAI shows at most a summary.
const reasoningSchema = z
  .object({ type: z.literal('reasoning'), content: texts, summary: texts })
  .transform(({ content, summary }): Said => {
    const shown = content?.length ? content : (summary ?? [])
    return { ...nothing, thoughts: shown.map((part) => part.text) }
  })
// Of tools that the server has itself: nothing of a turn.
const otherSchema = z
  .object({ type: z.string().regex(/^(?!(?:message|function_call|reasoning)$)/) })
  .transform((): Said => nothing)

const responseSchema = z.object({
  model: z.string().nullish(),
  status: z.string().nullish(),
  error: z.object({ code: z.string().nullish(), message: z.string().nullish() }).nullish().catch(null),
  incomplete_details: z.object({ reason: z.string().nullish() }).nullish().catch(null),
  output: z.array(z.union([messageSchema, callSchema, reasoningSchema, otherSchema])),
  // Tokens of reasoning are counted with the output, and paid so.
  usage: z
    .object({ input_tokens: z.int().min(0), output_tokens: z.int().min(0).nullish() })
    .nullish()
    .catch(null),
})
type Response = z.infer<typeof responseSchema>

/** Whether a body is an answer of the Responses API, and none of chat completions. */
export function isResponse(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'object' in body && body.object === 'response'
}

/**
 * Reads an answer of the Responses API. As of chat, one without text, tool call or refusal is no completion, and one that
 * was cut short or filtered is.
 */
export function readResponse(body: unknown): Completed | Failed {
  const parsed = responseSchema.safeParse(body)
  if (!parsed.success) return fail('unreadable-answer', 'the answer is not one of the Responses API')
  const { status, error, output, model, usage } = parsed.data
  if (status === 'failed' || (error?.message ?? '') !== '') return failByError(parsed.data)
  if (status !== 'completed' && status !== 'incomplete' && status !== undefined && status !== null)
    return fail('unreadable-answer', `the answer is not complete: its status is ${status}`)
  const { text, refusal, reasoning, toolCalls } = readOutput(output)
  const finishReason = chooseFinishReason(parsed.data, toolCalls.length)
  if (!isVisible(text) && toolCalls.length === 0 && !isVisible(refusal ?? ''))
    return fail('empty-answer', `the answer is empty (finish reason: ${finishReason})`)
  return {
    kind: 'completed',
    model: model?.trim() || null,
    text,
    reasoning: isVisible(reasoning) ? reasoning : null,
    toolCalls,
    refusal,
    finishReason,
    usage: usage ? { promptTokens: usage.input_tokens, completionTokens: usage.output_tokens ?? 0 } : null,
    systemFingerprint: null,
  }
}

function readOutput(
  output: readonly Said[],
): Pick<Completed, 'text' | 'refusal' | 'toolCalls'> & { reasoning: string } {
  return {
    // As the SDK's `output_text` does.
    text: output.flatMap((item) => item.texts).join(''),
    refusal: output.flatMap((item) => item.refusals).join('\n') || null,
    reasoning: output.flatMap((item) => item.thoughts).join('\n'),
    toolCalls: output
      .flatMap((item) => item.calls)
      .map(({ id, ...called }, index) => ({
        id: id || `call-${index}`,
        type: 'function' as const,
        function: called,
      })),
  }
}

/** In the words of chat, which records count by. */
function chooseFinishReason({ status, incomplete_details: details }: Response, calls: number): string {
  if (status !== 'incomplete') return calls > 0 ? 'tool_calls' : 'stop'
  const reason = details?.reason ?? 'unknown'
  return reason === 'max_output_tokens' ? 'length' : reason
}

function failByError({ error }: Response): Failed {
  const code = error?.code ?? 'unknown'
  const detail = `the answer failed (${code}): ${error?.message ?? 'no reason is given'}`
  if (code === 'rate_limit_exceeded') return fail('rate-limited', detail)
  return fail(code === 'invalid_prompt' ? 'bad-request' : 'server-error', detail)
}
