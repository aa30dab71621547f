import { TextDecoder } from 'node:util'
import { GateError } from '../../errors.ts'
import { type LinePlace, type NumberedLine, splitLines } from '../lines.ts'
import { createByteCursor } from './byte-cursor.ts'
import { readRow } from './json-line.ts'
import { readOnThreads } from './on-threads.ts'
import type { PickRequest, Reader, ReadRequest, Row, RowPlace } from './reader.ts'
import type { Skim } from './skim.ts'

/** JSON Lines (https://jsonlines.org): UTF-8, one JSON value a line. Empty lines are passed over. */
export const jsonl: Reader = {
  format: 'jsonl',
  suffix: '.jsonl',
  title: 'JSON lines',
  digestsFile: true,
  read: (request) => readJsonLines(request),
  pick: (request) => {
    const { places } = request
    const stretches = places.map(({ start, length }) => ({ start, end: start + length }))
    return pickLines(request, { bytes: request.openStretches(stretches), isCut: true })
  },
}

/** How bytes become those of the lines. `place`, which is that of the line that was reached, is for errors. */
type Unpack = (bytes: AsyncIterable<Uint8Array>, place: LinePlace) => AsyncIterable<Uint8Array>

/** Rows of JSON lines, which may be packed somehow. */
export async function* readJsonLines(request: ReadRequest, unpack?: Unpack): AsyncGenerator<Iterable<Row>> {
  const { file, skim, limits, thread } = request
  const place = { file, line: 1 }
  const bytes = unpack === undefined ? request.bytes : unpack(request.bytes, place)
  const text = { bytes, place, longest: limits.row }
  if (thread !== undefined) {
    yield* readOnThreads({ text, skim, thread, isFile: unpack === undefined })
    return
  }
  for await (const lines of splitLines(text)) yield parseLines({ file, lines, skim })
}

function* parseLines(request: {
  file: string
  lines: Iterable<NumberedLine>
  skim: Skim | undefined
}): Generator<Row> {
  const { file, skim } = request
  for (const found of request.lines) {
    const { number, start, bytes } = found
    const skimmed = skim?.(bytes) ?? null
    const row = readRow({ file, number, line: { start, bytes }, skimmed, decode: () => found.text })
    if (row !== null) yield row
  }
}

/** Some lines of an archive, which is unpacked as far as the last of them. */
export function pickPackedLines(request: PickRequest, unpack: Unpack): AsyncGenerator<Iterable<Row>> {
  const place = { file: request.file, line: request.places[0]?.number ?? 1 }
  return pickLines(request, { bytes: unpack(request.open(), place), isCut: false })
}

/** `isCut`: the bytes are those of the lines alone, and not of all that lies between them. */
async function* pickLines(
  { file, places, limits }: PickRequest,
  { bytes, isCut }: { bytes: AsyncIterable<Uint8Array>; isCut: boolean },
): AsyncGenerator<Iterable<Row>> {
  const cursor = createByteCursor(bytes, 0)
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let next = 0
  let position = 0
  const findStretch = ({ start, length }: RowPlace) => {
    const from = isCut ? position : start
    return { start: from, end: from + length }
  }
  const take = ({ number, start, length }: RowPlace, line: Uint8Array): Row => {
    next += 1
    position += length
    return { number, value: parsePicked({ line, decoder }), line: { start, bytes: line } }
  }
  /** This row, and those after it that need no reading. */
  function* takeAtHand(first: RowPlace, found: Uint8Array): Generator<Row> {
    yield take(first, found)
    for (let place = places[next]; place !== undefined; place = places[next]) {
      const line = place.length > limits.row ? null : cursor.peek(findStretch(place))
      if (line === null) return
      yield take(place, line)
    }
  }
  try {
    for (let place = places[next]; place !== undefined; place = places[next]) {
      const line = place.length > limits.row ? null : await cursor.view(findStretch(place))
      if (line === null) throw refuseMissing({ file, number: place.number })
      yield takeAtHand(place, line)
    }
  } finally {
    await cursor.close()
  }
}

/** What can't be parsed is not the line that was there: its digest will say so. */
function parsePicked({ line, decoder }: { line: Uint8Array; decoder: TextDecoder }): unknown {
  try {
    return JSON.parse(decoder.decode(line))
  } catch {
    return undefined
  }
}

function refuseMissing({ file, number }: { file: string; number: number }): GateError {
  return new GateError({
    code: 'corpus',
    message: 'the file ends before this line does: it is not the file that was read before',
    where: { file, line: number },
    remedy:
      'restore the file that the manifest describes, or write the manifest anew, with its index if it has one',
  })
}
