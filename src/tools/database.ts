import { type CallArguments, type DigestWords, digestCall, digestText } from './canonical-arguments.ts'
import { compareDigests, readWords } from './digest-table.ts'
import { decodeIndex, type IndexColumns, refuseIndex, type ToolSummary } from './layout.ts'

/** Gives the texts of a database. At once, since they lie on a disk of this machine and are mostly small. */
export interface TextSource {
  /** What it is called in messages. */
  readonly file: string
  /** As many of these bytes as there are. */
  read(offset: number, length: number): Uint8Array
}

/** A response that was recorded for a call; `readText` gets its text. */
export interface StoredResponse {
  number: number
  isError: boolean
  /** How often. */
  count: number
}

/** Past calls of tools and what came of them. Digests and counts are in memory, texts are read when they are asked for. */
export interface ToolDatabase {
  /** What it holds: a plan that names it can't be answered from another one. */
  readonly digest: string
  readonly conversations: number
  readonly strayResults: number
  readonly tools: readonly ToolSummary[]
  /** The responses to exactly this call; none where it was never made, or never answered. */
  find(call: DigestWords): StoredResponse[]
  /** @throws GateError where the texts are not those that were written */
  readText(response: StoredResponse): string
  /** Different calls of a tool, by number, at most so many: a part of all that depends on nothing but their digests. */
  listCalls(tool: string, atMost: number): number[]
  readCall(call: number): { arguments: CallArguments; responses: StoredResponse[] }
  /** Every error that was recorded of a tool, in the order of calls and texts. */
  listErrors(tool: string): StoredResponse[]
}

/**
 * Opens a database from the bytes of its index.
 * @throws GateError for an index that is not as it was written
 */
export function openDatabase(
  index: { file: string; bytes: Uint8Array<ArrayBuffer> },
  texts: TextSource,
): ToolDatabase {
  const { header, columns } = decodeIndex(index.bytes, index.file)
  const listResponses = (call: number) => readResponses(columns, call)
  const callsByTool = groupByTool(columns, header.tools.length)
  const errors = new Map<string, StoredResponse[]>()
  const listAll = (tool: string) => callsByTool[header.tools.findIndex(({ name }) => name === tool)] ?? []
  return {
    digest: header.digest,
    conversations: header.conversations,
    strayResults: header.stray_results,
    tools: header.tools,
    find(digest) {
      const call = findCall(columns, digest)
      return call === null ? [] : listResponses(call)
    },
    readText({ number }) {
      const text = columns.responseText[number] ?? 0
      const offset = columns.textOffset[text] ?? 0
      const bytes = texts.read(offset, columns.textLength[text] ?? 0)
      const isWritten = compareDigests(digestText(bytes), readWords(columns.textDigest, text)) === 0
      if (!isWritten) throw refuseIndex(texts.file, `another text lies at byte ${offset}`)
      return decode(bytes)
    },
    listCalls: (tool, atMost) => [...listAll(tool).slice(0, atMost)],
    readCall(call) {
      const name = header.tools[columns.callTool[call] ?? 0]?.name ?? ''
      return { arguments: readStored({ columns, texts, call, name }), responses: listResponses(call) }
    },
    listErrors(tool) {
      const known = errors.get(tool)
      if (known !== undefined) return known
      const listed = [...listAll(tool)].flatMap((call) =>
        listResponses(call).filter(({ isError }) => isError),
      )
      errors.set(tool, listed)
      return listed
    },
  }
}

/** The number of a call; `null` where it is not among them. */
function findCall({ callDigest }: IndexColumns, digest: DigestWords): number | null {
  let low = 0
  let high = callDigest.length / 4
  while (low < high) {
    const middle = (low + high) >>> 1
    const order = compareDigests(readWords(callDigest, middle), digest)
    if (order === 0) return middle
    if (order < 0) low = middle + 1
    else high = middle
  }
  return null
}

function readResponses(columns: IndexColumns, call: number): StoredResponse[] {
  const { firstResponse, responseIsError, responseCount } = columns
  const first = firstResponse[call] ?? 0
  return Array.from({ length: (firstResponse[call + 1] ?? first) - first }, (_, index) => ({
    number: first + index,
    isError: responseIsError[first + index] === 1,
    count: responseCount[first + index] ?? 0,
  }))
}

/** The calls of each tool, in the order of their digests. */
function groupByTool({ callTool }: IndexColumns, tools: number): Uint32Array[] {
  const sizes = new Uint32Array(tools)
  for (const tool of callTool) sizes[tool] = (sizes[tool] ?? 0) + 1
  const groups = Array.from(sizes, (size) => new Uint32Array(size))
  const filled = new Uint32Array(tools)
  for (const [call, tool] of callTool.entries()) {
    const place = filled[tool] ?? 0
    filled[tool] = place + 1
    const group = groups[tool]
    if (group !== undefined) group[place] = call
  }
  return groups
}

function readStored(request: {
  columns: IndexColumns
  texts: TextSource
  call: number
  name: string
}): CallArguments {
  const { columns, texts, call, name } = request
  const offset = columns.argumentsOffset[call] ?? 0
  const text = decode(texts.read(offset, columns.argumentsLength[call] ?? 0))
  const stored: CallArguments =
    columns.callIsVerbatim[call] === 1
      ? { kind: 'verbatim', text, reason: 'not JSON' }
      : { kind: 'canonical', text }
  const isWritten = compareDigests(digestCall(name, stored), readWords(columns.callDigest, call)) === 0
  if (!isWritten) throw refuseIndex(texts.file, `other arguments lie at byte ${offset}`)
  return stored
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
