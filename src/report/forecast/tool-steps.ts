import { type Message, readText } from '../../corpus/conversation.ts'
import { renderPrefix } from '../../grade/evidence.ts'
import type { Plan } from '../../plan/plan.ts'
import type { SampledTurn } from '../../sample/draw.ts'
import type { Amount, CostQuestion } from './cost-question.ts'
import { charactersPerToken, type EndpointLoad } from './grading-load.ts'

/** What trajectories take beside one request a turn. */
export interface StepForecast {
  /** Requests of one trajectory; the most are the policy's. */
  requests_each: Amount
  /** Calls of tools in one. */
  calls_each: number
  /** What the model that stands in for tools is asked, all trajectories together; `null` where there is none. */
  simulator: {
    endpoint: string
    model: string
    calls: number
    prompt_tokens: number
    completion_tokens: number
  } | null
  /** Whether it is what an earlier run took, and not what production did. */
  is_measured: boolean
}

type Tools = NonNullable<Plan['policy']['tools']>

/** A trajectory that does what production did from the turn on. */
interface Trajectory {
  requests: number
  calls: number
  /** Of what it says and is told, which graders read. */
  ownCharacters: number
  /** Of all its requests. */
  promptTokens: number
  /** Of the prompts of a simulator, were it asked for each call, and of its answers. */
  simulatorCharacters: { prompts: number; answers: number }
}

/** The rules that every request to a simulator begins with, and what it writes around a result. */
const simulatorFrame = { prompt: 3500, answer: 120 }

/** Reckons the steps of a turn from what its conversation's log has from there on. */
export function reckonTrajectory(turn: SampledTurn, tools: Tools | null): Trajectory {
  const offered = JSON.stringify(turn.tools ?? []).length
  const prefix = renderPrefix(turn.prefix).length
  const before = prefix + offered
  const first = countTokens(prefix) + countTokens(offered)
  const after = tools === null ? [] : (turn.after ?? [])
  const trajectory: Trajectory = {
    requests: 1,
    calls: 0,
    ownCharacters: 0,
    promptTokens: first,
    simulatorCharacters: { prompts: 0, answers: 0 },
  }
  const production = renderPrefix(after).length
  for (const { calls, results } of listSteps(after).slice(0, (tools?.limits.steps ?? 1) - 1)) {
    const frame = simulatorFrame.prompt + before + production + trajectory.ownCharacters
    trajectory.simulatorCharacters.prompts += calls * frame
    trajectory.simulatorCharacters.answers += results + calls * simulatorFrame.answer
    trajectory.calls += calls
    trajectory.requests += 1
    trajectory.ownCharacters += results
    trajectory.promptTokens += first + countTokens(trajectory.ownCharacters)
  }
  return trajectory
}

function countTokens(characters: number): number {
  return Math.ceil(characters / charactersPerToken)
}

/** The answers with calls at the beginning of messages: how many calls each has, and how long they are with their results. */
function listSteps(after: readonly Message[]): { calls: number; results: number }[] {
  const steps: { calls: number; results: number }[] = []
  let index = 0
  for (;;) {
    const message = after[index]
    const calls = message?.role === 'assistant' ? (message.tool_calls ?? []) : []
    if (calls.length === 0) return steps
    let end = index + 1
    while (after[end]?.role === 'tool') end += 1
    const step = after.slice(index, end)
    steps.push({ calls: calls.length, results: step.reduce((sum, each) => sum + measure(each), 0) })
    index = end
  }
}

function measure(message: Message): number {
  const calls = message.role === 'assistant' ? (message.tool_calls ?? []) : []
  return (
    readText(message.content).length +
    calls.reduce((sum, { function: { name, arguments: written } }) => sum + name.length + written.length, 0)
  )
}

/** What trajectories take in all, were both arms to do in `turns` turns what production did; `null` without tools. */
export function forecastSteps({ plan, sample, measured }: CostQuestion, turns: number): StepForecast | null {
  const { tools = null } = plan.policy
  if (tools === null) return null
  const reckoned = sample.turns.map((turn) => reckonTrajectory(turn, tools))
  const sum = (read: (each: Trajectory) => number) => reckoned.reduce((total, each) => total + read(each), 0)
  const drawn = Math.max(1, reckoned.length)
  const seen = measured?.trajectories ?? null
  const made = sum(({ calls }) => calls)
  // Recordings save what they answer; how much that is, only a run tells.
  const simulated = 2 * turns * (seen === null ? made / drawn : seen.callsEach * seen.simulatedShare)
  const tokens = (characters: number) =>
    Math.round((characters / Math.max(1, made)) * (simulated / charactersPerToken))
  const { simulator } = tools
  return {
    requests_each: {
      expected: seen?.requestsEach ?? sum(({ requests }) => requests) / drawn,
      at_most: tools.limits.steps,
    },
    calls_each: seen?.callsEach ?? made / drawn,
    simulator:
      simulator === null
        ? null
        : {
            endpoint: simulator.endpoint,
            model: simulator.model,
            calls: simulated,
            prompt_tokens: tokens(sum((each) => each.simulatorCharacters.prompts)),
            completion_tokens: tokens(sum((each) => each.simulatorCharacters.answers)),
          },
    is_measured: seen !== null,
  }
}

/** What the simulator is asked, as a load of its endpoint. */
export function listSimulatorLoad(steps: StepForecast | null): EndpointLoad[] {
  if (steps === null || steps.simulator === null) return []
  const {
    endpoint,
    model,
    calls,
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
  } = steps.simulator
  return [{ endpoint, model, calls, promptTokens, stableTokens: 0, completionTokens }]
}

/** Requests and calls of one trajectory, in words. */
export function describeSteps({
  requests_each: requests,
  calls_each: calls,
  is_measured: isMeasured,
}: StepForecast): string {
  const few = (value: number) => Number(value.toPrecision(2))
  const source = isMeasured ? 'in that run' : 'as production made'
  return `about ${few(requests.expected ?? 1)} requests and ${few(calls)} calls of tools each, ${source}; at most ${requests.at_most} requests`
}
