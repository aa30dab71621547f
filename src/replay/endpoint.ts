import type { Clock, ModelClient, ModelSource } from '../ports.ts'
import { type Asking, type Attempt, askWithRetries } from './ask.ts'
import { createBreaker } from './breaker.ts'
import type { Budget, Charge } from './budget.ts'
import {
  type ChatAsked,
  type ChatRequest,
  type Completed,
  type Completion,
  type Failed,
  isTransportFailure,
  type NotAsked,
  type Posted,
  type PostRequest,
  writeRequest,
} from './completion.ts'
import { createDeadlines } from './deadlines.ts'
import { giveUpIfHopeless, isHopelessAtOnce, refuseSilent } from './give-up.ts'
import { createHost, firstConcurrency, type Host, type Lane } from './host.ts'
import { readPostedUsage } from './read-answer.ts'
import { estimateUsage, reserveTokens } from './tokens.ts'

/** An endpoint as a stage uses it: limits, pauses, deadlines, retries and budget are inside. */
export interface Endpoint {
  readonly name: string
  readonly source: ModelSource
  /**
   * Asks once, or as often as retries allow.
   * @throws GateError when the endpoint has answered nothing yet and evidently never will
   */
  ask(asked: ChatAsked): Promise<Completion>
  /** The same of an address that is no chat. */
  post(request: PostRequest): Promise<Posted | Failed | NotAsked>
  /** Requests that ended without a completion so far. */
  failures(): number
}

/** Settings of an endpoint; `random` returns numbers in [0, 1) for the jitter of retries. */
export interface EndpointSettings {
  name: string
  client: ModelClient
  budget: Budget
  clock: Clock
  cancelled: AbortSignal
  random: () => number
  /** Requests under way at once; `auto`: as many as its host does most with. */
  concurrency: number | 'auto'
  maxAttempts: number
  timeoutMs: number
  /** It answered in an earlier part of this run, so that failed calls don't mean it is not there. */
  answeredBefore?: boolean
  /** What serves its origin, with the other endpoints there; one of its own where it is left out. */
  host?: Host
  /** The model by whose price its requests count; where it is left out, the one that they ask for. */
  pricedAs?: string
  /** Told when the endpoint ends the run. */
  warn?: (text: string) => void
}

/** Wraps a client with limits, deadlines, retries and the run's budget. */
export function createEndpoint(settings: EndpointSettings): Endpoint {
  const { name, client, budget, clock, random, timeoutMs } = settings
  const { ended } = budget
  const host = settings.host ?? createHost({ clock, random, ended, timeoutMs })
  const isRecorded = client.source.kind === 'recorded'
  // A recording has no speed to find.
  const concurrency = isRecorded && settings.concurrency === 'auto' ? firstConcurrency : settings.concurrency
  const lane = host.join({ name, concurrency })
  budget.onRelease(() => host.wake())
  const state = { succeeded: false, failures: 0 }
  const asking: Asking = {
    ...settings,
    lane,
    deadlines: createDeadlines(settings.cancelled),
    // A recording says the same each time.
    maxAttempts: isRecorded ? 1 : settings.maxAttempts,
    judge: createJudge({ settings, lane, state }),
  }
  const watch = async <Answer extends Completion | Posted>(attempt: Attempt<Answer>) => {
    const answer = await askWithRetries(asking, attempt)
    if (answer.kind === 'failed' && answer.cause !== 'empty-answer') {
      state.failures += 1
      const failures = settings.answeredBefore === true ? 0 : state.failures
      if (!state.succeeded) giveUpIfHopeless({ name, origin: client.origin, failures, failed: answer })
    }
    return answer
  }
  const modelOf = (asked: string) => settings.pricedAs ?? asked
  return {
    name,
    source: client.source,
    failures: () => state.failures,
    ask(asked) {
      let written: ChatRequest | null = null
      const write = () => (written ??= writeRequest(asked))
      return watch<Completion>({
        most() {
          if (!budget.reserves) return undefined
          const model = modelOf(write().model)
          return { model, usage: reserveTokens(write(), budget.longestAnswer(model)) }
        },
        send: (signal, exchange) => client.complete(write(), signal, exchange),
        charge: (answer) => ({
          model: modelOf(write().model),
          usage: chargeChat({ request: write(), answer, isRecorded }),
        }),
      })
    },
    post(request) {
      const { model: asked } = request.body
      const model = modelOf(typeof asked === 'string' ? asked : '')
      return watch<Posted | Failed | NotAsked>({
        most: () => (budget.reserves ? { model, usage: reserveTokens(request, 0) } : undefined),
        send: (signal, exchange) => client.post(request, signal, exchange),
        charge: (answer) => ({
          model,
          usage: answer.kind === 'posted' ? readPostedUsage(answer.body) : none,
        }),
      })
    },
  }
}

const none = { promptTokens: 0, completionTokens: 0 }

/** What an answer took. One that ran into its deadline may have been worked on: its prompt counts. */
function chargeChat(parts: {
  request: ChatRequest
  answer: Completed | Failed | Posted
  isRecorded: boolean
}): Charge['usage'] {
  const { request, answer, isRecorded } = parts
  if (answer.kind === 'completed') {
    return answer.usage ?? (isRecorded ? none : estimateUsage(request, answer))
  }
  return answer.kind === 'failed' && answer.cause === 'timeout' ? estimateUsage(request, null) : none
}

/** Draws conclusions from each answer: whether the endpoint is there, looks down, or is. */
function createJudge(parts: {
  settings: EndpointSettings
  lane: Lane
  state: { succeeded: boolean }
}): Asking['judge'] {
  const { settings, lane, state } = parts
  const { name, client, budget, clock, cancelled, warn } = settings
  const breaker = createBreaker({ clock, answeredBefore: settings.answeredBefore === true })
  return (answer, { sentMs }) => {
    // What was broken off says nothing of the endpoint.
    if (cancelled.aborted) return
    if (answer.kind !== 'failed') state.succeeded = true
    // The run ends with an error, before anything more is let go.
    else if (!state.succeeded && isHopelessAtOnce(answer)) budget.end('endpoint-down')
    if (!isTransportFailure(answer)) {
      breaker.answered()
      lane.setTrial(null)
      return
    }
    const suspicion = breaker.failed({ sentMs, cause: answer.cause })
    if (suspicion.kind === 'trial') lane.setTrial(suspicion)
    if (suspicion.kind === 'hanging') {
      budget.end('endpoint-down')
      throw refuseSilent({ name, origin: client.origin, failed: answer, failures: suspicion.failures })
    }
    if (suspicion.kind !== 'down') return
    const minutes = Math.floor(suspicion.forMs / 60_000)
    warn?.(
      `endpoint "${name}" (${client.origin}) has answered none of ${suspicion.failures} requests in ${minutes} minutes (${answer.cause}: ${answer.detail}): the run ends here, and what was measured is kept`,
    )
    budget.end('endpoint-down')
  }
}
