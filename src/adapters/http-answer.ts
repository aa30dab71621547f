import { promisify } from 'node:util'
import { brotliDecompress, unzip } from 'node:zlib'
import { refuseLength, type WholeAnswer } from './collect-answer.ts'

/** An answer as the part of a `Response` that clients use. What is read of it, unpacked, is at most `limitBytes` long. */
export function createAnswer(parts: { answer: WholeAnswer; url: string; limitBytes: number }): Response {
  return new Answer(parts) as unknown as Response
}

class Answer {
  readonly status: number
  readonly statusText: string
  readonly ok: boolean
  readonly redirected = false
  readonly type = 'basic'
  readonly url: string
  readonly headers: AnswerHeaders
  bodyUsed = false
  readonly #chunks: readonly Buffer[]
  readonly #limitBytes: number

  constructor({ answer, url, limitBytes }: Parameters<typeof createAnswer>[0]) {
    this.status = answer.status
    this.statusText = answer.statusText
    this.ok = answer.status >= 200 && answer.status < 300
    this.url = url
    this.headers = new AnswerHeaders(answer.headers)
    this.#chunks = answer.chunks
    this.#limitBytes = limitBytes
  }

  get body(): ReadableStream<Uint8Array> {
    return new ReadableStream({
      start: async (controller) => {
        controller.enqueue(await this.#read())
        controller.close()
      },
    })
  }

  async text(): Promise<string> {
    const read = this.#read()
    const bytes = Buffer.isBuffer(read) ? read : await read
    return bytes.toString('utf8', hasByteOrderMark(bytes) ? 3 : 0)
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text())
  }

  async bytes(): Promise<Uint8Array> {
    return this.#read()
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const { buffer, byteOffset, byteLength } = await this.#read()
    return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.arrayBuffer()], { type: this.headers.get('content-type') ?? '' })
  }

  /** At once, where nothing is to be unpacked. */
  #read(): Buffer | Promise<Buffer> {
    this.bodyUsed = true
    const [first, second] = this.#chunks
    const bytes = first !== undefined && second === undefined ? first : Buffer.concat(this.#chunks)
    const packing = this.headers.get('content-encoding')
    const unpack = packing === null ? undefined : unpackers[packing.trim().toLowerCase()]
    if (unpack === undefined) return bytes
    return unpack(bytes, { maxOutputLength: this.#limitBytes }).catch((error: unknown) => {
      throw hasCode(error, 'ERR_BUFFER_TOO_LARGE') ? refuseLength(this.#limitBytes) : error
    })
  }
}

function hasByteOrderMark([first, second, third]: Buffer): boolean {
  return first === 0xef && second === 0xbb && third === 0xbf
}

// `unzip` tells gzip from deflate by itself.
const unzipped = promisify<Buffer, { maxOutputLength: number }, Buffer>(unzip)
const unpackers: Partial<Record<string, typeof unzipped>> = {
  gzip: unzipped,
  'x-gzip': unzipped,
  deflate: unzipped,
  br: promisify<Buffer, { maxOutputLength: number }, Buffer>(brotliDecompress),
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code
}

/** Headers as they came, whose names are in small letters already; without what making `Headers` of them costs. */
class AnswerHeaders {
  readonly #values: WholeAnswer['headers']

  constructor(values: WholeAnswer['headers']) {
    this.#values = values
  }

  get(name: string): string | null {
    const value = this.#values[name.toLowerCase()]
    return Array.isArray(value) ? value.join(', ') : (value ?? null)
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }

  entries(): ArrayIterator<[string, string]> {
    return Object.keys(this.#values)
      .map((name): [string, string] => [name, this.get(name) ?? ''])
      .values()
  }

  [Symbol.iterator](): ArrayIterator<[string, string]> {
    return this.entries()
  }
}
