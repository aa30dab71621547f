import { setTimeout } from 'node:timers/promises'
import type { Stretch } from '../corpus/readers/reader.ts'
import { GateError } from '../errors.ts'
import { parseCorpusUrls } from './corpus-urls.ts'
import { openTransfer, type RemoteFile, type RemoteSettings, refuseChanged } from './remote-transfer.ts'

/** Corpus files that are read over the network. */
export interface RemoteCorpus {
  has(path: string): boolean
  open(path: string, range?: { last: number }): AsyncIterable<Uint8Array>
  openStretches(path: string, stretches: readonly Stretch[]): AsyncIterable<Uint8Array>
}

/** Stretches with no more between them are asked for together: that takes less time than another request. */
const joinedGap = 2 ** 18
/** What is asked for together is held in memory. */
const longestSpan = 2 ** 23
const requestsAhead = 4

const idleMs = 60_000

/** The corpus files whose addresses a text gives, as `parseCorpusUrls` reads it; `null` where it gives none. */
export function openRemoteCorpus(text: string | undefined): RemoteCorpus | null {
  const urls = parseCorpusUrls(text ?? '')
  return urls.size === 0 ? null : createRemoteCorpus(urls, { idleMs, sleep: (ms) => setTimeout(ms) })
}

/** Reads corpus files from their addresses. A file must be the same one throughout a run. */
export function createRemoteCorpus(urls: ReadonlyMap<string, URL>, settings: RemoteSettings): RemoteCorpus {
  const files = new Map<string, RemoteFile>(
    [...urls].map(([path, url]) => [path, { path, url, known: null }]),
  )
  const find = (path: string): RemoteFile => {
    const file = files.get(path)
    if (file === undefined) throw new Error(`no address of ${path}`)
    return file
  }
  return {
    has: (path) => files.has(path),
    open: (path, range) => openTransfer(find(path), range ?? { start: 0, end: null }, settings),
    openStretches: (path, stretches) => readSpans(find(path), stretches, settings),
  }
}

async function* readSpans(
  file: RemoteFile,
  stretches: readonly Stretch[],
  settings: RemoteSettings,
): AsyncGenerator<Uint8Array> {
  const spans = joinStretches(stretches)
  const ahead: Promise<Uint8Array>[] = []
  const start = () => {
    const next = spans.next()
    if (next.done === true) return
    const { span, parts } = next.value
    const read = readSpan(file, span, settings).then((bytes) =>
      Buffer.concat(parts.map((part) => bytes.subarray(part.start - span.start, part.end - span.start))),
    )
    // Who stops reading does not wait for it.
    read.catch(() => undefined)
    ahead.push(read)
  }
  // The first tells what the file is; then several are asked for at a time.
  start()
  for (let next = ahead.shift(); next !== undefined; next = ahead.shift()) {
    const bytes = await next
    while (ahead.length < requestsAhead) {
      const before = ahead.length
      start()
      if (ahead.length === before) break
    }
    yield bytes
  }
}

function* joinStretches(stretches: readonly Stretch[]): Generator<{ span: Stretch; parts: Stretch[] }> {
  let open: { span: Stretch; parts: Stretch[] } | null = null
  for (const stretch of stretches) {
    if (stretch.end === stretch.start) continue
    const { span } = open ?? {}
    if (
      open !== null &&
      span !== undefined &&
      stretch.start <= span.end + joinedGap &&
      stretch.end - span.start <= longestSpan
    ) {
      span.end = stretch.end
      open.parts.push(stretch)
      continue
    }
    if (open !== null) yield open
    open = { span: { ...stretch }, parts: [stretch] }
  }
  if (open !== null) yield open
}

async function readSpan(file: RemoteFile, span: Stretch, settings: RemoteSettings): Promise<Uint8Array> {
  const { size } = file.known ?? {}
  if (typeof size === 'number' && span.end > size) throw refuseChanged(file.path)
  const bytes = Buffer.allocUnsafe(span.end - span.start)
  let filled = 0
  for await (const chunk of openTransfer(file, span, settings)) {
    bytes.set(chunk, filled)
    filled += chunk.length
  }
  if (filled === bytes.length) return bytes
  throw new GateError({
    code: 'corpus',
    message: 'the file ends before its rows do',
    where: { file: file.path },
    remedy: 'upload the file that the manifest describes, and make its address anew',
  })
}
