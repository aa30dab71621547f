import { collectAnswer } from './collect-answer.ts'
import { createAnswer } from './http-answer.ts'

/** Longer answers are no completions. */
const largestCompletionBytes = 16 * 1024 * 1024

/** What the client of an endpoint fetches with. */
export type GuardedFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/**
 * A `fetch` that leaves an origin neither by its address nor by a redirect, and reads no more of an answer than a limit.
 *
 * A request whose body is a text or a buffer, or that has none, goes straight to undici's dispatcher, which costs a fraction of
 * a `fetch`. Its answer comes when all of it is there, and is a `Response` as far as clients use one. Uploads, and whatever
 * may be answered by more than the usual limit, go through `fetch` and are streamed. There are no deadlines of a
 * completion but the signal's, and that of connecting (10 s).
 */
export async function createGuardedFetch(
  origin: string,
  { largestAnswerBytes: limitBytes = largestCompletionBytes }: { largestAnswerBytes?: number } = {},
): Promise<GuardedFetch> {
  // It is CommonJS: of a bundle's part only the default export is its own.
  const { default: undici } = await import('undici')
  // As many connections as requests are under way: how many that are is the caller's. No proxy of the environment: what
  // it names is nothing that the workflow gave as an address.
  const dispatcher = new undici.Agent({ pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })
  const findPath = createPathFinder(origin)
  const begin = (input: string | URL | Request, init: RequestInit): Promise<Response> => {
    const path = findPath(input instanceof Request ? input.url : String(input))
    const { body = null, method = 'GET', signal = null } = init
    const isWhole =
      !(input instanceof Request) && (typeof body === 'string' || Buffer.isBuffer(body) || body === null)
    if (!isWhole || limitBytes > largestCompletionBytes) return stream({ input, init, limitBytes })
    const request = { origin, path, method, headers: listHeaders(init.headers), body }
    return collectAnswer(dispatcher, request, { signal, limitBytes }).then(
      (answer) => createAnswer({ answer, url: origin + path, limitBytes }),
      rethrow,
    )
  }
  return (input, init = {}) => {
    try {
      return begin(input, init)
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

/** The path of an address of the origin. The same address is asked again and again. */
function createPathFinder(origin: string): (address: string) => string {
  let last = { address: '', path: '' }
  return (address) => {
    if (address === last.address) return last.path
    const url = new URL(address)
    if (url.origin !== origin) throw new Error(`a request would leave ${origin}`)
    last = { address, path: url.pathname + url.search }
    return last.path
  }
}

/** Errors look like those of `fetch`: what went wrong is their cause. */
function rethrow(cause: unknown): never {
  throw new Error('fetch failed', { cause })
}

// What a `fetch` sends of itself, but for what only browsers need.
const acceptEncoding = { 'accept-encoding': 'gzip, deflate' }

function listHeaders(headers: RequestInit['headers'] = {}): Record<string, string> {
  const isList = headers instanceof Headers || Array.isArray(headers)
  return { ...acceptEncoding, ...(isList ? Object.fromEntries(headers) : headers) }
}

async function stream(request: {
  input: string | URL | Request
  init: RequestInit
  limitBytes: number
}): Promise<Response> {
  const { input, init, limitBytes } = request
  const response = await fetch(input, { ...init, redirect: 'error' })
  if (response.body === null) return response
  const { status, statusText, headers } = response
  return new Response(response.body.pipeThrough(createByteLimit(limitBytes)), { status, statusText, headers })
}

function createByteLimit(limitBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength
      if (bytes > limitBytes) controller.error(new Error(`the answer is longer than ${limitBytes} bytes`))
      else controller.enqueue(chunk)
    },
  })
}
