import { GateError } from '../errors.ts'
import type { Conversation, KnownConversation } from './conversation.ts'
import type { CorpusThread } from './corpus-thread.ts'
import { verifyDigest } from './digest.ts'
import { createIdRegister, type IdRegister } from './ids.ts'
import { type CorpusLimits, corpusLimits } from './limits.ts'
import type { CorpusFile, Manifest } from './manifest.ts'
import { findReader } from './readers/index.ts'
import type { CorpusFiles, Fields, Row } from './readers/reader.ts'
import type { Skim } from './readers/skim.ts'
import { findShape } from './shapes/index.ts'
import type { LeftOutReason, RowPlace, Shape } from './shapes/shape.ts'
import { findTurns } from './turns.ts'

/** A conversation, and where it was found. */
export interface Located {
  conversation: KnownConversation
  /** All of it; `null` where it was skimmed. */
  whole: Conversation | null
  /** `findTurns` of it. */
  turns: number[]
  row: Row
  /** Its number among the conversations of its row, from 0. */
  part: number
}

/**
 * Streams the conversations of a corpus, each checked, and at the end of each file its digest and counts.
 * Nothing of a corpus may be used before the iteration has ended: the digest of a file is known only then.
 * @throws GateError with the file and line, or row, of the first record that is not of the file's shape
 */
export async function* readCorpus(
  manifest: Manifest,
  files: CorpusFiles,
  limits: CorpusLimits = corpusLimits,
): AsyncGenerator<Conversation> {
  for await (const { found } of readLocated({ manifest, files, limits })) {
    for (const { whole } of found) {
      if (whole === null) throw new Error('a corpus that is read whole was skimmed')
      yield whole
    }
  }
}

/** The same with their places, some at a time: who reads them goes through all of one batch before the next. */
export async function* readLocated(request: {
  manifest: Manifest
  files: CorpusFiles
  limits?: CorpusLimits
  /** Whether it is enough to know all but what was said. */
  skims?: boolean
}): AsyncGenerator<{ file: number; found: Iterable<Located> }> {
  const { manifest, files, limits = corpusLimits, skims = false } = request
  const ids = createIdRegister()
  for (const [file, entry] of manifest.files.entries()) {
    const shape = findShape(entry.shape)
    const skim = skims ? shape.createSkim?.() : undefined
    const rows = readRows({ ...entry, files, limits, fields: shape.fields, skim })
    const counts = createCounts()
    for await (const found of readConversations({ file: entry.path, rows, shape, ids, counts })) {
      yield { file, found }
    }
    checkCounts(entry, counts)
  }
}

/** What one file holds. */
export interface FileCounts {
  conversations: number
  turns: number
  leftOut: Map<LeftOutReason, number>
}

/** Counts of nothing yet. */
export function createCounts(): FileCounts {
  return { conversations: 0, turns: 0, leftOut: new Map() }
}

/** How many of a file's rows, or of their parts, hold no conversation. */
export function countLeftOut({ leftOut }: FileCounts): number {
  return [...leftOut.values()].reduce((sum, count) => sum + count, 0)
}

function checkCounts(entry: CorpusFile, counts: FileCounts): void {
  const found = {
    conversations: counts.conversations,
    turns: counts.turns,
    'rows left out': countLeftOut(counts),
  }
  const said = {
    conversations: entry.conversations,
    turns: entry.turns,
    'rows left out': entry.left_out ?? 0,
  }
  for (const key of ['conversations', 'turns', 'rows left out'] as const) {
    if (found[key] === said[key]) continue
    throw new GateError({
      code: 'corpus',
      message: `it has ${found[key]} ${key}, the manifest says ${said[key]}`,
      where: { file: entry.path },
      remedy: 'write the manifest anew with `corpus manifest`',
    })
  }
}

/** Streams the rows of one file, and then checks its digest. */
export function readRows(request: {
  path: string
  format?: string | undefined
  files: CorpusFiles
  /** `null`: whatever it is. */
  sha256: string | null
  onDigest?: (sha256: string) => void
  fields: Fields | null
  skim?: Skim | undefined
  limits: CorpusLimits
  /** What digests the file, and its lines. */
  thread?: CorpusThread | undefined
}): AsyncGenerator<Iterable<Row>> {
  const { path: file, format, files, sha256, onDigest, fields, skim, limits, thread } = request
  const reader = findReader({ path: file, format })
  const isSeen = thread !== undefined && reader.digestsFile === true
  const source = { file, bytes: files.openCorpusFile(file), sha256, onDigest, thread, isSeen }
  return verifyDigest(source, (bytes) =>
    reader.read({
      file,
      bytes,
      readEnd: (length) => readEnd({ file, files, length }),
      fields,
      skim,
      limits,
      thread,
    }),
  )
}

/** The last bytes of a file, at most so many, also of a source that gives all of it. */
export async function readEnd(request: {
  file: string
  files: CorpusFiles
  length: number
}): Promise<Uint8Array<ArrayBuffer>> {
  const { file, files, length } = request
  let end = new Uint8Array()
  for await (const chunk of files.openCorpusFile(file, { last: length })) {
    const both = new Uint8Array(end.length + chunk.length)
    both.set(end)
    both.set(chunk, end.length)
    end = both.slice(-length)
  }
  return end
}

/** Reads the conversations of one file's rows, and counts them. `ids` are those of the corpus so far. */
export async function* readConversations(request: {
  file: string
  rows: AsyncIterable<Iterable<Row>>
  shape: Shape
  ids: IdRegister
  counts: FileCounts
}): AsyncGenerator<Iterable<Located>> {
  const { rows, ...parts } = request
  for await (const batch of rows) yield readBatch(batch, parts)
}

function* readBatch(
  rows: Iterable<Row>,
  parts: { file: string; shape: Shape; ids: IdRegister; counts: FileCounts },
): Generator<Located> {
  const { file, shape, ids, counts } = parts
  const take = (located: Located, place: RowPlace): Located => {
    ids.add(located.conversation.id, place)
    counts.conversations += 1
    counts.turns += located.turns.length
    return located
  }
  for (const row of rows) {
    const place = { file, line: row.number }
    const { skimmed = null } = row
    if (skimmed !== null) {
      const { known: conversation, turns } = skimmed
      yield take({ conversation, whole: null, turns, row, part: 0 }, place)
      continue
    }
    let part = 0
    for (const reading of shape.read(row.value, place)) {
      if (reading.kind === 'left-out') {
        counts.leftOut.set(reading.reason, (counts.leftOut.get(reading.reason) ?? 0) + 1)
        continue
      }
      const { conversation } = reading
      yield take({ conversation, whole: conversation, turns: findTurns(conversation), row, part }, place)
      part += 1
    }
  }
}
