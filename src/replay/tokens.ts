import { readText } from '../corpus/conversation.ts'
import type { ChatRequest, Completed, PostRequest, Usage } from './completion.ts'

/**
 * Bytes of a token. English text has about four and a half, code two, and a sign of Chinese or Japanese is three bytes and
 * about one token: two is little for all of them, so that what is reserved seldom falls short. It does for what is no
 * language, such as keys and hashes.
 */
const fewestBytesPerToken = 2
const usualBytesPerToken = 4
/** What a message takes beside its text: roles and separators of a chat template. */
const tokensPerMessage = 8
/** Of an answer whose length nobody limits, until longer ones are seen. */
const unlimitedAnswerTokens = 2048

/** The most that a request is expected to take: by this much it may exceed what is left. */
export function reserveTokens(request: ChatRequest | PostRequest, longestAnswer: number): Usage {
  if (!('messages' in request))
    return {
      promptTokens: Math.ceil(countBytes(JSON.stringify(request.body)) / fewestBytesPerToken),
      completionTokens: 0,
    }
  return {
    promptTokens: estimatePrompt(request, fewestBytesPerToken),
    completionTokens: request.maxTokens ?? Math.max(unlimitedAnswerTokens, 2 * longestAnswer),
  }
}

/** What an answer took that does not say so: as usual, without any margin. */
export function estimateUsage(request: ChatRequest, answer: Completed | null): Usage {
  const { text = '', reasoning = null, refusal = null, toolCalls = [] } = answer ?? {}
  const calls = toolCalls.map(({ function: { name, arguments: given } }) => name + given)
  const written = [text, reasoning ?? '', refusal ?? '', ...calls].join('')
  return {
    promptTokens: estimatePrompt(request, usualBytesPerToken),
    completionTokens: Math.ceil(countBytes(written) / usualBytesPerToken),
  }
}

function estimatePrompt({ messages, tools, responseFormat }: ChatRequest, bytesPerToken: number): number {
  const texts = messages.map((message) => {
    const calls = 'tool_calls' in message ? JSON.stringify(message.tool_calls ?? '') : ''
    return readText(message.content) + calls
  })
  const bytes =
    texts.reduce((sum, text) => sum + countBytes(text), 0) +
    (tools === undefined ? 0 : countBytes(JSON.stringify(tools))) +
    (responseFormat === undefined ? 0 : measureSchema(responseFormat.schema))
  return Math.ceil(bytes / bytesPerToken) + messages.length * tokensPerMessage
}

/** Schemas of answers are the same for all requests of a grader. */
const schemaBytes = new WeakMap<object, number>()

function measureSchema(schema: object): number {
  const known = schemaBytes.get(schema)
  if (known !== undefined) return known
  const bytes = countBytes(JSON.stringify(schema))
  schemaBytes.set(schema, bytes)
  return bytes
}

function countBytes(text: string): number {
  return Buffer.byteLength(text)
}
