import type MiniSearch from 'minisearch'
import { type CallArguments, readArguments } from './canonical-arguments.ts'
import type { ToolDatabase } from './database.ts'
import type { WrittenCall } from './own-trajectory.ts'

/** A past call of the same tool that resembles one: an example for whoever answers it, and no answer to it. */
export interface SimilarCall {
  /** Canonical JSON. */
  arguments: string
  /** The response that was recorded most often; one that worked where there is one. */
  response: string
  isError: boolean
  /** From the threshold to 1: the share of what the arguments hold that both have, counted twice over both. */
  similarity: number
}

/** Finds past calls that resemble one. */
export interface SimilarCalls {
  /** The most similar first; none below the threshold, and none for arguments that can't be read. */
  find(call: WrittenCall, options: { threshold: number; atMost: number }): SimilarCall[]
}

/** Of a tool with more different calls than this, so many are searched. */
const searchedCalls = 20_000
/** The search ranks by how rare the shared words are; so many of its best are compared. */
const compared = 50

type ToolIndex = MiniSearch<{ id: number; features: string }>

/**
 * Finds similar calls by MiniSearch over what their arguments hold: each word of each value together with its field, so
 * that an origin is no destination. A tool's calls are indexed when it is first asked for.
 */
export async function createSimilarCalls(database: ToolDatabase): Promise<SimilarCalls> {
  const { default: Search } = await import('minisearch')
  const indices = new Map<string, ToolIndex>()
  const indexTool = (tool: string): ToolIndex => {
    const known = indices.get(tool)
    if (known !== undefined) return known
    const search = new Search<{ id: number; features: string }>({
      fields: ['features'],
      tokenize: (text) => text.split('\n'),
      processTerm: (term) => term,
    })
    for (const id of database.listCalls(tool, searchedCalls)) {
      const { arguments: read, responses } = database.readCall(id)
      const features = listFeatures(read)
      if (features.length > 0 && responses.length > 0) search.add({ id, features: features.join('\n') })
    }
    indices.set(tool, search)
    return search
  }
  return {
    find({ tool, arguments: written }, { threshold, atMost }) {
      const features = listFeatures(readArguments(written))
      if (features.length === 0) return []
      const results = indexTool(tool).search(features.join('\n')).slice(0, compared)
      return results
        .map(({ id }) => describe({ database, call: id as number, features }))
        .filter(({ similarity }) => similarity >= threshold)
        .toSorted(
          (one, other) => other.similarity - one.similarity || (one.arguments < other.arguments ? -1 : 1),
        )
        .slice(0, atMost)
    },
  }
}

function describe(request: { database: ToolDatabase; call: number; features: string[] }): SimilarCall {
  const { database, call, features } = request
  const { arguments: read, responses } = database.readCall(call)
  const [best] = responses.toSorted(
    (one, other) => Number(one.isError) - Number(other.isError) || other.count - one.count,
  )
  return {
    arguments: read.text,
    response: best === undefined ? '' : database.readText(best),
    isError: best?.isError ?? false,
    similarity: compareFeatures(features, listFeatures(read)),
  }
}

/** The Dice coefficient of two sets: twice what both have, of what they have together. */
function compareFeatures(one: readonly string[], other: readonly string[]): number {
  const others = new Set(other)
  const shared = one.filter((feature) => others.has(feature)).length
  return (2 * shared) / (one.length + other.length)
}

/** What arguments hold, each once: words of values with their fields. Nothing of what can't be read. */
export function listFeatures({ kind, text }: CallArguments): string[] {
  if (kind === 'verbatim') return []
  const features = new Set<string>()
  const visit = (value: unknown, path: string) => {
    if (Array.isArray(value)) for (const item of value) visit(item, path)
    else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) visit(item, `${path}.${JSON.stringify(key)}`)
    } else {
      for (const word of listWords(value)) features.add(`${path}=${word}`)
    }
  }
  visit(JSON.parse(text), '')
  return [...features]
}

function listWords(value: unknown): string[] {
  if (typeof value !== 'string') return [String(value)]
  return value.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [JSON.stringify(value)]
}
