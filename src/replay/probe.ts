import { z } from 'zod'
import { digestValue } from '../plan/plan.ts'
import type { ServedDigest } from '../policy/checkpoint.ts'
import { failureCauseSchema } from './completion.ts'
import { isNameOf } from './model-name.ts'

/** What is looked for in an endpoint's list of models. */
export interface ProbeRequest {
  /** The model, as requests name it. */
  model: string
  /** Where the deployment tells its digest; `null` where policy names no place. */
  servedDigest: ServedDigest | null
}

/** What an endpoint says that it serves. */
export const probeSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('listed'),
    /** As the list names the model. */
    name: z.string(),
    /** SHA-256 of what the entry says that stays the same as long as the model does. */
    entrySha256: z.string(),
    /** The digest of the weights, where the deployment tells it: Ollama's own, or the field that policy names. */
    servedDigest: z.string().nullable(),
  }),
  /** There is a list, and the model is not in it. */
  z.strictObject({ kind: z.literal('unlisted'), models: z.int() }),
  /** The endpoint has no list. */
  z.strictObject({ kind: z.literal('not-offered') }),
  z.strictObject({ kind: z.literal('failed'), cause: failureCauseSchema }),
])
export type Probe = z.infer<typeof probeSchema>

/** Longer texts of an endpoint are cut. */
export const longestTextUnits = 256

const entrySchema = z.looseObject({ id: z.string().min(1) })
const listSchema = z.union([z.array(z.unknown()), z.object({ data: z.array(z.unknown()) })])
const tagsSchema = z.object({
  models: z.array(z.object({ name: z.string(), digest: z.string().min(1) }).or(z.unknown())),
})

/**
 * Finds the model in the answer of `GET /models`, in the shape that OpenAI, vLLM, llama.cpp and others share.
 *
 * vLLM and llama.cpp write the time of the question into `created`, vLLM fresh ids into `permission`, gateways prices and
 * loads: only what names the model and its weights is digested.
 */
export function readListing(body: unknown, { model, servedDigest }: ProbeRequest): Probe {
  const parsed = listSchema.safeParse(body)
  if (!parsed.success) return { kind: 'failed', cause: 'unreadable-answer' }
  const entries = listEntries(parsed.data)
  const named = entries.filter(({ id }) => isNameOf(model, id))
  const entry = named.find(({ id }) => id === model) ?? (named.length === 1 ? named[0] : undefined)
  if (entry === undefined) return { kind: 'unlisted', models: entries.length }
  const field = typeof servedDigest === 'object' && servedDigest !== null && 'models' in servedDigest
  return {
    kind: 'listed',
    name: entry.id.slice(0, longestTextUnits),
    entrySha256: digestEntry(entry),
    servedDigest: field ? readText(entry, servedDigest.models) : null,
  }
}

/** Whether a list looks like Ollama's, which tells digests at another address. */
export function looksLikeOllama(body: unknown): boolean {
  const parsed = listSchema.safeParse(body)
  return parsed.success && listEntries(parsed.data).some(({ owned_by: owner }) => owner === 'library')
}

/** Adds the digest of the model's manifest in the answer of Ollama's `GET /api/tags`, which covers its weights. */
export function addOllamaDigest(probe: Probe, tags: unknown, { model }: ProbeRequest): Probe {
  const parsed = tagsSchema.safeParse(tags)
  if (!parsed.success) return probe
  const entry = parsed.data.models.filter(isTag).find(({ name }) => isTagOf(model, name))
  if (entry === undefined) return probe
  const servedDigest = entry.digest.slice(0, longestTextUnits)
  if (probe.kind === 'listed') return { ...probe, servedDigest }
  const { name } = entry
  return { kind: 'listed', name, entrySha256: digestEntry({ id: name }), servedDigest }
}

// Another tag is another model: `llama3:8b`, `llama3:70b`.
function isTagOf(model: string, name: string): boolean {
  return name === model || name === `${model}:latest`
}

function isTag(entry: unknown): entry is { name: string; digest: string } {
  return typeof entry === 'object' && entry !== null && 'digest' in entry && 'name' in entry
}

type Entry = z.infer<typeof entrySchema>

function listEntries(list: z.infer<typeof listSchema>): Entry[] {
  return (Array.isArray(list) ? list : list.data).flatMap((entry) => {
    const parsed = entrySchema.safeParse(entry)
    return parsed.success ? [parsed.data] : []
  })
}

const lastingFields = ['id', 'root', 'parent', 'owned_by', 'max_model_len']
/** What a deployment may say of its weights, under whatever name. */
const digestField = /(?:^|_)(?:digest|sha256|sha|checksum|revision)$/

function digestEntry(entry: Entry): string {
  const lasting = Object.entries(entry).filter(
    ([name, value]) => (lastingFields.includes(name) || digestField.test(name)) && isScalar(value),
  )
  return digestValue(Object.fromEntries(lasting))
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function readText(entry: Entry, field: string): string | null {
  const value = Object.hasOwn(entry, field) ? entry[field] : undefined
  return typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, longestTextUnits) : null
}
