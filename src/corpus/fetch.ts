import { GateError } from '../errors.ts'
import type { Conversation } from './conversation.ts'
import { type CorpusLimits, corpusLimits } from './limits.ts'
import { type ConversationPlace, digestRow } from './listing.ts'
import type { CorpusFile, Manifest } from './manifest.ts'
import { readEnd } from './read.ts'
import { createByteCursor } from './readers/byte-cursor.ts'
import { findReader } from './readers/index.ts'
import type { CorpusFiles, Row, Stretch } from './readers/reader.ts'
import { findShape } from './shapes/index.ts'

/** A conversation that is wanted, by its id and where it is. */
export interface WantedConversation {
  conversation: string
  place: ConversationPlace
}

/** What was wanted, and the conversation. */
interface Fetched<Wanted> {
  wanted: Wanted
  conversation: Conversation
}

/**
 * Reads some conversations of a corpus and nothing else of it, in the order of files and rows, some at a time: who reads
 * them goes through all of one batch before the next. Each row is checked against its digest.
 * @throws GateError for a row that is not what it was
 */
export async function* fetchConversations<Wanted extends WantedConversation>(request: {
  manifest: Manifest
  files: CorpusFiles
  wanted: readonly Wanted[]
  limits?: CorpusLimits
}): AsyncGenerator<Iterable<Fetched<Wanted>>> {
  const { manifest, files, limits = corpusLimits } = request
  const byFile = new Map<number, Wanted[]>()
  for (const one of request.wanted) {
    const list = byFile.get(one.place.file)
    if (list === undefined) byFile.set(one.place.file, [one])
    else list.push(one)
  }
  for (const [file, entry] of manifest.files.entries()) {
    const wanted = byFile.get(file)
    if (wanted !== undefined) yield* fetchFromFile({ entry, files, wanted, limits })
  }
}

async function* fetchFromFile<Wanted extends WantedConversation>(request: {
  entry: CorpusFile
  files: CorpusFiles
  wanted: readonly Wanted[]
  limits: CorpusLimits
}): AsyncGenerator<Iterable<Fetched<Wanted>>> {
  const { entry, files, limits } = request
  const wanted = request.wanted.toSorted(
    ({ place: a }, { place: b }) => a.number - b.number || a.part - b.part,
  )
  const places = wanted
    .map(({ place }) => place)
    .filter(({ number }, index, all) => number !== all[index - 1]?.number)
  const shape = findShape(entry.shape)
  const { path: file } = entry
  const batches = findReader(entry).pick({
    file,
    places,
    open: () => files.openCorpusFile(file),
    openStretches: (stretches) => openStretches({ files, file, stretches }),
    readEnd: (length) => readEnd({ file, files, length }),
    fields: shape.fields,
    limits,
  })
  let next = 0
  function* readBatch(rows: Iterable<Row>): Generator<Fetched<Wanted>> {
    for (const row of rows) {
      const place = { file, line: row.number }
      checkRow(row, { place, digest: wanted[next]?.place.digest })
      const conversations: Conversation[] = []
      for (const reading of shape.read(row.value, place)) {
        if (reading.kind === 'conversation') conversations.push(reading.conversation)
      }
      for (let one = wanted[next]; one?.place.number === row.number; one = wanted[next]) {
        const conversation = conversations[one.place.part]
        if (conversation?.id !== one.conversation) throw refuseRow(place)
        yield { wanted: one, conversation }
        next += 1
      }
    }
  }
  for await (const rows of batches) yield readBatch(rows)
}

function checkRow(
  row: Row,
  { place, digest }: { place: { file: string; line: number }; digest: string | undefined },
): void {
  if (digestRow(row) !== digest) throw refuseRow(place)
}

function refuseRow(place: { file: string; line: number }): GateError {
  return new GateError({
    code: 'corpus',
    message: 'the row is not what it was when the corpus was listed: its SHA-256 is another',
    where: place,
    remedy:
      'restore the file that the manifest describes and let nothing write it meanwhile; after a change, write the manifest anew, with its index if it has one',
  })
}

/** Stretches of a file, also of a source that gives all of it. */
async function* openStretches(request: {
  files: CorpusFiles
  file: string
  stretches: readonly Stretch[]
}): AsyncGenerator<Uint8Array> {
  const { files, file, stretches } = request
  if (files.openCorpusStretches !== undefined) {
    yield* files.openCorpusStretches(file, stretches)
    return
  }
  const cursor = createByteCursor(files.openCorpusFile(file), 0)
  try {
    for (const stretch of stretches) {
      const bytes = await cursor.read(stretch)
      if (bytes === null) return
      yield bytes
    }
  } finally {
    await cursor.close()
  }
}
