import type { Message, ToolCall } from '../corpus/conversation.ts'
import type { Clock } from '../ports.ts'
import type {
  ChatRequest,
  Completed,
  Completion,
  Failed,
  NotAsked,
  Step,
  ToolResult,
  Usage,
} from '../replay/completion.ts'
import { nameCall } from './canonical-arguments.ts'
import type { AnsweredCall } from './environment.ts'

/** How far a trajectory may go. `null`: no limit. */
export interface TrajectoryLimits {
  /** Answers of the model. */
  steps: number
  /** Tokens of all its requests together. */
  tokens: number | null
  minutes: number | null
}

/** Finish reasons of trajectories that a limit ended, beside those of the API. */
export const trajectoryEnds = [
  'max-steps',
  'max-trajectory-tokens',
  'max-trajectory-minutes',
  'loop',
] as const
export type TrajectoryEnd = (typeof trajectoryEnds)[number]

/** So many times the same calls with the same results, and the model is going round in circles. */
const sameStepsOfLoop = 3

/**
 * Asks a model for its answer to a prefix and, as long as it calls tools, for its next one with what they gave back. The
 * completion is its last answer with the steps before; one that a limit ended has calls that nobody answered, and says
 * so in its finish reason. A request that fails, or an environment, leaves no completion: half a trajectory is none.
 */
export async function followTrajectory(parts: {
  request: ChatRequest
  ask: (request: ChatRequest) => Promise<Completion>
  answer: (call: ToolCall, since: readonly AnsweredCall[]) => Promise<ToolResult | Failed | NotAsked>
  limits: TrajectoryLimits
  clock: Clock
}): Promise<Completion> {
  const { request, ask, answer, limits, clock } = parts
  const startMs = clock.monotonicMs()
  const messages = [...request.messages]
  const steps: Step[] = []
  const since: AnsweredCall[] = []
  const taken = createUsage()
  for (;;) {
    const completion = await ask({
      ...request,
      customId: nameStep(request.customId, steps.length),
      messages: [...messages],
    })
    if (completion.kind !== 'completed') return completion
    taken.add(completion)
    const end =
      completion.toolCalls.length === 0
        ? null
        : findEnd({ completion, steps, taken, limits, elapsedMs: clock.monotonicMs() - startMs })
    if (completion.toolCalls.length === 0 || end !== null) {
      return { ...completion, finishReason: end ?? completion.finishReason, usage: taken.total(), steps }
    }
    const results: ToolResult[] = []
    // One after the other: a call may read what the one beside it has written.
    for (const call of completion.toolCalls) {
      const result = await answer(call, since)
      if ('kind' in result) return result
      results.push(result)
      since.push({ call, result })
    }
    const { text, reasoning, toolCalls } = completion
    const step = { text, reasoning, toolCalls, results }
    steps.push(step)
    messages.push(...toMessages(step))
  }
}

/** The first request is named as without tools, so that recordings of plain completions serve it. */
function nameStep(customId: string, step: number): string {
  return step === 0 ? customId : `${customId}|step ${step + 1}`
}

/** A step as the messages that the model is given of it. */
export function toMessages({ text, toolCalls, results }: Step): Message[] {
  return [
    { role: 'assistant', content: text === '' ? null : text, tool_calls: toolCalls },
    ...results.map(({ callId, text: content }): Message => ({ role: 'tool', tool_call_id: callId, content })),
  ]
}

function findEnd(parts: {
  completion: Completed
  steps: readonly Step[]
  taken: { tokens(): number }
  limits: TrajectoryLimits
  elapsedMs: number
}): TrajectoryEnd | null {
  const { completion, steps, taken, limits, elapsedMs } = parts
  if (isLoop(completion.toolCalls, steps)) return 'loop'
  if (steps.length + 1 >= limits.steps) return 'max-steps'
  if (limits.tokens !== null && taken.tokens() >= limits.tokens) return 'max-trajectory-tokens'
  return limits.minutes !== null && elapsedMs >= limits.minutes * 60_000 ? 'max-trajectory-minutes' : null
}

/** Whether these very calls were made so often, and always had the same results, that they will again. */
function isLoop(calls: readonly ToolCall[], steps: readonly Step[]): boolean {
  if (steps.length < sameStepsOfLoop) return false
  const key = nameCalls(calls)
  const same = steps.filter(({ toolCalls }) => nameCalls(toolCalls) === key)
  if (same.length < sameStepsOfLoop) return false
  const results = new Set(same.map((step) => JSON.stringify(step.results.map(({ text }) => text))))
  return results.size === 1
}

/** Names of calls by the calls: each step is compared with all those before it. */
const named = new WeakMap<readonly ToolCall[], string>()

function nameCalls(calls: readonly ToolCall[]): string {
  const known = named.get(calls)
  if (known !== undefined) return known
  const name = calls.map(nameCall).toSorted().join()
  named.set(calls, name)
  return name
}

/** Tokens of the requests of a trajectory; `null` in total where none of them said any. */
function createUsage() {
  const total: Usage = { promptTokens: 0, completionTokens: 0 }
  let isKnown = false
  return {
    add({ usage }: Completed) {
      if (usage === null) return
      isKnown = true
      total.promptTokens += usage.promptTokens
      total.completionTokens += usage.completionTokens
    },
    tokens: () => total.promptTokens + total.completionTokens,
    total: () => (isKnown ? { ...total } : null),
  }
}
