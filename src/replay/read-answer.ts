import { z } from 'zod'
import type { Completed, Failed, FailureCause, Usage } from './completion.ts'

// What servers that speak this API really send: everything but the first choice's message may be absent.
const answerSchema = z.object({
  model: z.string().nullish(),
  system_fingerprint: z.string().nullish(),
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({
          content: z.string().nullish(),
          refusal: z.string().nullish(),
          // Servers name it differently: vLLM and DeepSeek the first, OpenRouter and newer vLLM the second.
          reasoning_content: z.string().nullish().catch(null),
          reasoning: z.string().nullish().catch(null),
          tool_calls: z
            .array(
              z.object({
                id: z.string().nullish(),
                function: z.object({ name: z.string(), arguments: z.string().nullish() }),
              }),
            )
            .nullish(),
        }),
      }),
    )
    .nullish(),
  // An answer is not lost to a token count that can't be read.
  usage: z
    .object({ prompt_tokens: z.int().min(0), completion_tokens: z.int().min(0).nullish() })
    .nullish()
    .catch(null),
})

type Answer = z.infer<typeof answerSchema>

/**
 * Whether a body is what the schema makes of it, in all that is read of it. Nearly every answer is, and this takes a
 * fraction of the schema's time; what has more than one choice or anything odd is left to the schema.
 */
export function isPlainAnswer(body: unknown): body is Answer {
  if (!isObject(body) || !isTextOrNothing(body.model) || !isTextOrNothing(body.system_fingerprint))
    return false
  const { choices, usage } = body
  if (!Array.isArray(choices) || choices.length !== 1 || !isPlainUsage(usage)) return false
  const [choice] = choices as unknown[]
  if (!isObject(choice) || !isTextOrNothing(choice.finish_reason)) return false
  const { message } = choice
  if (!isObject(message) || !arePlainCalls(message.tool_calls)) return false
  const { content, refusal, reasoning_content, reasoning } = message
  return [content, refusal, reasoning_content, reasoning].every(isTextOrNothing)
}

function arePlainCalls(calls: unknown): boolean {
  if (calls === null || calls === undefined) return true
  return Array.isArray(calls) && (calls as unknown[]).every(isPlainCall)
}

function isPlainCall(call: unknown): boolean {
  if (!isObject(call) || !isTextOrNothing(call.id) || !isObject(call.function)) return false
  return typeof call.function.name === 'string' && isTextOrNothing(call.function.arguments)
}

function isPlainUsage(usage: unknown): boolean {
  return isObject(usage) && isCount(usage.prompt_tokens) && isCount(usage.completion_tokens)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTextOrNothing(value: unknown): boolean {
  return typeof value === 'string' || value === null || value === undefined
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/**
 * Reads the body of a chat completion, from an endpoint or from a recording.
 *
 * An answer without text, tool call or refusal is no completion; one that was cut short or filtered is.
 */
export function readChatAnswer(body: unknown): Completed | Failed {
  return isPlainAnswer(body) ? readPlainAnswer(body) : readAnyAnswer(body)
}

/** The same by the schema alone. */
export function readAnyAnswer(body: unknown): Completed | Failed {
  const { data } = answerSchema.safeParse(body)
  if (data === undefined) return fail('unreadable-answer', 'the answer is not a chat completion')
  return readPlainAnswer(data)
}

function readPlainAnswer(answer: Answer): Completed | Failed {
  const { choices, usage } = answer
  const choice = choices?.[0]
  if (choice === undefined) return fail('empty-choices', 'the answer has no choices')
  const { content, tool_calls: calls } = choice.message
  // Some servers write "none" as an empty text.
  const refusal = choice.message.refusal || null
  const toolCalls = (calls ?? []).map((call, index) => ({
    id: call.id || `call-${index}`,
    type: 'function' as const,
    function: { name: call.function.name, arguments: call.function.arguments ?? '' },
  }))
  const text = content ?? ''
  if (!isVisible(text) && toolCalls.length === 0 && !isVisible(refusal ?? '')) {
    return fail('empty-answer', `the answer is empty (finish reason: ${choice.finish_reason ?? 'none'})`)
  }
  return {
    kind: 'completed',
    // Nor is a blank a name: what was asked for is not what answered.
    model: answer.model?.trim() || null,
    text,
    reasoning: readReasoning(choice.message),
    toolCalls,
    refusal,
    finishReason: choice.finish_reason ?? 'unknown',
    usage: usage
      ? { promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens ?? 0 }
      : null,
    systemFingerprint: answer.system_fingerprint ?? null,
  }
}

function readReasoning(message: {
  reasoning_content?: string | null | undefined
  reasoning?: string | null | undefined
}): string | null {
  const reasoning = message.reasoning_content || message.reasoning || ''
  return isVisible(reasoning) ? reasoning : null
}

/** Whether a text shows anything: white space and zero-width characters are no answer, however many there are. */
export function isVisible(text: string): boolean {
  return /[^\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u.test(text)
}

/** A failure without a wish for when to try again. */
export function fail(cause: FailureCause, detail: string): Failed {
  return { kind: 'failed', cause, detail, retryAfterMs: null }
}

const postedUsageSchema = z.object({
  usage: z.object({ prompt_tokens: z.int().min(0), completion_tokens: z.int().min(0).nullish() }),
})

/** The tokens of an answer that is no chat; none where it does not say any. */
export function readPostedUsage(body: unknown): Usage {
  const usage = postedUsageSchema.safeParse(body).data?.usage
  return { promptTokens: usage?.prompt_tokens ?? 0, completionTokens: usage?.completion_tokens ?? 0 }
}

/** 529 is what Anthropic sends where others send 503. */
const overloadedStatuses = [503, 529]

/** The failure that an HTTP status stands for. */
export function failByStatus(status: number, detail: string): Failed {
  const failed = fail(classifyStatus(status), detail)
  return overloadedStatuses.includes(status) ? { ...failed, overloaded: true } : failed
}

function classifyStatus(status: number): FailureCause {
  if (status === 401 || status === 403) return 'unauthorized'
  if (status === 404) return 'not-found'
  if (status === 408) return 'timeout'
  if (status === 429) return 'rate-limited'
  if (status >= 500) return 'server-error'
  return status >= 400 ? 'bad-request' : 'unreadable-answer'
}
