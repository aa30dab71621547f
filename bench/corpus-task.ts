// One measurement of `bench/corpus.ts`, in a process of its own.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createFiles } from '../src/adapters/files.ts'
import { boundHeap } from '../src/adapters/heap.ts'
import { openIndexOutput } from '../src/adapters/index-output.ts'
import { startCorpusThread } from '../src/corpus/corpus-thread.ts'
import { describeCorpus } from '../src/corpus/describe.ts'
import { type Manifest, parseManifest } from '../src/corpus/manifest.ts'
import { noTombstones } from '../src/corpus/tombstones.ts'
import { drawCorpus } from '../src/sample/draw-corpus.ts'

/** Files with the same conversations, by how they are stored. */
export const corpusFiles = {
  plain: 'corpus.jsonl',
  gzip: 'corpus.jsonl.gz',
  zstd: 'corpus.jsonl.zst',
  parquet: 'corpus.parquet',
} as const

export type Format = keyof typeof corpusFiles

/** What one process does. */
export type Task = { folder: string; format: Format } & (
  | { kind: 'parse' }
  | { kind: 'index' }
  | { kind: 'draw'; turns: number; indexed: boolean }
)

export interface Outcome {
  seconds: number
  peakMiB: number
  /** Of what was drawn. */
  digest: string
}

/** Carries out a task; what it gives is digested when its time is taken. */
async function carryOut(task: Task): Promise<Outcome> {
  const start = performance.now()
  const digest = await begin(task)
  const seconds = (performance.now() - start) / 1000
  const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024)
  return { seconds, peakMiB, digest: digest() }
}

async function begin(task: Task): Promise<() => string> {
  switch (task.kind) {
    case 'parse':
      return parseLines(join(task.folder, corpusFiles[task.format]))
    case 'index':
      return writeIndex(task.folder, task.format)
    case 'draw':
      return draw(task)
  }
}

async function parseLines(file: string): Promise<() => string> {
  let rest: Buffer = Buffer.alloc(0)
  let lines = 0
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let start = 0
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      JSON.parse(bytes.toString('utf8', start, end))
      lines += 1
      start = end + 1
    }
    rest = bytes.subarray(start)
  }
  return () => String(lines)
}

async function writeIndex(folder: string, format: Format): Promise<() => string> {
  const path = `${format}.index.jsonl`
  const output = await openIndexOutput(folder, path)
  const thread = await startCorpusThread()
  const manifest = await describeCorpus({
    thread,
    name: 'bench',
    paths: [corpusFiles[format]],
    files: createFiles({ corpus: folder, rubrics: folder }),
    index: output,
    more: async () => ({ index: { path, sha256: await output.finish() } }),
  })
  await thread.close()
  await writeFile(join(folder, `${format}.json`), JSON.stringify(manifest))
  return () => String(manifest.files[0]?.conversations)
}

async function draw(task: Task & { kind: 'draw' }): Promise<() => string> {
  const { folder, format, turns, indexed } = task
  const text = await readFile(join(folder, `${format}.json`), 'utf8')
  const { index, ...manifest } = parseManifest({ file: `${format}.json`, text })
  const sample = await drawCorpus({
    manifest: (indexed ? { ...manifest, index } : manifest) as Manifest,
    files: createFiles({ corpus: folder, rubrics: folder }),
    tombstones: noTombstones,
    seed: 'a'.repeat(64),
    turns,
    slices: ['surface', 'language'],
    now: new Date('2026-12-01T00:00:00Z'),
  })
  return () => {
    const hash = createHash('sha256').update(JSON.stringify(sample.counts))
    for (const { id, weight, prefix } of sample.turns) hash.update(JSON.stringify([id, weight, prefix]))
    return hash.digest('hex')
  }
}

const [given] = process.argv.slice(2)
if (process.send !== undefined && given !== undefined) {
  boundHeap()
  process.send(await carryOut(JSON.parse(given)))
}
