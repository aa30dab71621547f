import { createHash } from 'node:crypto'
import type { Conversation } from '../../src/corpus/conversation.ts'
import { verifyDigest } from '../../src/corpus/digest.ts'
import { type CorpusLimits, corpusLimits } from '../../src/corpus/limits.ts'
import { type NumberedLine, splitLines } from '../../src/corpus/lines.ts'
import type { Manifest } from '../../src/corpus/manifest.ts'
import { unpackGzip } from '../../src/corpus/readers/gzip.ts'
import { findReader } from '../../src/corpus/readers/index.ts'
import { parseJsonLine } from '../../src/corpus/readers/json-line.ts'
import type { Fields, Row } from '../../src/corpus/readers/reader.ts'
import { conversation } from '../../src/corpus/shapes/conversation.ts'
import type { LeftOutReason, Reading, Shape } from '../../src/corpus/shapes/shape.ts'
import { GateError } from '../../src/errors.ts'
import type { Files } from '../../src/ports.ts'

/** The SHA-256 of bytes, in hex. */
export function digest(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Bytes as a corpus file gives them: in chunks of a size, each of which is good until the next is asked for. */
export async function* chunk(bytes: Uint8Array | string, size = 65_536): AsyncGenerator<Uint8Array> {
  const whole = Buffer.from(bytes)
  for (let start = 0; start < whole.length; start += size) {
    const lent = Buffer.from(whole.subarray(start, start + size))
    yield lent
    lent.fill(0xff)
  }
}

/** Corpus files in memory, which are read from their beginning. One that a test did not give is not there. */
export function createMemoryFiles(files: Record<string, Uint8Array | string>): Files {
  return {
    async *openCorpusFile(path, range) {
      const bytes = files[path]
      if (bytes === undefined) {
        throw new GateError({ code: 'corpus', message: 'not there', where: { file: path }, remedy: 'add it' })
      }
      yield* chunk(range === undefined ? bytes : Buffer.from(bytes).subarray(-range.last))
    },
    readBuiltinRubric: async () => null,
  }
}

/** A line of a corpus: a conversation of this many questions, each with its answer. */
export function writeConversation(id: string, answers = 1, more: object = {}): string {
  const messages = Array.from({ length: answers }, (_, index) => [
    { role: 'user', content: `question ${index} of ${id}` },
    { role: 'assistant', content: `answer ${index} of ${id}` },
  ])
  return JSON.stringify({ id, messages: messages.flat(), ...more })
}

/** The manifest of files whose lines are those of `writeConversation` with one answer. */
export function describeFiles(
  files: Record<string, Uint8Array | string>,
  counts: Record<string, { conversations: number; turns: number }>,
): Manifest {
  return {
    version: 1,
    name: 'memory',
    files: Object.entries(files).map(([path, bytes]) => ({
      path,
      sha256: digest(bytes),
      ...(counts[path] ?? { conversations: 0, turns: 0 }),
    })),
  }
}

/** Everything that an iteration gives. */
export async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

/** The lines of a file, unpacked as its name tells, and at their end its digest. */
export async function* readVerifiedLines(request: {
  file: string
  bytes: AsyncIterable<Uint8Array>
  sha256: string | null
  onDigest?: (sha256: string) => void
}): AsyncGenerator<Pick<NumberedLine, 'number' | 'text'>> {
  const place = { file: request.file, line: 1 }
  const batches = verifyDigest(request, (bytes) =>
    splitLines({
      bytes: request.file.endsWith('.gz') ? unpackGzip({ bytes, place, limits: corpusLimits }) : bytes,
      place,
      longest: corpusLimits.row,
    }),
  )
  for await (const batch of batches) for (const { number, text } of batch) yield { number, text }
}

/** The conversation of one line in the gate's own shape. */
export function parseConversation(request: { file: string; line: number; text: string }): Conversation {
  const [reading] = [...conversation.read(parseJsonLine(request), { file: request.file, line: request.line })]
  if (reading?.kind !== 'conversation') throw new Error('no conversation')
  return reading.conversation
}

/** The rows of one file in memory. */
export async function* readFileRows(
  bytes: Uint8Array | string,
  options: {
    file: string
    format?: string
    fields?: Fields
    limits?: Partial<CorpusLimits>
    size?: number
    source?: AsyncIterable<Uint8Array>
  },
): AsyncGenerator<Pick<Row, 'number' | 'value'>> {
  const { file, format, fields = null, limits, size, source } = options
  const batches = findReader({ path: file, format }).read({
    file,
    bytes: source ?? chunk(bytes, size),
    readEnd: async (length) => new Uint8Array(Buffer.from(bytes).subarray(-length)),
    fields,
    limits: { ...corpusLimits, ...limits },
  })
  for await (const batch of batches) for (const { number, value } of batch) yield { number, value }
}

/** What a row of some shape gives. */
export function readRow(shape: Shape, row: unknown, line = 1): Reading[] {
  return [...shape.read(row, { file: 'rows.jsonl', line })]
}

/** The one conversation that a row of some shape gives. */
export function readOne(shape: Shape, row: unknown): Conversation {
  const readings = readRow(shape, row)
  const [reading] = readings
  if (readings.length !== 1 || reading?.kind !== 'conversation') throw new Error(JSON.stringify(readings))
  return reading.conversation
}

/** What a row gives that is left out. */
export function leaveOut(reason: LeftOutReason): Reading[] {
  return [{ kind: 'left-out', reason }]
}
