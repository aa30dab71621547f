import { setMaxListeners } from 'node:events'
import pLimit from 'p-limit'
import { GateError } from '../errors.ts'
import type { Clock, Log, ModelClient } from '../ports.ts'
import { createBudget } from '../replay/budget.ts'
import { createEndpoint, type Endpoint } from '../replay/endpoint.ts'
import type { ControlPair } from './degrade.ts'
import { estimateTokens, type JudgedPair, judgePair } from './judge-pairs.ts'
import type { RealismPair } from './pair.ts'

/** The name of the discriminator's endpoint. */
export const discriminatorEndpoint = 'discriminator'

/** The world, as far as this touches it. */
export interface RealismPorts {
  connect: (endpoint: string) => Promise<ModelClient>
  clock: Clock
  log: Log
  random: () => number
  delimiter: string
  cancelled: AbortSignal
}

const timeoutMs = 120_000
const maxAttempts = 4

/** Pairs and controls, in their order. */
interface Judging {
  ports: RealismPorts
  model: string
  pairs: readonly RealismPair[]
  controls: readonly ControlPair[]
}

/**
 * Puts pairs and controls to the discriminator.
 * @throws GateError when it is not there, stops answering, or is cancelled before the last: a part of the pairs says something
 * else than all
 */
export async function judgeAll(parts: Judging): Promise<{ pairs: JudgedPair[]; controls: JudgedPair[] }> {
  const { ports, model, pairs, controls } = parts
  const stop = new AbortController()
  const cancel = () => stop.abort()
  ports.cancelled.addEventListener('abort', cancel)
  if (ports.cancelled.aborted) cancel()
  // Every request under way and every pause before a retry listens to it.
  setMaxListeners(0, stop.signal)
  try {
    const endpoint = await openEndpoint(ports, stop.signal)
    ports.log.info(
      quote([...pairs, ...controls.map(({ pair }) => pair)], { model, controls: controls.length }),
    )
    const judged = await judgeInOrder(parts, { endpoint, stop })
    requireWhole({ judged, isCancelled: ports.cancelled.aborted })
    return { pairs: judged.slice(0, pairs.length), controls: judged.slice(pairs.length) }
  } finally {
    ports.cancelled.removeEventListener('abort', cancel)
    stop.abort()
  }
}

async function openEndpoint(ports: RealismPorts, cancelled: AbortSignal): Promise<Endpoint> {
  const { clock, random, log } = ports
  return createEndpoint({
    name: discriminatorEndpoint,
    client: await ports.connect(discriminatorEndpoint),
    budget: createBudget({ limits: { maxRequests: null, maxMinutes: null }, clock, cancelled }),
    clock,
    cancelled,
    random,
    concurrency: 'auto',
    maxAttempts,
    timeoutMs,
    warn: (text) => log.warning(text),
  })
}

/** Pairs at once: their prompts are in memory, and more of them than any host is asked at once. */
const mostUnderWay = 512

async function judgeInOrder(
  { ports, model, pairs, controls }: Judging,
  { endpoint, stop }: { endpoint: Endpoint; stop: AbortController },
): Promise<JudgedPair[]> {
  const { clock, log, delimiter } = ports
  const startMs = clock.monotonicMs()
  const items = [
    ...pairs.map((pair) => ({ pair, purpose: 'realism' as const })),
    ...controls.map(({ pair }) => ({ pair, purpose: 'control' as const })),
  ]
  const discriminator = { endpoint, model, delimiter }
  const limit = pLimit(mostUnderWay)
  let [done, requests] = [0, 0]
  const judge = async ({ pair, purpose }: (typeof items)[number]) => {
    const own = await judgePair(pair, { discriminator, purpose })
    done += 1
    requests += own.requests
    const elapsedMs = clock.monotonicMs() - startMs
    const failures = endpoint.failures()
    log.progress({ done, planned: items.length, requests, failures, costUsd: null, elapsedMs })
    return own
  }
  try {
    return await limit.map(items, judge)
  } catch (error) {
    stop.abort()
    throw error
  }
}

function quote(items: readonly RealismPair[], named: { model: string; controls: number }): string {
  const tokens = items.reduce((sum, pair) => sum + estimateTokens(pair), 0)
  const { model, controls } = named
  const pairs = items.length - controls
  return `${pairs} pairs and ${controls} controls, each in both orders: ${2 * items.length} requests to ${model} at most, slips and retries not counted, with about ${tokens.toLocaleString('en-US')} tokens.`
}

function requireWhole({
  judged,
  isCancelled,
}: {
  judged: readonly JudgedPair[]
  isCancelled: boolean
}): void {
  const isWhole = ({ choices }: JudgedPair) => choices.every(({ kind }) => kind !== 'not-asked')
  const whole = judged.filter(isWhole).length
  if (whole === judged.length && !isCancelled) return
  throw new GateError({
    code: isCancelled ? 'realism' : 'endpoint',
    message: `${isCancelled ? 'it was cancelled' : 'the discriminator stopped answering'} after ${whole} of ${judged.length} pairs: nothing was written`,
    remedy: 'run it again: what was asked is not kept',
  })
}
