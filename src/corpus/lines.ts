import { TextDecoder } from 'node:util'
import { GateError } from '../errors.ts'
import { formatBytes } from './limits.ts'

/** One line of a file, without its end, and its number, from 1. */
export interface NumberedLine {
  number: number
  /** Decoded where it is asked for, before the next line is. */
  readonly text: string
  /** Where it begins in the unpacked text. */
  start: number
  /** As it lies there; not to be kept, as it may be a part of a large chunk. */
  bytes: Uint8Array
}

/** The line that is being read: who reads moves it on, who fails names it. */
export interface LinePlace {
  file: string
  line: number
}

const lineFeed = 0x0a

/**
 * Streams the lines of a text, those that end in one chunk at a time: who reads them goes through all of one before the
 * next. It is split before it is decoded, so that text that is not UTF-8 is found on its own line.
 * @throws GateError for text that is not UTF-8, and for a line of more than `longest` bytes
 */
export async function* splitLines(request: {
  bytes: AsyncIterable<Uint8Array>
  place: LinePlace
  longest: number
}): AsyncGenerator<Iterable<NumberedLine>> {
  const { bytes, place, longest } = request
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let pieces: Uint8Array[] = []
  let held = 0
  let position = 0
  const hold = (piece: Uint8Array) => {
    held += piece.length
    if (held > longest) throw refuseLength(place, longest)
    pieces.push(piece)
  }
  const take = (): NumberedLine => {
    const [first = new Uint8Array()] = pieces
    const whole = pieces.length === 1 ? first : Buffer.concat(pieces)
    return new DecodedLater({ number: place.line, start: position, bytes: whole }, { decoder, place })
  }
  function* splitChunk(chunk: Uint8Array): Generator<NumberedLine> {
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      hold(chunk.subarray(start, end))
      yield take()
      position += held + 1
      pieces = []
      held = 0
      start = end + 1
      place.line += 1
    }
    // A copy: the chunk need not be there any more when the next is.
    if (start < chunk.length) hold(Buffer.from(chunk.subarray(start)))
  }
  for await (const chunk of bytes) yield splitChunk(chunk)
  if (pieces.length > 0) yield [take()]
}

class DecodedLater implements NumberedLine {
  readonly number: number
  readonly start: number
  readonly bytes: Uint8Array
  readonly #with: { decoder: TextDecoder; place: LinePlace }

  constructor(line: Omit<NumberedLine, 'text'>, how: { decoder: TextDecoder; place: LinePlace }) {
    this.number = line.number
    this.start = line.start
    this.bytes = line.bytes
    this.#with = how
  }

  get text(): string {
    return decodeLine({ ...this.#with, whole: this.bytes })
  }
}

/** The error for a line of more bytes than the limit. */
export function refuseLength(place: LinePlace, longest: number): GateError {
  return new GateError({
    code: 'corpus',
    message: `the line is longer than ${formatBytes(longest)}`,
    where: { ...place },
    remedy: 'write one conversation a line; `jq -c .[]` makes lines of a JSON array',
  })
}

/** @throws GateError for text that is not UTF-8 */
export function decodeLine(request: { decoder: TextDecoder; whole: Uint8Array; place: LinePlace }): string {
  const { decoder, whole, place } = request
  try {
    return decoder.decode(whole)
  } catch (cause) {
    throw new GateError({
      code: 'corpus',
      message: 'the text is not UTF-8',
      where: { ...place },
      remedy: 'write the file as UTF-8',
      cause,
    })
  }
}
