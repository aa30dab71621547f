/** Longer answers are no results of tools. */
export const largestAnswerBytes = 16 * 1024 * 1024

/** An answer that was longer than it may be. */
export class AnswerTooLong extends Error {
  constructor(limitBytes: number) {
    super(`the answer is longer than ${limitBytes} bytes`)
    this.name = 'AnswerTooLong'
  }
}

/**
 * A `fetch` for a server of tools, which leaves its origin neither by address nor by redirect and reads no more than a
 * limit. Answers to what is posted come whole, so that a connection that breaks in one is an error of its request; what
 * the server says of itself meanwhile is read as it comes.
 */
export function createToolFetch(origin: string, limitBytes = largestAnswerBytes): typeof fetch {
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input)
    if (url.origin !== origin) throw new Error(`a request would leave ${origin}`)
    const response = await fetch(input, { ...init, redirect: 'error' })
    if (response.body === null) return response
    const limited = response.body.pipeThrough(createLimit(limitBytes))
    const { status, statusText, headers } = response
    const body = init.method === 'POST' ? await new Response(limited).arrayBuffer() : limited
    return new Response(isEmptyStatus(status) ? null : body, { status, statusText, headers })
  }
}

// A response of these has no body, by its constructor's own rule.
function isEmptyStatus(status: number): boolean {
  return status === 204 || status === 205 || status === 304
}

function createLimit(limitBytes: number): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let bytes = 0
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength
      if (bytes > limitBytes) controller.error(new AnswerTooLong(limitBytes))
      else controller.enqueue(chunk)
    },
  })
}
