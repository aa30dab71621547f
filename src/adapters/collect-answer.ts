import type { Dispatcher } from 'undici'

/** What came back for a request, whole. */
export interface WholeAnswer {
  status: number
  statusText: string
  /** By their names in small letters. */
  headers: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2]
  /** As they came: packed, where it was. */
  chunks: readonly Buffer[]
}

/** A request whose body is there as a whole. */
export interface WholeRequest {
  origin: string
  path: string
  method: string
  headers: Record<string, string>
  body: string | Buffer | null
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * Asks, and reads the answer to its end, without a stream between. Rejects with the signal's reason, with what the
 * connection failed of, for a redirect, and for an answer that is longer than the limit.
 */
export function collectAnswer(
  dispatcher: Dispatcher,
  request: WholeRequest,
  { signal, limitBytes }: { signal: AbortSignal | null; limitBytes: number },
): Promise<WholeAnswer> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const collector = new Collector(limitBytes, { resolve, reject })
    if (signal !== null) collector.heed(signal)
    dispatcher.dispatch(request as Dispatcher.DispatchOptions, collector)
  })
}

type Controller = Dispatcher.DispatchController

interface Settle {
  resolve(answer: WholeAnswer): void
  reject(reason: unknown): void
}

class Collector implements Dispatcher.DispatchHandler {
  readonly #limitBytes: number
  readonly #settle: Settle
  readonly #chunks: Buffer[] = []
  #bytes = 0
  #head: Omit<WholeAnswer, 'chunks'> | null = null
  #controller: Controller | null = null
  #failure: { reason: unknown } | null = null
  #forget: () => void = () => undefined

  constructor(limitBytes: number, settle: Settle) {
    this.#limitBytes = limitBytes
    this.#settle = settle
  }

  /** Ends the request when a signal aborts, whether or not it has a connection yet. */
  heed(signal: AbortSignal): void {
    const abort = () => this.#fail(signal.reason)
    signal.addEventListener('abort', abort)
    this.#forget = () => signal.removeEventListener('abort', abort)
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller
    if (this.#failure !== null) controller.abort(toError(this.#failure.reason))
  }

  onResponseStart(
    _controller: Controller,
    status: number,
    headers: WholeAnswer['headers'],
    statusText = '',
  ): void {
    // 1xx: the answer is still to come.
    if (status < 200) return
    this.#head = { status, statusText, headers }
    if (redirects.has(status)) this.#fail(new Error('unexpected redirect'))
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    this.#bytes += chunk.byteLength
    if (this.#bytes > this.#limitBytes) this.#fail(refuseLength(this.#limitBytes))
    else this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    this.#forget()
    // When its connection is free again: whoever asks at once would open another.
    const answer = this.#head === null ? null : { ...this.#head, chunks: this.#chunks }
    if (answer !== null) setImmediate(() => this.#settle.resolve(answer))
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.#forget()
    this.#settle.reject(error)
  }

  #fail(reason: unknown): void {
    if (this.#failure !== null) return
    this.#failure = { reason }
    this.#forget()
    this.#settle.reject(reason)
    this.#controller?.abort(toError(reason))
  }
}

/** What is said of an answer that is too long. */
export function refuseLength(limitBytes: number): Error {
  return new Error(`the answer is longer than ${limitBytes} bytes`)
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
