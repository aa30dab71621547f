import { createHash } from 'node:crypto'
import type { Charge, Reservation } from '../budget.ts'
import { type ChatAsked, type Completion, type NotAsked, type Usage, writeRequest } from '../completion.ts'
import type { SubmittedBatch } from './batch-lines.ts'
import type { BatchState, BodyForm } from './client.ts'
import type { BatchContext } from './context.ts'
import type { Insisting } from './insist.ts'

/** A request that waits for its batch. */
export interface Entry {
  id: string
  /** Written when its line is: a batch holds none of its requests. */
  asked: ChatAsked
  form: BodyForm
  model: string
  /** Of its line, with its end. */
  bytes: number
  most: Charge
  reservation: Reservation | null
  resolve(outcome: Completion): void
  reject(error: unknown): void
}

/** The line of a request in a file. */
export function writeEntry(entry: Pick<Entry, 'id' | 'asked' | 'form'>, context: BatchContext): string {
  const { url, body } = context.client.describe(writeRequest(entry.asked), entry.form)
  return JSON.stringify({ custom_id: entry.id, method: 'POST', url, body })
}

/**
 * Uploads a file of requests and makes a batch of it. What was done is in the journal before the next is begun: a run that
 * is killed between the two finds the batch by its file.
 * @throws GateError for what the endpoint refuses
 */
export async function submitFile(
  entries: readonly Entry[],
  { context, calls }: { context: BatchContext; calls: Insisting },
): Promise<{ kind: 'submitted'; batch: SubmittedBatch; state: BatchState } | NotAsked> {
  const { name, origin, client, clock, keep } = context
  const ids = entries.map(({ id }) => id)
  const sha256 = createHash('sha256').update(ids.join('\n')).digest('hex')
  const file = {
    name: `checkpoint-gate-${sha256.slice(0, 16)}.jsonl`,
    lines: { [Symbol.iterator]: () => writeEntries(entries, context) },
  }
  const uploaded = await calls.call('upload a file', (signal) => client.upload(file, signal))
  if (uploaded.kind === 'not-asked') return uploaded
  const { file: inputFile } = uploaded
  const line: SubmittedBatch['line'] = {
    batch: 'uploaded',
    endpoint: name,
    origin,
    inputFile,
    model: entries[0]?.most.model ?? '',
    ids,
    sha256,
    most: addMost(entries),
    at: clock.now().toISOString(),
  }
  await keep(line)
  const state = await createBatch({ inputFile, url: findUrl(entries, context) }, { context, calls })
  if (state.kind === 'not-asked') return state
  await keep({ batch: 'created', inputFile, id: state.id, at: clock.now().toISOString() })
  return { kind: 'submitted', batch: { line, id: state.id, isCharged: false }, state }
}

/** A batch may have been made although its answer was lost: it is looked for before another one is made of the file. */
async function createBatch(
  batch: { inputFile: string; url: string },
  { context, calls }: { context: BatchContext; calls: Insisting },
): Promise<BatchState | NotAsked> {
  const { client } = context
  return calls.call('make a batch', async (signal, number) => {
    const there = number === 1 ? ({ kind: 'none' } as const) : await client.find(batch.inputFile, signal)
    return there.kind === 'none' ? client.create(batch, signal) : there
  })
}

function* writeEntries(entries: readonly Entry[], context: BatchContext): Generator<string> {
  for (const entry of entries) yield writeEntry(entry, context)
}

function findUrl([first]: readonly Entry[], { client }: BatchContext): string {
  return first === undefined ? '' : client.describe(writeRequest(first.asked), first.form).url
}

function addMost(entries: readonly Entry[]): Usage {
  const add = (key: keyof Usage) => entries.reduce((sum, { most }) => sum + most.usage[key], 0)
  return { promptTokens: add('promptTokens'), completionTokens: add('completionTokens') }
}
