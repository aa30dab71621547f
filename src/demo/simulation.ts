import { hash } from 'node:crypto'
import { type Checkpoint, checkpoints } from './behaviours.ts'
import { type ChatRequest, type Completion, countTokens, digestPrefix } from './chat.ts'
import { writeCompletion } from './completion.ts'
import { judgeCompletion } from './judge.ts'

export { type Behaviour, behaviourRates, behaviours, type Checkpoint, checkpoints } from './behaviours.ts'
export { type ChatRequest, chatRequestSchema } from './chat.ts'
export { judgeFalsePositiveRate, judgeSensitivity } from './judge.ts'

export const judgeModel = 'demo-judge'

/** The ids of all simulated models. */
export const models: readonly string[] = [...checkpoints, judgeModel]

/** The answer to a chat request. Token counts are estimates, four characters a token. */
export type ChatAnswer =
  | {
      kind: 'completion'
      id: string
      model: string
      completion: Completion
      promptTokens: number
      completionTokens: number
      fingerprint: string
    }
  | { kind: 'unknown-model'; model: string }

/**
 * Answers a chat request as one of the simulated models: three checkpoints of one family, which differ in how
 * often they misbehave (`behaviourRates`), and a judge with known errors (`judgeSensitivity`,
 * `judgeFalsePositiveRate`). A pure function: the same model and messages always get the same answer.
 */
export function answerChat(request: ChatRequest): ChatAnswer {
  const checkpoint = checkpoints.find((candidate) => candidate === request.model)
  if (checkpoint === undefined && request.model !== judgeModel) {
    return { kind: 'unknown-model', model: request.model }
  }
  const completion = limitLength(answerAs(checkpoint, request), request)
  return {
    kind: 'completion',
    id: `chatcmpl-${digest(`${request.model} ${digestPrefix(request.messages)}`)}`,
    model: request.model,
    completion,
    promptTokens: countTokens(JSON.stringify([request.messages, request.tools ?? []])),
    completionTokens: countTokens(spell(completion)),
    fingerprint: `fp_${digest(request.model).slice(0, 10)}`,
  }
}

function answerAs(checkpoint: Checkpoint | undefined, request: ChatRequest): Completion {
  return checkpoint === undefined ? judgeCompletion(request.messages) : writeCompletion(checkpoint, request)
}

/** Breaks a text off at the request's token limit. Tool calls are left whole: half of one is no JSON. */
function limitLength(completion: Completion, request: ChatRequest): Completion {
  const limit = request.max_completion_tokens ?? request.max_tokens ?? Number.POSITIVE_INFINITY
  if (completion.content === null || countTokens(completion.content) <= limit) return completion
  return { ...completion, content: completion.content.slice(0, limit * 4), finishReason: 'length' }
}

function spell(completion: Completion): string {
  const calls = completion.toolCalls.map((call) => call.function.name + call.function.arguments)
  return (completion.content ?? '') + calls.join('')
}

function digest(text: string): string {
  return hash('sha256', text).slice(0, 24)
}
