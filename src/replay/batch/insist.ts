import { GateError } from '../../errors.ts'
import { chooseDelay } from '../ask.ts'
import { type Failed, isTransportFailure, type NotAsked } from '../completion.ts'
import { giveUpIfHopeless, refuseSilent } from '../give-up.ts'
import { type BatchContext, chooseEnding, rest } from './context.ts'

/**
 * An endpoint that has answered before, and takes no calls for so long, is down. What a batch does goes on meanwhile, so
 * that there is no hurry; a job that waits costs more than one that continues it.
 */
export const callsDownAfterMs = 1_800_000

/** Makes calls of one endpoint as often as it takes. */
export interface Insisting {
  /**
   * Calls until there is an answer, or the run ends.
   * @throws GateError when the endpoint has answered no call yet and fails again, and for what it refuses
   */
  call<Answer extends { kind: string }>(
    what: string,
    attempt: (signal: AbortSignal, number: number) => Promise<Answer | Failed>,
  ): Promise<Exclude<Answer, Failed> | NotAsked>
}

/** A failure of an HTTP call for files and batches is one of the way there, or of what was asked. */
export function createInsisting(context: BatchContext): Insisting {
  const { name, origin, clock, budget, cancelled, maxAttempts, random, warn } = context
  let hasAnswered = context.answeredBefore === true
  return {
    async call(what, attempt) {
      let failingSinceMs: number | null = null
      for (let number = 1; ; number += 1) {
        // A run whose time is over still takes what is there: the first call is made, unless nobody waits for it.
        if (cancelled.aborted || (number > 1 && chooseEnding(budget) === 'leave'))
          return { kind: 'not-asked', reason: budget.stopped() ?? 'cancelled' }
        const startMs = clock.monotonicMs()
        const answer = await attempt(cancelled, number)
        if (answer.kind !== 'failed') {
          hasAnswered = true
          return answer as Exclude<typeof answer, Failed>
        }
        const failed = answer as Failed
        if (cancelled.aborted) continue
        if (!isTransportFailure(failed)) throw refuseCall({ name, origin, what, failed })
        failingSinceMs ??= startMs
        const forMs = clock.monotonicMs() - failingSinceMs
        if (!hasAnswered && number >= maxAttempts)
          throw refuseSilent({ name, origin, failures: number, failed })
        if (forMs >= callsDownAfterMs) {
          const minutes = Math.floor(forMs / 60_000)
          warn(
            `endpoint "${name}" (${origin}) has not let the run ${what} for ${minutes} minutes (${failed.cause}: ${failed.detail}): the run ends here, and what was measured is kept`,
          )
          budget.end('endpoint-down')
          return { kind: 'not-asked', reason: budget.stopped() ?? 'endpoint-down' }
        }
        await rest(context, chooseDelay({ attempt: Math.min(number, 10), failed, random }))
      }
    },
  }
}

/** The error of a call that was refused. */
export function refuseCall(call: { name: string; origin: string; what: string; failed: Failed }): GateError {
  const { name, origin, what, failed } = call
  if (failed.cause === 'unauthorized') giveUpIfHopeless({ name, origin, failures: 1, failed })
  const message =
    failed.cause === 'not-found'
      ? `endpoint "${name}" (${origin}) has no Batch API, or lost a file: it did not let the run ${what}: ${failed.detail}`
      : `endpoint "${name}" (${origin}) did not let the run ${what}: ${failed.detail}`
  return new GateError({
    code: 'endpoint',
    message,
    remedy:
      'ask it live (`via: live`), or give the address of a server with /files and /batches; one without can be given what `checkpoint-gate batch write` writes',
  })
}
