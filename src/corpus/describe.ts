import { GateError } from '../errors.ts'
import type { CorpusThread } from './corpus-thread.ts'
import { createIdRegister, type IdRegister } from './ids.ts'
import { createIndexWriter, type IndexSink, type IndexWriter } from './index-file/write.ts'
import { type CorpusLimits, corpusLimits } from './limits.ts'
import type { CorpusFile, Manifest } from './manifest.ts'
import { countLeftOut, createCounts, type FileCounts, readConversations, readRows } from './read.ts'
import { findReader } from './readers/index.ts'
import type { CorpusFiles, Reader } from './readers/reader.ts'
import { findShape, recogniseShape, recognitionFields, shapes } from './shapes/index.ts'
import type { Shape } from './shapes/shape.ts'

/** What a file was found to be, and how that is known. */
export interface FileReport {
  path: string
  format: { title: string; by: 'name' | 'order' }
  shape: { title: string; by: 'first row' | 'order' }
  counts: FileCounts
}

/** Reads corpus files, checking each record, and writes down what they are. */
export async function describeCorpus(request: {
  name: string
  paths: string[]
  files: CorpusFiles
  /** What all the files are; without it, by their names. */
  format?: string | undefined
  /** How all their rows hold conversations; without it, by the first row of each file. */
  shape?: string | undefined
  limits?: CorpusLimits
  onFile?: (report: FileReport) => void
  /** Where an index of what is read goes; without it, none is written. */
  index?: IndexSink
  /** What digests files and rows; without it, this thread. It has nothing else to do meanwhile. */
  thread?: CorpusThread
  /** What the manifest says beside what the files are; `index` once it is written. */
  more?: () => Promise<Pick<Manifest, 'index' | 'consent' | 'tombstones'>>
}): Promise<Manifest> {
  const { name, paths, files, format, limits = corpusLimits, onFile, thread } = request
  const writer = request.index === undefined ? null : createIndexWriter(name, request.index)
  const ids = createIdRegister()
  const entries: CorpusFile[] = []
  for (const [number, path] of paths.entries()) {
    const source = { path, format, files, limits }
    const reader = findReader(source)
    const shape = request.shape === undefined ? await findShapeOf(source) : findShape(request.shape)
    const { sha256, counts } = await readWholeFile({ ...source, shape, ids, number, writer, thread })
    const entry = writeEntry({ path, reader, shape, sha256, counts })
    entries.push(entry)
    await writer?.endFile(entry)
    onFile?.({
      path,
      format: { title: reader.title, by: format === undefined ? 'name' : 'order' },
      shape: { title: shape.title, by: request.shape === undefined ? 'first row' : 'order' },
      counts,
    })
  }
  const sum = (key: 'conversations' | 'left_out') =>
    entries.reduce((total, entry) => total + (entry[key] ?? 0), 0)
  if (sum('conversations') === 0 && sum('left_out') > 0) throw refuseNothing(paths)
  return { version: 1, name, files: entries, ...(await request.more?.()) }
}

interface Source {
  path: string
  format: string | undefined
  files: CorpusFiles
  limits: CorpusLimits
}

/**
 * The shape that the first row looks like; the gate's own for a row that has something of it, whose error then says what
 * is wrong, and for a file without rows.
 */
async function findShapeOf(source: Source): Promise<Shape> {
  const own = findShape(undefined)
  for await (const rows of readRows({ ...source, sha256: null, fields: recognitionFields })) {
    for (const { number, value } of rows) {
      const shape = recogniseShape(value)
      if (shape !== null) return shape
      const keys = typeof value === 'object' && value !== null ? Object.keys(value) : ['id']
      if (keys.some((key) => own.fields.names.includes(key))) return own
      throw new GateError({
        code: 'corpus',
        message: 'the first row looks like none of the shapes that are known',
        where: { file: source.path, line: number },
        remedy: `name its shape (--shape: ${listShapes()}), or write its rows as docs/corpus.md says`,
      })
    }
  }
  return own
}

function listShapes(): string {
  return shapes.map(({ name }) => name).join(', ')
}

async function readWholeFile(
  source: Source & {
    shape: Shape
    ids: IdRegister
    number: number
    writer: IndexWriter | null
    thread: CorpusThread | undefined
  },
): Promise<{ sha256: string; counts: FileCounts }> {
  const { path, shape, ids, number, writer } = source
  let sha256 = ''
  const onDigest = (digest: string) => {
    sha256 = digest
  }
  const rows = readRows({
    ...source,
    sha256: null,
    onDigest,
    fields: shape.fields,
    skim: shape.createSkim?.(),
  })
  const counts = createCounts()
  for await (const batch of readConversations({ file: path, rows, shape, ids, counts })) {
    for (const located of batch) writer?.add(number, located)
    await writer?.flush()
  }
  return { sha256, counts }
}

function refuseNothing(paths: string[]): GateError {
  return new GateError({
    code: 'corpus',
    message: 'none of its rows holds a conversation that can be replayed',
    where: { file: paths.join(', ') },
    remedy: `add files that do, or name the shape of the rows (--shape: ${listShapes()})`,
  })
}

/** Leaves out what is so by default: the format that the name tells, and the gate's own shape. */
function writeEntry(found: {
  path: string
  reader: Reader
  shape: Shape
  sha256: string
  counts: FileCounts
}): CorpusFile {
  const { path, reader, shape, sha256, counts } = found
  const leftOut = countLeftOut(counts)
  return {
    path,
    ...(findReader({ path }) === reader ? {} : { format: reader.format }),
    ...(shape === findShape(undefined) ? {} : { shape: shape.name }),
    sha256,
    conversations: counts.conversations,
    turns: counts.turns,
    ...(leftOut === 0 ? {} : { left_out: leftOut }),
  }
}
