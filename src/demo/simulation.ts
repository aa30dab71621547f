import { hash } from 'node:crypto'
import { checkpoints } from './behaviours.ts'
import { type ChatRequest, type Completion, countTokens, digestPrefix } from './chat.ts'
import { writeCompletion } from './completion.ts'
import { judgeCompletion } from './judge.ts'
import { simulateTool } from './tool-simulation.ts'

export { type Behaviour, behaviourRates, behaviours, type Checkpoint, checkpoints } from './behaviours.ts'
export { type ChatRequest, chatRequestSchema } from './chat.ts'
export { judgeFalsePositiveRate, judgeSensitivity } from './judge.ts'

export const judgeModel = 'demo-judge'
export const toolsModel = 'demo-tools'

/** The ids of all simulated models. */
export const models: readonly string[] = [...checkpoints, judgeModel, toolsModel]

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
 * often they misbehave (`behaviourRates`), a judge with known errors (`judgeSensitivity`, `judgeFalsePositiveRate`), and
 * a model that answers in the place of tools. A pure function: the same model and messages always get the same answer.
 */
export function answerChat(request: ChatRequest): ChatAnswer {
  const answer = answerAs(request)
  if (answer === undefined) return { kind: 'unknown-model', model: request.model }
  const completion = limitLength(answer, request)
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

function answerAs(request: ChatRequest): Completion | undefined {
  if (request.model === judgeModel) return judgeCompletion(request.messages)
  if (request.model === toolsModel) return simulateTool(request.messages)
  const checkpoint = checkpoints.find((candidate) => candidate === request.model)
  return checkpoint === undefined ? undefined : writeCompletion(checkpoint, request)
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
