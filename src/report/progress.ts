import type { Progress } from '../ports.ts'
import { formatDuration } from './format.ts'

/** One line: share done, rate, time left, requests, failures, cost. */
export function formatProgress(state: Progress): string {
  const { done, planned, requests, failures, costUsd, elapsedMs } = state
  const perSecond = elapsedMs > 0 ? (done * 1000) / elapsedMs : 0
  const left =
    // The first ones have waited for the endpoint to start.
    done >= planned / 50 && perSecond > 0 && done < planned
      ? `, about ${formatDuration(((planned - done) * 1000) / perSecond)} left`
      : ''
  const cost = costUsd === null || costUsd === 0 ? '' : `, $${costUsd.toFixed(2)}`
  const failed = failures === 0 ? '' : `, ${failures} failed`
  const batches = state.batches === undefined ? '' : `; ${describeBatches(state.batches)}`
  const share = planned === 0 ? 100 : Math.floor((100 * done) / planned)
  return `${share} % (${done} of ${planned} completions graded, ${perSecond.toFixed(1)}/s${left}, ${requests} ${requests === 1 ? 'request' : 'requests'}${failed}${cost}${batches})`
}

/** What batches say of their requests. */
function describeBatches({ total, completed, failed }: NonNullable<Progress['batches']>): string {
  return `in batches ${total} submitted, ${completed} completed, ${failed} failed`
}
