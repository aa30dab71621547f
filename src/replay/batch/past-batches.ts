import type { Completion, Usage } from '../completion.ts'
import type { SubmittedBatch } from './batch-lines.ts'
import type { BatchContext } from './context.ts'
import { type BatchResult, type BatchTools, finishBatch } from './finish-batch.ts'
import { keepCharged } from './run-entries.ts'

/** What batches of earlier parts of a run answered. */
export interface PastBatches {
  /** The answer to a request, as soon as there is one; `null` where none of the batches is of it. */
  find(id: string): Promise<Completion | null>
}

const none: Usage = { promptTokens: 0, completionTokens: 0 }

/**
 * Takes up batches of earlier parts, each when something of it is asked for. What they took counts, but only once; they
 * were requests of the part that made them.
 */
export function openPastBatches(tools: BatchTools): PastBatches {
  const { context } = tools
  const own = context.past.filter(
    ({ line }) => line.endpoint === context.name && line.origin === context.origin,
  )
  const holders = new Map<string, SubmittedBatch[]>()
  for (const batch of own)
    for (const id of batch.line.ids) holders.set(id, [...(holders.get(id) ?? []), batch])
  const results = new Map<SubmittedBatch, Promise<BatchResult>>()
  const follow = (batch: SubmittedBatch) => {
    const result = results.get(batch) ?? takeUp(batch, tools)
    results.set(batch, result)
    return result
  }
  return {
    async find(id) {
      let found: Completion | null = null
      for (const batch of holders.get(id) ?? []) {
        const result = await follow(batch)
        if (result.kind === 'over-queue') continue
        found = result.kind === 'not-asked' ? result : (result.answers.get(id) ?? lost)
        if (found.kind === 'completed') return found
      }
      return found
    },
  }
}

const lost: Completion = {
  kind: 'failed',
  cause: 'not-returned',
  detail: 'its batch has no answer to it',
  retryAfterMs: null,
}

async function takeUp(batch: SubmittedBatch, tools: BatchTools): Promise<BatchResult> {
  const { context } = tools
  const { budget, pricedAs } = context
  const charge = (usage: Usage) => ({ model: pricedAs ?? batch.line.model, usage, inBatch: true })
  const held = batch.isCharged ? null : budget.hold(charge(batch.line.most))
  const there = await findCreated(batch, tools)
  if (there.kind === 'not-asked') return there
  if (there.batch === null) {
    held?.settle(null)
    return { kind: 'over-queue' }
  }
  const result = await finishBatch(there.batch, tools)
  if (result.kind === 'not-asked') return result
  held?.settle(null)
  if (result.kind === 'over-queue' || batch.isCharged) return result
  for (const answer of result.answers.values()) {
    if (answer.kind !== 'completed' || answer.usage === null) continue
    budget.hold(charge(none)).settle(charge(answer.usage))
  }
  await keepCharged(batch, tools)
  return result
}

/** A run that was killed between its file and its batch may have made the batch. */
async function findCreated(
  batch: SubmittedBatch,
  { context, calls }: BatchTools,
): Promise<{ kind: 'found'; batch: SubmittedBatch | null } | Extract<Completion, { kind: 'not-asked' }>> {
  if (batch.id !== null) return { kind: 'found', batch }
  const { inputFile } = batch.line
  const state = await calls.call('look for a batch', (signal) => context.client.find(inputFile, signal))
  if (state.kind === 'not-asked') return state
  if (state.kind === 'none') return { kind: 'found', batch: null }
  await keepCreated({ inputFile, id: state.id }, context)
  return { kind: 'found', batch: { ...batch, id: state.id } }
}

async function keepCreated(
  { inputFile, id }: { inputFile: string; id: string },
  { keep, clock }: BatchContext,
): Promise<void> {
  await keep({ batch: 'created', inputFile, id, at: clock.now().toISOString() })
}
