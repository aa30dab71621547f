import { answerChat, chatRequestSchema } from '../../../src/demo/simulation.ts'
import { type ChatEndpoint, type ChatRequest, startChatEndpoint } from '../../fakes/chat-endpoint.ts'

/** The body of an answer, in the parts that a test may want to spoil; `extra` are further keys of the answer. */
export type Answer = {
  text: string | null
  model: string
  finishReason: string
  toolCalls: { id: string; name: string; arguments: string }[]
  reasoning?: string
  refusal?: string
  fingerprint?: string
}

/** What a spoilt model server sends in place of an answer: an error, or anything else. */
export type Other = { status: number; headers?: Record<string, string>; body?: unknown }

/** What becomes of an answer. */
export type Spoil = (answer: Answer, request: ChatRequest) => Answer | Other

/**
 * A model server that answers as one of the demo's models, whatever model it is asked for, each answer changed by
 * `spoil`. Its log has the requests.
 */
export async function startModels(model: string, spoil: Spoil = (answer) => answer): Promise<ChatEndpoint> {
  return startChatEndpoint({
    reply: (request) => {
      const chat = answerChat(chatRequestSchema.parse({ ...request.body, model }))
      if (chat.kind !== 'completion') throw new Error(`the demo has no model ${model}`)
      const { content, toolCalls, finishReason } = chat.completion
      const calls = toolCalls.map(({ id, function: called }) => ({ id, ...called }))
      const answer = { text: content, model: request.model, finishReason, toolCalls: calls }
      const spoilt = spoil(answer, request)
      return 'status' in spoilt ? { ...spoilt, body: spoilt.body ?? '' } : { body: shape(spoilt) }
    },
  })
}

function shape({ text, model, finishReason, toolCalls, reasoning, refusal, fingerprint }: Answer): unknown {
  const calls = toolCalls.map(({ id, ...called }) => ({ id, type: 'function', function: called }))
  const message = {
    role: 'assistant',
    content: text,
    refusal: refusal ?? null,
    ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  }
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
    ...(fingerprint === undefined ? {} : { system_fingerprint: fingerprint }),
  }
}
