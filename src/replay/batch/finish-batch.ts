import type { Failed, NotAsked } from '../completion.ts'
import { fail } from '../read-answer.ts'
import type { SubmittedBatch } from './batch-lines.ts'
import type { BatchState } from './client.ts'
import { type CollectedAnswers, createCollector, describeOddLines } from './collect-answers.ts'
import { type BatchContext, chooseEnding } from './context.ts'
import { type Followed, followBatch, isOverQueue, refuseBatch } from './follow-batch.ts'
import type { Insisting } from './insist.ts'

/** What became of the requests of a batch. */
export type BatchResult =
  /** `without`: what became of those that have no answer. */
  | { kind: 'answers'; answers: CollectedAnswers['answers']; without: Failed | NotAsked }
  /** It goes on without the run, or it is not known how far it came. */
  | NotAsked
  | { kind: 'over-queue' }

/** What batches of an endpoint are carried out with. */
export interface BatchTools {
  context: BatchContext
  calls: Insisting
  /** What batches say of themselves, by their id. */
  states: Map<string, BatchState>
}

/**
 * Follows a batch and reads what came of it.
 * @throws GateError when it was not accepted
 */
export async function finishBatch(batch: SubmittedBatch, tools: BatchTools): Promise<BatchResult> {
  const { context, calls, states } = tools
  const id = batch.id ?? ''
  const onState = (state: BatchState) => {
    states.set(id, state)
    context.onChange()
  }
  const followed = await followBatch(id, { context, calls, onState })
  if (followed.kind === 'left') {
    const { origin } = context
    context.warn(
      `the batch ${id} of endpoint "${context.name}" (${origin}) is under way, and goes on without this run: the same command, or the job run again, takes up what it gives and pays for nothing twice`,
    )
    const isLeft = chooseEnding(context.budget) === 'leave'
    return {
      kind: 'not-asked',
      reason: isLeft ? 'batch-under-way' : (context.budget.stopped() ?? 'cancelled'),
    }
  }
  if (followed.kind === 'gone') return loseAll(batch, context)
  if (followed.state.status === 'failed') {
    await keepDropped(batch, context)
    if (isOverQueue(followed.state)) return { kind: 'over-queue' }
    throw refuseBatch(followed.state, context)
  }
  const read = await readFiles({ batch, state: followed.state, tools })
  if (read.kind === 'gone') return loseAll(batch, context)
  return read.kind === 'not-asked' ? read : describeEnd(followed, { ...read, batch, context })
}

/** Nothing ever comes of a batch that was not accepted: a run that goes on from here need not look at it. */
async function keepDropped({ line }: SubmittedBatch, { keep, clock }: BatchContext): Promise<void> {
  await keep({ batch: 'dropped', inputFile: line.inputFile, at: clock.now().toISOString() })
}

function loseAll({ id }: SubmittedBatch, { name, warn }: BatchContext): BatchResult {
  warn(`endpoint "${name}" does not have the batch ${id}, or its files, any more: what it held is lost`)
  const without = fail('not-returned', 'its batch, or the file of its answers, is not there any more')
  return { kind: 'answers', answers: new Map(), without }
}

type Read = { kind: 'read'; answers: CollectedAnswers['answers'] }

/** Reads both files as a whole: where one breaks off, from the beginning. */
async function readFiles(parts: {
  batch: SubmittedBatch
  state: BatchState
  tools: BatchTools
}): Promise<Read | NotAsked | { kind: 'gone' }> {
  const { batch, state } = parts
  const { context, calls } = parts.tools
  const { client, name, warn } = context
  const files = [state.outputFile, state.errorFile].flatMap((file) => (file === null ? [] : [file]))
  const ids = new Set(batch.line.ids)
  return calls.call(
    'read what came of a batch',
    async (signal): Promise<Read | Failed | { kind: 'gone' }> => {
      const { collected, take } = createCollector(ids, client.readAnswer)
      for (const file of files) {
        const read = await client.read(file, take, signal)
        if (read.kind === 'failed') return read.cause === 'not-found' ? { kind: 'gone' } : read
      }
      const odd = describeOddLines(collected)
      if (odd !== null) warn(`batch ${batch.id} of endpoint "${name}": of the lines that came back, ${odd}`)
      return { kind: 'read', answers: collected.answers }
    },
  )
}

function describeEnd(
  { state, cancelledBy }: Extract<Followed, { kind: 'ended' }>,
  parts: { batch: SubmittedBatch; context: BatchContext; answers: CollectedAnswers['answers'] },
): BatchResult {
  const { batch, context, answers } = parts
  const { budget, name, warn } = context
  const asked = batch.line.ids.length
  const isWithout = (id: string) => {
    const answer = answers.get(id)
    return answer === undefined || (answer.kind === 'failed' && answer.cause === 'not-returned')
  }
  const missing = batch.line.ids.filter(isWithout)
  for (const id of missing) answers.delete(id)
  if (missing.length > 0)
    warn(
      `batch ${batch.id} of endpoint "${name}" is ${state.status}, and has no answer to ${missing.length} of its ${asked} requests`,
    )
  // Who cancels it wants no more of it: neither another batch, nor what would come after.
  if (cancelledBy === 'others') budget.end('batch-cancelled')
  const without: Failed | NotAsked =
    cancelledBy === null
      ? fail('not-returned', `its batch is ${state.status}, and has no answer to it`)
      : { kind: 'not-asked', reason: budget.stopped() ?? 'cancelled' }
  return { kind: 'answers', answers, without }
}
