import type OpenAI from 'openai'
import type { ClientOptions } from 'openai'
import type { GuardedFetch } from './guarded-fetch.ts'
import { writeJson } from './write-json.ts'

type Options = Parameters<OpenAI['buildRequest']>[0]
type Built = Awaited<ReturnType<OpenAI['buildRequest']>>

/** What they say of the machine, and of retries that are not the SDK's, is nobody's business. */
const unsent = [
  'arch',
  'lang',
  'os',
  'package-version',
  'retry-count',
  'runtime',
  'runtime-version',
  'timeout',
].map((name) => `x-stainless-${name}`)

/**
 * The SDK's client without what it does for each request and is the same for all of them, or the caller's: headers are
 * built by it once, for the first request of a kind, and the deadline of a request that has a signal is the signal's alone.
 */
export function createLeanClient(parts: {
  openai: typeof import('openai')
  options: ClientOptions & { apiKey: string }
  fetch: GuardedFetch
}): OpenAI {
  const { openai, options, fetch } = parts
  // Its name is what the SDK calls itself in the header "User-Agent".
  const Lean = class OpenAI extends openai.default {
    #headers: FixedHeaders | null = null

    /** They would ask for a key that is no text, and change nothing else. */
    override prepareOptions(): Promise<void> {
      return nothingToDo
    }

    override prepareRequest(): Promise<void> {
      return nothingToDo
    }

    override buildRequest(asked: Options, count: { retryCount?: number } = {}): Promise<Built> {
      if (!isPlainPost(asked)) return super.buildRequest(asked, count)
      if (this.#headers === null) {
        return super.buildRequest(asked, count).then((built) => {
          this.#headers = new FixedHeaders(built.req.headers)
          return built
        })
      }
      const { path, body, signal, timeout } = asked
      // The SDK hands it on to the fetch as it is, and keeps it until there is an answer: the object, which is there
      // anyhow, and not its text.
      const req = {
        method: 'post',
        headers: this.#headers as unknown as Headers,
        signal: signal as AbortSignal,
        body: body as string,
      }
      return Promise.resolve({ req, url: this.baseURL + path, timeout: timeout ?? this.timeout })
    }

    override fetchWithTimeout(
      url: string | URL | Request,
      init: RequestInit | undefined,
      ...rest: [ms: number, controller: AbortController]
    ): Promise<Response> {
      if (!init?.signal) return super.fetchWithTimeout(url, init, ...rest)
      const { method = 'GET', headers, body, signal } = init
      if (!(headers instanceof FixedHeaders)) return fetch(url, { ...init, method: method.toUpperCase() })
      return fetch(url, { method: 'POST', headers: headers.list(), signal, body: writeJson(body as object) })
    }
  }
  const nothing = Object.fromEntries(unsent.map((name) => [name, null]))
  const defaultHeaders = { ...nothing, ...(options.defaultHeaders as Record<string, string | null>) }
  return new Lean({ ...options, defaultHeaders, fetch })
}

const nothingToDo = Promise.resolve()

/** Headers that only the fetch reads: the SDK would copy them for a log that nobody keeps. */
class FixedHeaders {
  readonly #values: Record<string, string>

  constructor(headers: Headers) {
    this.#values = Object.fromEntries(headers)
  }

  list(): Record<string, string> {
    return this.#values
  }
}

/** Whether a request differs from others in its address and its JSON alone, and has a signal for its deadline. */
function isPlainPost(asked: Options): boolean {
  const { method, path, body, query, headers, idempotencyKey, fetchOptions, defaultBaseURL, signal } = asked
  if (query || headers || idempotencyKey || fetchOptions || defaultBaseURL || !signal) return false
  return method === 'post' && path.startsWith('/') && isPlainObject(body)
}

// Known by its shape: an object need not be of this realm's classes.
function isPlainObject(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false
  const prototype: unknown = Object.getPrototypeOf(body)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
