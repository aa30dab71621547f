import type { CorpusThread } from '../corpus-thread.ts'
import type { CorpusLimits } from '../limits.ts'
import type { Skim, Skimmed } from './skim.ts'

/** One record of a file as it is stored: a line of JSON, or a row of a table. */
export interface Row {
  /** From 1; of a text file its line, empty ones counted. */
  number: number
  /** `undefined` of a row that was skimmed. */
  value: unknown
  /** What is known of the conversation that it is, where that was asked for and is enough. */
  skimmed?: Skimmed | null
  /** Of a text file. `null` of a table. */
  line: RowLine | null
}

/** Where a row's line begins in the unpacked text, and its bytes, not to be kept. */
export interface RowLine {
  start: number
  bytes: Uint8Array
  /** The SHA-256 of the line as base64url, where it is known already. */
  digest?: string
}

/** A stretch of a file; `end` is the first byte after it. */
export interface Stretch {
  start: number
  end: number
}

/** Where a row is in its file. */
export interface RowPlace {
  /** As `Row.number`. */
  number: number
  /** Of a text file: where its line begins in the unpacked text, and its bytes without the end; 0 of a table. */
  start: number
  length: number
}

/** Which top-level fields of rows are wanted. */
export interface Fields {
  names: readonly string[]
  /** Those of them that a table may hold as JSON text. */
  json: readonly string[]
  /** Of those that are lists of objects, or objects, the names inside that are wanted; without them, all. */
  inner?: Readonly<Record<string, readonly string[]>>
}

/**
 * Opens corpus files. `Files` of the ports does; `last` asks for so many bytes from the end instead of all. Bytes are good until
 * the next are asked for.
 */
export interface CorpusFiles {
  openCorpusFile(path: string, range?: { last: number }): AsyncIterable<Uint8Array>
  /**
   * The bytes of stretches of a file, which are ascending and apart, one after the other. Where this is left out, the file
   * is read from its beginning.
   */
  openCorpusStretches?(path: string, stretches: readonly Stretch[]): AsyncIterable<Uint8Array>
}

/** What a reader wants of a thread. */
export type LineThread = Pick<CorpusThread, 'skimLines' | 'updateShared' | 'waiting'>

/** One reading of one file. */
export interface ReadRequest {
  file: string
  /** All bytes of the file. A reader reads them to the end, whatever it needs of them: their digest is then known. */
  bytes: AsyncIterable<Uint8Array>
  /** The last bytes of the file, at most so many. */
  readEnd(length: number): Promise<Uint8Array<ArrayBuffer>>
  /** `null`: all. A format that stores fields apart decodes no others. */
  fields: Fields | null
  /** For who does not need what was said in conversations. A format may pass over it. */
  skim?: Skim | undefined
  limits: CorpusLimits
  /** For who wants digests of all lines: it takes over a part of the work. A format may pass over it. */
  thread?: LineThread | undefined
}

/** One reading of some rows of one file. */
export interface PickRequest {
  file: string
  /** Ascending. */
  places: readonly RowPlace[]
  /** All bytes of the file, for who can't tell where rows are. */
  open(): AsyncIterable<Uint8Array>
  /** The bytes of stretches of it, ascending and apart, one after the other. */
  openStretches(stretches: readonly Stretch[]): AsyncIterable<Uint8Array>
  readEnd(length: number): Promise<Uint8Array<ArrayBuffer>>
  fields: Fields | null
  limits: CorpusLimits
}

/** Turns the bytes of a file into rows, in a memory that does not grow with the file. */
export interface Reader {
  /** What a manifest calls it. */
  format: string
  /** How the names of such files end. */
  suffix: string
  /** In words, for messages and the docs. */
  title: string
  /** Whether it has a thread, where there is one, digest all bytes of the file: then nobody else is to. */
  digestsFile?: boolean
  /**
   * All rows, some at a time: who reads them goes through all of one batch before the next.
   * @throws GateError with file and line, or row, for bytes that are not in this format
   */
  read(request: ReadRequest): AsyncGenerator<Iterable<Row>>
  /**
   * The rows at some places, in their order. Nothing tells that they are what they were but their digests.
   * @throws GateError with file and line, or row, where no row is there
   */
  pick(request: PickRequest): AsyncGenerator<Iterable<Row>>
}
