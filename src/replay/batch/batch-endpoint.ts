import type { Charge } from '../budget.ts'
import {
  type ChatAsked,
  type ChatRequest,
  type Completion,
  type Failed,
  isTransportFailure,
  writeRequest,
} from '../completion.ts'
import type { Endpoint } from '../endpoint.ts'
import { giveUpIfHopeless } from '../give-up.ts'
import { fail } from '../read-answer.ts'
import { reserveTokens } from '../tokens.ts'
import type { BatchCounts, BodyForm } from './client.ts'
import type { BatchContext } from './context.ts'
import type { BatchTools } from './finish-batch.ts'
import { createGatherer, type Gatherer } from './gather.ts'
import { createInsisting } from './insist.ts'
import { createRequestNamer } from './name-requests.ts'
import { openPastBatches } from './past-batches.ts'
import { createBatchRunner } from './run-entries.ts'
import { type Entry, writeEntry } from './submit-file.ts'

/** An endpoint that is asked in batches: what is asked at about the same time goes into one file. */
export interface BatchEndpoint extends Pick<Endpoint, 'ask' | 'failures'> {
  /** What its batches say of their requests, all of them together; `null` before the first. */
  counts(): BatchCounts | null
  /** Which part of the run this is, from 1. */
  beginPart(part: number): void
}

/** Makes an endpoint that is asked in batches. Outcomes are those of a live one, with `not-returned` beside. */
export function createBatchEndpoint(context: BatchContext): BatchEndpoint {
  const tools: BatchTools = { context, calls: createInsisting(context), states: new Map() }
  const namer = createRequestNamer({ endpoint: context.name, delimiter: context.delimiter })
  const past = openPastBatches(tools)
  const gatherer = openGatherer(tools)
  const forms = createForms(context)
  const state = { succeeded: context.answeredBefore === true, failures: 0 }
  const gather = (asked: ChatAsked, id: string, form: BodyForm): Promise<Completion> =>
    new Promise((resolve, reject) => {
      const request = writeRequest(asked)
      const model = context.pricedAs ?? request.model
      const usage = reserveTokens(request, context.budget.longestAnswer(model))
      const most: Charge = { model, usage, inBatch: true }
      const bytes = Buffer.byteLength(writeEntry({ id, asked: request, form }, context)) + 1
      const entry: Entry = {
        id,
        asked,
        form,
        model: request.model,
        bytes,
        most,
        reservation: null,
        resolve,
        reject,
      }
      gatherer.add(entry)
    })
  const finish = (outcome: Completion): Completion => {
    if (outcome.kind === 'completed') state.succeeded = true
    if (outcome.kind !== 'failed' || outcome.cause === 'empty-answer') return outcome
    state.failures += 1
    const { name, origin, answeredBefore } = context
    const failures = answeredBefore === true ? 0 : state.failures
    const isAnswered = state.succeeded || outcome.cause === 'not-returned'
    if (!isAnswered) giveUpIfHopeless({ name, origin, failures, failed: outcome })
    return outcome
  }
  return {
    failures: () => state.failures,
    counts: () => addCounts(tools),
    beginPart: (part) => namer.beginPart(part),
    async ask(asked) {
      const write = () => writeRequest(asked)
      let form = forms.choose(write())
      let attempt = 1
      for (;;) {
        const id = namer.name(write())
        const known = await past.find(id)
        // What an earlier part lost is asked again, as often as if it had never been.
        if (known !== null && isAskedAgain(known)) continue
        const outcome = known ?? (await gather(asked, id, form))
        const other =
          outcome.kind === 'failed' ? forms.chooseOther({ request: write(), form, failed: outcome }) : null
        if (other !== null) {
          form = other
          continue
        }
        if (outcome.kind === 'completed') forms.accepted(write(), form)
        const isRetried = isTransportFailure(outcome) && outcome.cause !== 'not-returned'
        if (!isRetried || attempt >= context.maxAttempts) return finish(outcome)
        attempt += 1
      }
    },
  }
}

/** Whether a request is asked again that an earlier part of the run asked: as a journal has it of units. */
function isAskedAgain(outcome: Completion): boolean {
  if (outcome.kind !== 'failed') return false
  const { cause } = outcome
  return cause === 'unauthorized' || cause === 'not-found' || isTransportFailure(outcome)
}

/** Takes from the budget for as many requests as fit; the others wait until something is given back. */
function openGatherer(tools: BatchTools): Gatherer<Entry> {
  const { context } = tools
  const { budget } = context
  const runner = createBatchRunner(tools)
  const handOn = (entries: Entry[]): Entry[] => {
    const taken: Entry[] = []
    const kept: Entry[] = []
    const { bytes: mostBytes } = runner.limits()
    for (const entry of entries) {
      if (entry.bytes > mostBytes) {
        entry.resolve(
          fail('bad-request', `the request has ${entry.bytes} bytes, and a file of a batch ${mostBytes}`),
        )
        continue
      }
      const reservation = kept.length > 0 ? null : budget.take(entry.most)
      if (reservation === null) kept.push(entry)
      else if (reservation.kind === 'not-asked') entry.resolve(reservation)
      else {
        entry.reservation = reservation
        taken.push(entry)
      }
    }
    runner.run(taken)
    return kept
  }
  let [count, bytes] = [0, 0]
  const gatherer = createGatherer<Entry>({
    context,
    isFull(entries) {
      // It is asked after each entry: only what is new is added.
      if (entries.length < count) [count, bytes] = [0, 0]
      for (; count < entries.length; count += 1) bytes += entries[count]?.bytes ?? 0
      const limits = runner.limits()
      return count >= limits.requests || bytes >= limits.bytes
    },
    handOn,
  })
  budget.onRelease(() => gatherer.retry())
  // What waits for something to be given back waits in vain.
  budget.ended.addEventListener('abort', () => gatherer.retry())
  return gatherer
}

function addCounts({ states }: BatchTools): BatchCounts | null {
  if (states.size === 0) return null
  const add = (key: keyof BatchCounts) =>
    [...states.values()].reduce((sum, { counts }) => sum + counts[key], 0)
  return { total: add('total'), completed: add('completed'), failed: add('failed') }
}

interface Forms {
  choose(request: ChatRequest): BodyForm
  /** The form to ask again in; `null` where the failure is not of the form. */
  chooseOther(asked: { request: ChatRequest; form: BodyForm; failed: Failed }): BodyForm | null
  accepted(request: ChatRequest, form: BodyForm): void
}

/** What servers don't know is left out, as where they are asked live. */
function createForms({ origin, info }: BatchContext): Forms {
  let known: BodyForm = { tokensKey: 'max_completion_tokens', withFormat: true }
  return {
    choose: () => known,
    chooseOther({ request, form, failed }) {
      if (failed.cause !== 'bad-request') return null
      const isNewKey = form.tokensKey === 'max_completion_tokens' && request.maxTokens !== undefined
      if (isNewKey && failed.detail.includes('max_completion_tokens')) {
        if (known.tokensKey !== 'max_tokens')
          info(`${origin} does not know max_completion_tokens: using max_tokens`)
        known = { ...known, tokensKey: 'max_tokens' }
        return { ...form, tokensKey: 'max_tokens' }
      }
      return request.responseFormat !== undefined && form.withFormat ? { ...form, withFormat: false } : null
    },
    accepted(request, form) {
      if (request.responseFormat === undefined || form.withFormat || !known.withFormat) return
      known = { ...known, withFormat: false }
      info(`${origin} does not know response_format: leaving it out`)
    },
  }
}
