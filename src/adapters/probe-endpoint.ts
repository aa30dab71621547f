import type OpenAI from 'openai'
import type { ModelClient } from '../ports.ts'
import type { Failed } from '../replay/completion.ts'
import { addOllamaDigest, looksLikeOllama, type Probe, readListing } from '../replay/probe.ts'
import { redactJson } from './redact.ts'

const notOffered: ReadonlySet<number> = new Set([404, 405, 501])

/**
 * Asks an endpoint which models it has, and Ollama for the digest of what it would answer with. Like every request of the
 * client it goes to the endpoint's own origin, with its key, and ends at its longest answer.
 */
export function createProbe(parts: {
  client: OpenAI
  redact: (text: string) => string
  explain: (error: unknown, signal: AbortSignal) => Failed
}): NonNullable<ModelClient['probe']> {
  const { client, redact, explain } = parts
  const get = async (address: string, signal: AbortSignal): Promise<Answered | Unanswered> => {
    try {
      const answer: unknown = await client.get(address, { signal, timeout: 2 ** 31 - 1 })
      return { kind: 'answered', body: redactJson(parseTextAnswer(answer), redact) }
    } catch (error) {
      if (hasStatus(error) && notOffered.has(error.status)) return { kind: 'not-offered' }
      return { kind: 'failed', cause: explain(error, signal).cause }
    }
  }
  return async (request, signal) => {
    const list = await get('/models', signal)
    const probe = list.kind === 'answered' ? readListing(list.body, request) : list
    const isOllama =
      request.servedDigest === 'ollama' ||
      (request.servedDigest === null && list.kind === 'answered' && looksLikeOllama(list.body))
    if (!isOllama) return probe
    const tags = await get(nameTagsAddress(client.baseURL), signal)
    return tags.kind === 'answered' ? addOllamaDigest(probe, tags.body, request) : probe
  }
}

interface Answered {
  kind: 'answered'
  body: unknown
}
type Unanswered = Extract<Probe, { kind: 'not-offered' | 'failed' }>

/** Ollama has its own API beside `/v1`. */
function nameTagsAddress(baseUrl: string): string {
  return `${baseUrl.replace(/\/v1\/?$/, '')}/api/tags`
}

function hasStatus(error: unknown): error is { status: number } {
  return typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number'
}

/** The value of an answer. Some servers send JSON as text/plain; the SDK then hands over the text. */
export function parseTextAnswer(answer: unknown): unknown {
  if (typeof answer !== 'string') return answer
  try {
    return JSON.parse(answer)
  } catch {
    return undefined
  }
}
