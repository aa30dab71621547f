import { GateError } from '../../errors.ts'
import type { NotAsked } from '../completion.ts'
import { type BatchState, hasEnded } from './client.ts'
import { type BatchContext, chooseEnding, rest } from './context.ts'
import type { Insisting } from './insist.ts'

/** Between two looks at a batch: the first is soon, as small ones are done within a minute or two. */
const firstPauseMs = 5000
const longestPauseMs = 60_000
const pauseGrowth = 1.5
/** A batch is `cancelling` for up to 10 minutes (OpenAI's API reference, "Cancel batch"). */
const longestCancellingMs = 900_000

/**
 * How a batch was followed to its end, or left. `cancelledBy`: who did so
 * while it was followed. `gone`: its server does not know it.
 */
export type Followed =
  | { kind: 'ended'; state: BatchState; cancelledBy: 'us' | 'others' | null }
  | { kind: 'left' }
  | { kind: 'gone' }

/**
 * Looks at a batch until it ends. What ends the run at its clock leaves it under way; what ends it for its money, or for an
 * endpoint that is down, cancels it, and what it has done by then is kept.
 */
export async function followBatch(
  id: string,
  parts: { context: BatchContext; calls: Insisting; onState: (state: BatchState) => void },
): Promise<Followed> {
  const { context, onState } = parts
  const { client, budget, clock } = context
  let cancelledMs: number | null = null
  let wasOpen = false
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * pauseGrowth)) {
    // A run whose time is over still takes what has ended already: nothing is asked for it.
    const state = await look(id, parts)
    if (state.kind === 'gone') return state
    if (state.kind === 'not-asked') {
      // An endpoint that is down hardly hears it: if it does, nothing more is paid for what nobody waits for.
      if (chooseEnding(budget) === 'cancel') await client.cancel(id, context.cancelled)
      return { kind: 'left' }
    }
    onState(state)
    if (hasEnded(state)) {
      const cancelledBy =
        cancelledMs !== null ? 'us' : wasOpen && state.status === 'cancelled' ? 'others' : null
      return { kind: 'ended', state, cancelledBy }
    }
    wasOpen = true
    const ending = chooseEnding(budget)
    if (ending === 'leave') return { kind: 'left' }
    if (ending === 'cancel' && cancelledMs === null) {
      cancelledMs = clock.monotonicMs()
      // One that has just ended refuses it: the next look says so.
      await client.cancel(id, context.cancelled)
      pauseMs = firstPauseMs
    }
    if (cancelledMs !== null && clock.monotonicMs() - cancelledMs > longestCancellingMs)
      return { kind: 'left' }
    await rest(context, pauseMs)
  }
}

async function look(
  id: string,
  { context, calls }: { context: BatchContext; calls: Insisting },
): Promise<BatchState | NotAsked | { kind: 'gone' }> {
  return calls.call('look at a batch', async (signal) => {
    const state = await context.client.retrieve(id, signal)
    return state.kind === 'failed' && state.cause === 'not-found' ? ({ kind: 'gone' } as const) : state
  })
}

const enqueuedCode = 'token_limit_exceeded'

/** Whether a batch was not accepted as too many tokens wait already: all that wait, or this batch alone. */
export function isOverQueue({ status, errors }: BatchState): boolean {
  return status === 'failed' && errors.some(({ code }) => code === enqueuedCode)
}

/** The error of a batch that was not accepted, with what its server found wrong. */
export function refuseBatch(
  state: BatchState,
  { name, origin }: { name: string; origin: string },
): GateError {
  const { id, errors } = state
  const shown = errors.slice(0, 3).map(({ code, line, message }) => {
    const place = line === null ? '' : `line ${line}: `
    return `${place}${message}${code === null ? '' : ` (${code})`}`
  })
  const more = errors.length > shown.length ? `, and ${errors.length - shown.length} more` : ''
  const what = shown.length === 0 ? 'it does not say why' : `${shown.join('; ')}${more}`
  return new GateError({
    code: 'endpoint',
    message: `endpoint "${name}" (${origin}) did not accept the batch ${id}: ${what}`,
    remedy:
      'mend what it names (a model that it serves in batches, a request that it takes), or ask it live (`via: live`); what was measured is not lost',
  })
}
