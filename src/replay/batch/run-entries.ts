import { GateError } from '../../errors.ts'
import { type Completion, type Usage, writeRequest } from '../completion.ts'
import { estimateUsage } from '../tokens.ts'
import type { SubmittedBatch } from './batch-lines.ts'
import { rest } from './context.ts'
import { type BatchResult, type BatchTools, finishBatch } from './finish-batch.ts'
import { fileLimits, splitIntoFiles } from './split-files.ts'
import { type Entry, submitFile } from './submit-file.ts'

const none: Usage = { promptTokens: 0, completionTokens: 0 }
/** Before what does not fit into the server's queue is offered again. */
const firstQueuePauseMs = 60_000
const longestQueuePauseMs = 1_800_000
const mostQueuePauses = 10

/** Carries out batches of one endpoint. */
export interface BatchRunner {
  /** What one file may hold by now. */
  limits(): { requests: number; bytes: number }
  /** Carries out requests in as many batches as they need; each is told what became of it. */
  run(entries: readonly Entry[]): void
}

/**
 * Batches go side by side, until a server says that too many tokens wait (each account has a limit for each model): then
 * one after the other, and a file that is too much by itself in halves.
 */
export function createBatchRunner(tools: BatchTools): BatchRunner {
  const { context } = tools
  let limits = context.limits ?? fileLimits
  let isOneByOne = false
  let underWay = 0
  let pauses = 0
  let earlier: Promise<unknown> = Promise.resolve()
  let submitting: Promise<unknown> = Promise.resolve()
  // One file at a time: each is as large as a file may be.
  const submitInTurn = (entries: readonly Entry[]) => {
    const submitted = submitting.then(() => submitFile(entries, tools))
    submitting = submitted.catch(() => undefined)
    return submitted
  }
  const settleQueue = async (entries: readonly Entry[], wasAlone: boolean) => {
    isOneByOne = true
    const half = Math.ceil(entries.length / 2)
    if (wasAlone && half < entries.length) limits = { ...limits, requests: Math.min(limits.requests, half) }
    else if (wasAlone) {
      pauses += 1
      if (pauses > mostQueuePauses) throw refuseQueue(tools)
      await rest(context, Math.min(longestQueuePauseMs, firstQueuePauseMs * 2 ** (pauses - 1)))
    }
    run(entries)
  }
  const carryOut = async (entries: readonly Entry[]) => {
    underWay += 1
    let wasAlone = true
    try {
      const submitted = await submitInTurn(entries)
      if (submitted.kind === 'not-asked') return tellAll(entries, submitted)
      tools.states.set(submitted.state.id, submitted.state)
      context.onChange()
      wasAlone = underWay === 1
      const result = await finishBatch(submitted.batch, tools)
      if (result.kind === 'over-queue') return await settleQueue(entries, wasAlone)
      pauses = 0
      await tellResult({ entries, batch: submitted.batch, result, tools })
    } catch (error) {
      for (const entry of entries) {
        entry.reservation?.settle(null)
        entry.reject(error)
      }
    } finally {
      underWay -= 1
    }
  }
  const start = (entries: readonly Entry[]) => {
    const before = earlier
    const work = isOneByOne ? before.then(() => carryOut(entries)) : carryOut(entries)
    earlier = Promise.all([before, work])
  }
  const run = (entries: readonly Entry[]) => {
    for (const file of splitIntoFiles(entries, limits)) start(file)
  }
  return { limits: () => limits, run }
}

/** What was taken is counted, and on disk, before anyone goes on with an answer: what they write says it too. */
async function tellResult(parts: {
  entries: readonly Entry[]
  batch: SubmittedBatch
  result: Exclude<BatchResult, { kind: 'over-queue' }>
  tools: BatchTools
}): Promise<void> {
  const { entries, batch, result, tools } = parts
  if (result.kind === 'not-asked') return tellAll(entries, result)
  const { answers, without } = result
  for (const { id, most, asked, reservation } of entries) {
    const answer = answers.get(id)
    const usage =
      answer?.kind === 'completed' ? (answer.usage ?? estimateUsage(writeRequest(asked), answer)) : none
    reservation?.settle({ ...most, usage })
  }
  await keepCharged(batch, tools)
  for (const { id, resolve } of entries) resolve(answers.get(id) ?? without)
}

function tellAll(entries: readonly Entry[], outcome: Completion): void {
  for (const { reservation, resolve } of entries) {
    // What goes on without the run may still be taken.
    if (outcome.kind !== 'not-asked' || outcome.reason !== 'batch-under-way') reservation?.settle(null)
    resolve(outcome)
  }
}

/** Says in the journal that what a batch took is a part of what the run has spent. */
export async function keepCharged({ line }: SubmittedBatch, { context }: BatchTools): Promise<void> {
  const { keep, clock } = context
  await keep({ batch: 'charged', inputFile: line.inputFile, at: clock.now().toISOString() })
}

function refuseQueue({ context: { name, origin } }: BatchTools): GateError {
  return new GateError({
    code: 'endpoint',
    message: `endpoint "${name}" (${origin}) takes not even one request into its queue: too many tokens wait there`,
    remedy:
      'wait until other batches of the account are done, or raise its limit; what was measured is not lost',
  })
}
