import type { Conversation } from '../corpus/conversation.ts'
import { collectNewCalls, type RecordedCall, type RecordedResponse } from './calls.ts'
import { digestText } from './canonical-arguments.ts'
import { createColumn, invert, sortIndices } from './column.ts'
import { compareDigests, createDigestTable, readWords } from './digest-table.ts'
import { digestIndex, type IndexColumns, type IndexHeader } from './layout.ts'
import { createTally, summariseTool, type ToolTally } from './tally.ts'

/** Takes the texts of a database, in order. */
export interface TextSink {
  append(bytes: Uint8Array): Promise<void>
}

/** Collects the tool calls of conversations. */
export interface DatabaseBuilder {
  /** Adds the calls of a conversation. Wait for one before the next. */
  add(conversation: Conversation): Promise<void>
  /** What was collected; the texts have all been given away then. */
  finish(): Promise<{ header: IndexHeader; columns: IndexColumns }>
}

/** Texts are given away in portions of about so many bytes. */
const portion = 2 ** 20

/**
 * Builds a database of tool calls. It holds digests, counts and places, about 110 bytes a call that differs from all others
 * in arguments and response; the texts go to `sink`, each response once and the arguments of each call once.
 */
export function createDatabaseBuilder(sink: TextSink): DatabaseBuilder {
  const texts = createTextWriter(sink)
  const calls = createCalls(texts)
  const tools = new Map<string, { number: number; tally: ToolTally }>()
  let conversations = 0
  let strayResults = 0
  return {
    async add(conversation) {
      conversations += 1
      const collected = collectNewCalls(conversation)
      strayResults += collected.strayResults
      for (const call of collected.calls) {
        const tool = tools.get(call.tool) ?? { number: tools.size, tally: createTally() }
        tools.set(call.tool, tool)
        tool.tally.add(call, calls.add(call, tool.number))
        if (texts.isDue()) await texts.flush()
      }
    },
    async finish() {
      await texts.flush()
      const names = [...tools.keys()].toSorted()
      const order = new Map(names.map((name, place) => [name, place]))
      const columns = calls.sort(Uint32Array.from([...tools.keys()], (name) => order.get(name) ?? 0))
      const described: Omit<IndexHeader, 'digest'> = {
        format: 'checkpoint-gate tools',
        version: 1,
        conversations,
        stray_results: strayResults,
        tools: names.flatMap((name) => {
          const tool = tools.get(name)
          return tool === undefined ? [] : [summariseTool(name, tool.tally)]
        }),
        calls: columns.callTool.length,
        responses: columns.responseText.length,
        texts: columns.textLength.length,
      }
      return { header: { ...described, digest: digestIndex(described, columns) }, columns }
    },
  }
}

interface TextWriter {
  /** Takes a text; where it begins, and its bytes. */
  write(bytes: Uint8Array): { offset: number; length: number }
  isDue(): boolean
  flush(): Promise<void>
}

function createTextWriter(sink: TextSink): TextWriter {
  let pending: Uint8Array[] = []
  let flushed = 0
  let held = 0
  return {
    write(bytes) {
      const offset = flushed + held
      pending.push(bytes)
      held += bytes.length
      return { offset, length: bytes.length }
    },
    isDue: () => held >= portion,
    async flush() {
      const bytes = Buffer.concat(pending)
      pending = []
      flushed += held
      held = 0
      await sink.append(bytes)
    },
  }
}

/** The distinct calls, with their responses and the texts of these. */
function createCalls(texts: TextWriter) {
  const table = createDigestTable()
  const tool = createColumn(Uint32Array)
  const isVerbatim = createColumn(Uint8Array)
  const argumentsOffset = createColumn(Float64Array)
  const argumentsLength = createColumn(Uint32Array)
  const responses = createResponses(texts)
  return {
    /** Adds a call; whether it is the first with these arguments. */
    add(call: RecordedCall, toolNumber: number): boolean {
      const { number, isNew } = table.put(call.digest)
      if (isNew) {
        const { offset, length } = texts.write(Buffer.from(call.arguments.text))
        tool.push(toolNumber)
        isVerbatim.push(call.arguments.kind === 'verbatim' ? 1 : 0)
        argumentsOffset.push(offset)
        argumentsLength.push(length)
      }
      if (call.response !== null) responses.add(number, call.response)
      return isNew
    },
    /** The columns in the order of digests. `toolPlaces`: where each tool went. */
    sort(toolPlaces: Uint32Array): IndexColumns {
      const words = table.words()
      const order = sortByDigest(words)
      const places = invert(order)
      return {
        argumentsOffset: argumentsOffset.take(order),
        argumentsLength: argumentsLength.take(order),
        callDigest: takeWords(words, order),
        callTool: tool.take(order).map((number) => toolPlaces[number] ?? 0),
        callIsVerbatim: isVerbatim.take(order),
        ...responses.sort(places),
      }
    },
  }
}

function createResponses(texts: TextWriter) {
  const textTable = createDigestTable()
  const textOffset = createColumn(Float64Array)
  const textLength = createColumn(Uint32Array)
  const table = createDigestTable()
  const counts = createColumn(Uint32Array)
  return {
    add(call: number, response: RecordedResponse): void {
      // Surrogates without a partner become U+FFFD here, so that the text has this digest when it is read again.
      const bytes = Buffer.from(response.text)
      const text = textTable.put(digestText(bytes))
      if (text.isNew) {
        const { offset, length } = texts.write(bytes)
        textOffset.push(offset)
        textLength.push(length)
      }
      const { number, isNew } = table.put([call, response.isError ? 1 : 0, text.number, 0])
      if (isNew) counts.push(0)
      counts.add(number, 1)
    },
    sort(callPlaces: Uint32Array) {
      const textWords = textTable.words()
      const textOrder = sortByDigest(textWords)
      const textPlaces = invert(textOrder)
      const words = table.words().slice()
      for (let at = 0; at < words.length; at += 4) {
        words[at] = callPlaces[words[at] ?? 0] ?? 0
        words[at + 2] = textPlaces[words[at + 2] ?? 0] ?? 0
      }
      const order = sortByDigest(words)
      const sorted = takeWords(words, order)
      const firstResponse = new Uint32Array(callPlaces.length + 1)
      for (let at = 0; at < sorted.length; at += 4) {
        const next = (sorted[at] ?? 0) + 1
        firstResponse[next] = (firstResponse[next] ?? 0) + 1
      }
      for (let call = 1; call < firstResponse.length; call += 1) {
        firstResponse[call] = (firstResponse[call] ?? 0) + (firstResponse[call - 1] ?? 0)
      }
      return {
        textOffset: textOffset.take(textOrder),
        textLength: textLength.take(textOrder),
        textDigest: takeWords(textWords, textOrder),
        firstResponse,
        responseIsError: Uint8Array.from(order, (_, index) => sorted[index * 4 + 1] ?? 0),
        responseText: Uint32Array.from(order, (_, index) => sorted[index * 4 + 2] ?? 0),
        responseCount: counts.take(order),
      }
    },
  }
}

function sortByDigest(words: Uint32Array): Uint32Array {
  return sortIndices(words.length / 4, (one, other) =>
    compareDigests(readWords(words, one), readWords(words, other)),
  )
}

function takeWords(words: Uint32Array, order: Uint32Array): Uint32Array {
  const taken = new Uint32Array(words.length)
  for (let index = 0; index < order.length; index += 1) {
    const at = (order[index] ?? 0) * 4
    taken.set(words.subarray(at, at + 4), index * 4)
  }
  return taken
}
