import { z } from 'zod'
import { usageSchema } from '../completion.ts'
import { spentSchema } from '../spent.ts'

const spent = spentSchema.optional()
const inputFile = z.string()
const at = z.string()

/**
 * What a journal says of batches, a line when each thing has happened: what is on disk is what a run that continues this
 * one needs to ask for the same batch, and not to pay for it again.
 */
export const batchLineSchema = z.discriminatedUnion('batch', [
  z.strictObject({
    batch: z.literal('uploaded'),
    /** The name of the endpoint, and the origin that it was at. */
    endpoint: z.string(),
    origin: z.string(),
    inputFile,
    /** By whose price its requests count. */
    model: z.string(),
    /** The `custom_id` of each request: a digest of it. */
    ids: z.array(z.string()),
    /** SHA-256 of these. */
    sha256: z.string(),
    /** The most that all of them may take. */
    most: usageSchema,
    at,
    spent,
  }),
  z.strictObject({ batch: z.literal('created'), inputFile, id: z.string(), at, spent }),
  /** What it took is counted in what the run has spent. */
  z.strictObject({ batch: z.literal('charged'), inputFile, at, spent }),
  /** It was not accepted: nothing will ever come of it. */
  z.strictObject({ batch: z.literal('dropped'), inputFile, at, spent }),
])
export type BatchLine = z.infer<typeof batchLineSchema>

/** A batch that was submitted, or was about to be when the run ended. */
export interface SubmittedBatch {
  /** What was uploaded. */
  line: Extract<BatchLine, { batch: 'uploaded' }>
  /** `null`: it is not known whether it was made. */
  id: string | null
  isCharged: boolean
}

/** Batches by what lines say of them, in the order in which they were uploaded. */
export function foldBatches(lines: readonly BatchLine[]): SubmittedBatch[] {
  const batches = new Map<string, SubmittedBatch>()
  for (const { spent: _, ...line } of lines) {
    const { inputFile: key } = line
    const batch = batches.get(key)
    if (line.batch === 'uploaded') {
      if (batch === undefined) batches.set(key, { line, id: null, isCharged: false })
    } else if (batch !== undefined) {
      if (line.batch === 'created') batch.id = line.id
      if (line.batch === 'charged') batch.isCharged = true
      if (line.batch === 'dropped') batches.delete(key)
    }
  }
  return [...batches.values()]
}

/** The lines that say of batches what is known. */
export function listBatchLines(batches: readonly SubmittedBatch[]): BatchLine[] {
  return batches.flatMap(({ line, id, isCharged }): BatchLine[] => {
    const { inputFile: file, at: time } = line
    return [
      line,
      ...(id === null ? [] : [{ batch: 'created' as const, inputFile: file, id, at: time }]),
      ...(isCharged ? [{ batch: 'charged' as const, inputFile: file, at: time }] : []),
    ]
  })
}
