import { TextDecoder } from 'node:util'
import { mostWaiting } from '../corpus-thread.ts'
import { digestLength } from '../digest.ts'
import { decodeLine, type LinePlace } from '../lines.ts'
import { readRow } from './json-line.ts'
import type { LineThread, Row } from './reader.ts'
import type { Skim } from './skim.ts'
import { cutLines, type SkimmedLines, skimLines, unpackSkimmed } from './skim-lines.ts'
import { cutWholeLines, type WholeLines } from './whole-lines.ts'

/** Batches that are kept at most until the thread has come to the first of them. */
const mostAhead = 16

/**
 * Rows of JSON lines, digested and skimmed by the thread as far as it has time for it, and here as far as not. What is not
 * skimmed is parsed here.
 */
export async function* readOnThreads(request: {
  text: { bytes: AsyncIterable<Uint8Array>; place: LinePlace; longest: number }
  skim: Skim | undefined
  thread: LineThread
  /** Whether the text is the file as it is stored: then the thread digests that too. */
  isFile: boolean
}): AsyncGenerator<Iterable<Row>> {
  const { text, skim, thread, isFile } = request
  const { file } = text.place
  /** Gives what unpacks what was found. */
  const begin = async ({ bytes }: WholeLines): Promise<() => SkimmedLines> => {
    if (thread.waiting() >= mostWaiting) {
      const seen = isFile ? thread.updateShared({ bytes }) : null
      const skimmed = skimLines(bytes, skim)
      await seen
      return () => skimmed
    }
    const { digests, packed } = await thread.skimLines({ bytes, skims: skim !== undefined, updates: isFile })
    return () => ({ digests, found: unpackSkimmed(packed) })
  }
  const ahead: { lines: WholeLines; skimmed: Promise<() => SkimmedLines> }[] = []
  const takeOut = async function* (left: number): AsyncGenerator<Iterable<Row>> {
    while (ahead.length > left) {
      const next = ahead.shift()
      if (next === undefined) return
      const { lines, skimmed } = next
      const unpack = await skimmed
      yield listRows({ file, lines, skimmed: unpack() })
      lines.done()
    }
  }
  try {
    for await (const lines of cutWholeLines(text)) {
      const skimmed = begin(lines)
      // Who stops reading does not wait for it.
      skimmed.catch(() => undefined)
      ahead.push({ lines, skimmed })
      yield* takeOut(mostAhead)
    }
  } catch (cause) {
    // What is wrong before comes first.
    yield* takeOut(0)
    throw cause
  }
  yield* takeOut(0)
}

function* listRows(request: { file: string; lines: WholeLines; skimmed: SkimmedLines }): Generator<Row> {
  const { file, lines, skimmed } = request
  const { digests, found } = skimmed
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let number = lines.first
  let { start } = lines
  for (const bytes of cutLines(lines.bytes)) {
    const index = number - lines.first
    const digest = digests.slice(index * digestLength, (index + 1) * digestLength)
    const line = { start, bytes, digest }
    const decode = () => decodeLine({ decoder, whole: bytes, place: { file, line: number } })
    const row = readRow({ file, number, line, skimmed: found[index] ?? null, decode })
    if (row !== null) yield row
    number += 1
    start += bytes.length + 1
  }
}
