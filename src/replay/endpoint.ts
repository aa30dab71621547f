import pLimit from 'p-limit'
import { GateError } from '../errors.ts'
import type { Clock, ModelClient, ModelSource } from '../ports.ts'
import { nameKeyVariable } from './address.ts'
import type { Budget } from './budget.ts'
import {
  type ChatRequest,
  type Completion,
  type Failed,
  isTransportFailure,
  type NotAsked,
  type Posted,
  type PostRequest,
} from './completion.ts'

const firstDelayMs = 500
const longestDelayMs = 60_000
/** So many requests that failed to the end, and none that succeeded, are an endpoint that is not there. */
const hopelessRequests = 5

/** An endpoint as a stage uses it: bounded concurrency, deadlines, retries and budget are inside. */
export interface Endpoint {
  readonly name: string
  readonly source: ModelSource
  /**
   * Asks once, or as often as retries allow.
   * @throws GateError when the endpoint has answered nothing yet and evidently never will
   */
  ask(request: ChatRequest): Promise<Completion>
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
  concurrency: number
  maxAttempts: number
  timeoutMs: number
  /** It answered in an earlier part of this run, so that failed calls don't mean it is not there. */
  answeredBefore?: boolean
}

/** Wraps a client with concurrency, deadlines, retries and the run's budget. */
export function createEndpoint(settings: EndpointSettings): Endpoint {
  const { name, client } = settings
  const limit = pLimit(settings.concurrency)
  const state = { succeeded: false, failures: 0 }
  const watch = <Answer extends Completion | Posted>(attempt: Attempt<Answer>) =>
    limit(async () => {
      const answer = await askWithRetries(settings, attempt)
      if (answer.kind === 'completed' || answer.kind === 'posted') state.succeeded = true
      if (answer.kind === 'failed' && answer.cause !== 'empty-answer') {
        state.failures += 1
        const failures = settings.answeredBefore === true ? 0 : state.failures
        if (!state.succeeded) giveUpIfHopeless({ name, origin: client.origin, failures, failed: answer })
      }
      return answer
    })
  return {
    name,
    source: client.source,
    failures: () => state.failures,
    ask: (request) => watch<Completion>((signal) => client.complete(request, signal)),
    post: (request) => watch<Posted | Failed | NotAsked>((signal) => client.post(request, signal)),
  }
}

type Attempt<Answer> = (signal: AbortSignal) => Promise<Exclude<Answer, NotAsked>>

async function askWithRetries<Answer extends Completion | Posted>(
  settings: EndpointSettings,
  attemptOnce: Attempt<Answer>,
): Promise<Answer | Failed | NotAsked> {
  const { budget, clock, cancelled } = settings
  // A recording says the same each time.
  const maxAttempts = settings.client.source.kind === 'recorded' ? 1 : settings.maxAttempts
  let last: Failed | null = null
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    const refused = budget.takeRequest()
    if (refused !== null) return last ?? refused
    const answer = await askOnce(settings, attemptOnce)
    if (!isTransportFailure(answer)) return answer
    last = answer
    if (attempt === maxAttempts || cancelled.aborted) break
    try {
      await clock.sleep(chooseDelay({ attempt, failed: answer, random: settings.random }), cancelled)
    } catch {
      break
    }
  }
  if (cancelled.aborted) return { kind: 'not-asked', reason: 'cancelled' }
  return last ?? { kind: 'not-asked', reason: 'cancelled' }
}

// A timer and a listener that are held until the answer is there: on Node 20 the garbage collector takes what
// AbortSignal.any was made of, and neither deadline nor cancel would ever come.
async function askOnce<Answer>(
  settings: EndpointSettings,
  attemptOnce: Attempt<Answer>,
): Promise<Exclude<Answer, NotAsked>> {
  const { cancelled, timeoutMs } = settings
  const controller = new AbortController()
  const abort = () => controller.abort()
  const timer = setTimeout(abort, timeoutMs)
  cancelled.addEventListener('abort', abort)
  if (cancelled.aborted) abort()
  try {
    return await attemptOnce(controller.signal)
  } finally {
    clearTimeout(timer)
    cancelled.removeEventListener('abort', abort)
  }
}

/**
 * Milliseconds until the next attempt: what the endpoint asked for, else exponential with jitter; never more
 * than a minute, whatever the endpoint asked for.
 */
export function chooseDelay(request: { attempt: number; failed: Failed; random: () => number }): number {
  const { attempt, failed, random } = request
  const backoff = firstDelayMs * 2 ** (attempt - 1) * (0.5 + random() / 2)
  return Math.min(longestDelayMs, Math.max(failed.retryAfterMs ?? 0, backoff))
}

function giveUpIfHopeless(request: { name: string; origin: string; failures: number; failed: Failed }): void {
  const { name, origin, failures, failed } = request
  const refuse = (message: string, remedy: string): never => {
    throw new GateError({
      code: 'endpoint',
      message: `endpoint "${name}" (${origin}) ${message}: ${failed.detail}`,
      remedy,
    })
  }
  const variable = nameKeyVariable(name)
  if (failed.cause === 'unauthorized') refuse('refuses the key', `set ${variable} to a key that it accepts`)
  if (failed.cause === 'not-found')
    refuse(
      'has no such address or model',
      'check the address (that of a chat API usually ends in /v1) and the model id',
    )
  if (failures < hopelessRequests) return
  if (failed.cause === 'not-recorded')
    refuse(
      `has none of the first ${failures} answers`,
      'record the turns of this very sample: a custom_id is a turn id, and <turn id>|<arm>|<category> for a judge',
    )
  refuse(
    `answered none of the first ${failures} requests (${failed.cause})`,
    'check that it is up and can be reached from here, then run again: nothing that was measured is lost',
  )
}
