import { createHash } from 'node:crypto'
import type { Manifest } from '../../src/corpus/manifest.ts'
import { GateError } from '../../src/errors.ts'
import type { Files } from '../../src/ports.ts'

/** The SHA-256 of bytes, in hex. */
export function digest(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Bytes as a stream gives them: in chunks of a size. */
export async function* chunk(bytes: Uint8Array | string, size = 65_536): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.from(bytes)
  for (let start = 0; start < buffer.length; start += size) yield buffer.subarray(start, start + size)
}

/** Corpus files in memory. One that a test did not give is not there. */
export function createMemoryFiles(files: Record<string, Uint8Array | string>): Files {
  return {
    async *openCorpusFile(path) {
      const bytes = files[path]
      if (bytes === undefined) {
        throw new GateError({ code: 'corpus', message: 'not there', where: { file: path }, remedy: 'add it' })
      }
      yield* chunk(bytes)
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
