import type { Clock } from '../../ports.ts'
import type { Budget } from '../budget.ts'
import type { NotAsked } from '../completion.ts'
import type { BatchLine, SubmittedBatch } from './batch-lines.ts'
import type { BatchClient } from './client.ts'
import type { FileLimits } from './split-files.ts'

/** What batches of one endpoint have in common. */
export interface BatchContext {
  /** Of the endpoint. */
  name: string
  origin: string
  client: BatchClient
  budget: Budget
  clock: Clock
  cancelled: AbortSignal
  /** Numbers in [0, 1), for the jitter of pauses. */
  random: () => number
  maxAttempts: number
  /** Of files; those of the API unless a test wants others. */
  limits?: FileLimits
  /** The model by whose price its requests count; where it is left out, the one that they ask for. */
  pricedAs?: string
  /** Hex digits in the prompts of judges that are new in each run. */
  delimiter: string
  /** Batches of earlier parts of the run. */
  past: readonly SubmittedBatch[]
  /** It answered in an earlier part. */
  answeredBefore?: boolean
  /** Keeps a line in the journal; it is on disk when its promise resolves. */
  keep(line: BatchLine): Promise<void>
  /** Whether anything is under way that may bring more requests for this endpoint. */
  isBusy(): boolean
  /** Told of each change of what a batch says of itself. */
  onChange(): void
  info(text: string): void
  warn(text: string): void
}

/** Why a run ends at its clock, and not by what it spent or found. */
const leavingReasons: readonly NotAsked['reason'][] = ['max-minutes', 'job-limit', 'cancelled']

/**
 * What becomes of batches under way. `go-on`: nothing ends the run, or a limit of requests, within which they are. `leave`:
 * they go on without the run, which another one continues. `cancel`: nobody will want what they still give.
 */
export function chooseEnding(budget: Budget): 'go-on' | 'leave' | 'cancel' {
  if (budget.heedTime() === 0) return 'leave'
  const reason = budget.stopped()
  if (reason === null || reason === 'max-requests') return 'go-on'
  return leavingReasons.includes(reason) ? 'leave' : 'cancel'
}

/** Waits, but not longer than the run may take, and not on when it ends. A run that is cancelled waits for nothing. */
export async function rest(
  { clock, budget, cancelled }: Pick<BatchContext, 'clock' | 'budget' | 'cancelled'>,
  ms: number,
): Promise<void> {
  const left = budget.heedTime()
  // What has ended already may still take its time: batches that are cancelled, or are within the limit of requests.
  const signal = budget.ended.aborted ? cancelled : budget.ended
  if (left === 0 || signal.aborted) return
  try {
    await clock.sleep(Math.min(ms, left), signal)
  } catch {
    // What ended the run is looked at by whoever waited.
  }
}
