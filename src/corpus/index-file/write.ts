import { type Column, type ColumnWriter, createColumn } from '../column.ts'
import { digestRow } from '../listing.ts'
import type { CorpusFile } from '../manifest.ts'
import type { Located } from '../read.ts'
import type { Row } from '../readers/reader.ts'
import { type Block, blockSize, type IndexedFile, indexKind, indexVersion } from './format.ts'

/** Where the lines of an index go. */
export interface IndexSink {
  write(lines: string): Promise<void>
}

/** Writes an index, conversation after conversation. */
export interface IndexWriter {
  add(file: number, located: Located): void
  /** Writes what is full. */
  flush(): Promise<void>
  endFile(entry: CorpusFile): Promise<void>
}

/** Begins the index of a corpus. What is written is the same whenever the corpus is. */
export function createIndexWriter(corpus: string, sink: IndexSink): IndexWriter {
  const lines = [JSON.stringify({ kind: indexKind, version: indexVersion, corpus })]
  let block: OpenBlock | null = null
  const close = () => {
    if (block !== null && block.ids.length > 0) lines.push(JSON.stringify(closeBlock(block)))
    block = null
  }
  const flush = async () => {
    if (lines.length > 0) await sink.write(`${lines.splice(0).join('\n')}\n`)
  }
  return {
    add(file, located) {
      block ??= openBlock(file)
      addToBlock(block, located)
      if (block.ids.length === blockSize) close()
    },
    flush,
    async endFile({ path, sha256, conversations, turns }) {
      close()
      const file: IndexedFile = { file: path, sha256, conversations, turns }
      lines.push(JSON.stringify(file))
      await flush()
    },
  }
}

interface OpenBlock {
  of: number
  ids: string[]
  rows: number[]
  parts: number[]
  starts: number[]
  lengths: number[]
  digests: string[]
  turns: ColumnWriter<number[]>
  metadata: Map<string, ColumnWriter<string | number | boolean>>
  expiresAt: ColumnWriter<string>
  consent: ColumnWriter<boolean>
  users: ColumnWriter<string>
  /** The row of the last conversation, and its digest: that of a row with several is worked out once. */
  last: { row: Row; digest: string } | null
}

function openBlock(of: number): OpenBlock {
  return {
    of,
    ids: [],
    rows: [],
    parts: [],
    starts: [],
    lengths: [],
    digests: [],
    turns: createColumn(),
    metadata: new Map(),
    expiresAt: createColumn(),
    consent: createColumn(),
    users: createColumn(),
    last: null,
  }
}

function addToBlock(block: OpenBlock, { conversation, turns, row, part }: Located): void {
  const index = block.ids.length
  if (block.last?.row !== row) block.last = { row, digest: digestRow(row) }
  block.ids.push(conversation.id)
  block.rows.push(row.number)
  block.parts.push(part)
  block.starts.push(row.line?.start ?? -1)
  block.lengths.push(row.line?.bytes.length ?? -1)
  block.digests.push(block.last.digest)
  block.turns.set(index, turns, turns.join())
  block.expiresAt.set(index, conversation.expires_at)
  block.consent.set(index, conversation.consent)
  block.users.set(index, conversation.user)
  const { metadata } = conversation
  for (const key in metadata) {
    let column = block.metadata.get(key)
    if (column === undefined) {
      column = createColumn()
      block.metadata.set(key, column)
    }
    column.set(index, metadata[key])
  }
}

function closeBlock(block: OpenBlock): Block {
  const { of, ids, rows, parts, starts, lengths, digests, metadata } = block
  const size = ids.length
  const keys = [...metadata.keys()].toSorted()
  const columns = keys.map((key) => [key, metadata.get(key)?.close(size)] as const)
  return {
    of,
    ids,
    rows,
    ...(parts.every((part) => part === 0) ? {} : { parts }),
    ...(starts.includes(-1) ? {} : { starts, lengths }),
    digests: digests.join(''),
    turns: block.turns.close(size),
    metadata: Object.fromEntries(
      columns.filter((entry): entry is [string, Column<string | number | boolean>] => entry[1] !== undefined),
    ),
    ...block.expiresAt.nameIfAny('expires_at', size),
    ...block.consent.nameIfAny('consent', size),
    ...block.users.nameIfAny('users', size),
  }
}
