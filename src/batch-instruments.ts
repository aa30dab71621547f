import { GateError } from './errors.ts'
import type { Policy } from './policy/schema.ts'
import type { ModelClient } from './ports.ts'
import type { GatePorts } from './prepare.ts'
import type { Journal } from './record/journal.ts'
import { type BatchEndpoint, createBatchEndpoint } from './replay/batch/batch-endpoint.ts'
import type { BatchClient, BatchCounts } from './replay/batch/client.ts'
import type { Budget } from './replay/budget.ts'
import type { Endpoint } from './replay/endpoint.ts'

/** What a run does in batches. */
export interface Batches {
  /** Whether any endpoint is asked in batches: then nothing is held back until something else is done. */
  readonly isUsed: boolean
  /** What batches say of their requests, all of them together; `null` before the first. */
  counts(): BatchCounts | null
  /** Calls back when they say something new. */
  onChange(listener: () => void): void
  /** Which part of the run this is, from 1: known items are asked anew in each. */
  beginPart(part: number): void
}

/** Whether an endpoint is asked in batches: both arms or neither, every judge or none. */
export function isInBatches(name: string, policy: Pick<Policy, 'replay' | 'judge'>): boolean {
  const isArm = name === 'baseline' || name === 'candidate'
  return (isArm ? policy.replay.via : policy.judge?.via) === 'batch'
}

/**
 * Connects the files and batches of those endpoints that are asked in batches; a recording answers as it is.
 * @throws GateError when an endpoint can't be asked in batches
 */
export async function connectBatchClients(
  clients: ReadonlyMap<string, ModelClient>,
  policy: Pick<Policy, 'replay' | 'judge'>,
): Promise<Map<string, BatchClient>> {
  const batches = new Map<string, BatchClient>()
  for (const [name, client] of clients) {
    if (!isInBatches(name, policy) || client.source.kind === 'recorded') continue
    const connected = await client.connectBatches?.()
    if (connected !== undefined) batches.set(name, connected)
    else
      throw new GateError({
        code: 'endpoint',
        message: `endpoint "${name}" (${client.origin}) can't be asked in batches`,
        remedy: 'leave `via: batch` out',
      })
  }
  return batches
}

/** Wraps endpoints of a run, so that those with batches are asked in batches. */
export interface BatchWrapper extends Batches {
  wrap(live: Endpoint, own: { origin: string; pricedAs?: string; answeredBefore: boolean }): Endpoint
}

/**
 * Makes what wraps the endpoints of a run. As long as one of them is asked live, more may come for those that are asked in
 * batches, and their files are kept open.
 */
export function createBatchWrapper(parts: {
  clients: ReadonlyMap<string, BatchClient>
  ports: Pick<GatePorts, 'clock' | 'random' | 'delimiter' | 'log'>
  maxAttempts: number
  budget: Budget
  cancelled: AbortSignal
  journal: Pick<Journal, 'append' | 'batches'>
}): BatchWrapper {
  const { clients, ports, budget, cancelled, journal, maxAttempts } = parts
  const { clock, random, delimiter, log } = ports
  const endpoints: BatchEndpoint[] = []
  const listeners: (() => void)[] = []
  let live = 0
  const track = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    live += 1
    try {
      return await answer
    } finally {
      live -= 1
    }
  }
  for (const text of describeForgotten(parts)) log.warning(text)
  return {
    isUsed: clients.size > 0,
    counts: () => addCounts(endpoints),
    onChange: (listener) => listeners.push(listener),
    beginPart(part) {
      for (const endpoint of endpoints) endpoint.beginPart(part)
    },
    wrap(endpoint, own) {
      const { name } = endpoint
      const client = clients.get(name)
      if (clients.size === 0) return endpoint
      const tracked: Endpoint = {
        ...endpoint,
        ask: (asked) => track(endpoint.ask(asked)),
        post: (request) => track(endpoint.post(request)),
      }
      if (client === undefined) return tracked
      const batched = createBatchEndpoint({
        ...{ ...own, name, client, budget, clock, random, delimiter, cancelled, maxAttempts },
        past: journal.batches,
        keep: (line) => journal.append(line, budget.spent()),
        isBusy: () => live > 0,
        onChange: () => {
          for (const listener of listeners) listener()
        },
        info: (text) => log.info(text),
        warn: (text) => log.warning(text),
      })
      endpoints.push(batched)
      return {
        ...tracked,
        ask: (asked) => batched.ask(asked),
        failures: () => endpoint.failures() + batched.failures(),
      }
    },
  }
}

/** Batches of an earlier part at endpoints that are asked live by now. */
function describeForgotten(parts: {
  clients: ReadonlyMap<string, BatchClient>
  journal: Pick<Journal, 'batches'>
}): string[] {
  const { clients, journal } = parts
  const names = new Set(journal.batches.flatMap(({ line, isCharged }) => (isCharged ? [] : [line.endpoint])))
  return [...names]
    .filter((name) => !clients.has(name))
    .map(
      (name) =>
        `an earlier part of this run has submitted batches to endpoint "${name}", which is asked live by now: what they give is not waited for, and may be paid for`,
    )
}

function addCounts(endpoints: readonly BatchEndpoint[]): BatchCounts | null {
  const counts = endpoints.flatMap((endpoint) => endpoint.counts() ?? [])
  if (counts.length === 0) return null
  const add = (key: keyof BatchCounts) => counts.reduce((sum, entry) => sum + entry[key], 0)
  return { total: add('total'), completed: add('completed'), failed: add('failed') }
}
