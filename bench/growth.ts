// How a run grows with its turns: 1,000, 10,000 and 100,000 of them in 20 categories, from a corpus on disk to the report,
// with clients that answer at once. Each size has a process of its own, of one bundled file as the packaged gate is.
//
// - time and peak memory, whole and for each further turn;
// - how long the end takes, from the last answer on: record, statistics, verdict and report, against 10 s;
// - peak memory against 300 MiB.
//
//   node bench/growth.ts [turns ...]
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { boundHeap } from '../src/adapters/heap.ts'
import { createGatePorts, createRequest } from '../src/commands/run.ts'
import { runGate } from '../src/gate.ts'
import type { ModelClient } from '../src/ports.ts'
import { writeReports } from '../src/publish.ts'
import { readChatAnswer } from '../src/replay/read-answer.ts'
import { makeRandom } from '../test/verdict/chance.ts'
import { writeGateWorld } from './gate-world.ts'

const limits = { endSeconds: 10, mebibytes: 300 }
const categories = 20
const eventRate = 0.002
const root = resolve(import.meta.dirname, '..')

/** What one size took. */
interface Growth {
  turns: number
  drawMs: number
  measureMs: number
  endMs: number
  peakMib: number
}

/** A client that answers at once what a server would, now and then with a word that a category looks for. */
function createClient(onAsked: () => void): ModelClient {
  const random = makeRandom(3)
  const write = (model: string) => {
    const word = random() < eventRate * categories ? ` WORD-${Math.floor(random() * categories)}-` : ''
    const message = { role: 'assistant', content: `The parcel left on Monday.${word} `.repeat(8) }
    const usage = { prompt_tokens: 120, completion_tokens: 40 }
    return JSON.stringify({ model, choices: [{ message, finish_reason: 'stop' }], usage })
  }
  return {
    source: { kind: 'live' },
    origin: 'http://127.0.0.1',
    async complete({ model }) {
      onAsked()
      return readChatAnswer(JSON.parse(write(model)))
    },
    post: async () => ({ kind: 'posted', body: null }),
  }
}

async function runOnce(folder: string, turns: number): Promise<void> {
  // As the packaged gate does.
  boundHeap()
  const marks = { startMs: performance.now(), firstMs: 0, lastMs: 0 }
  const client = createClient(() => {
    marks.lastMs = performance.now()
    marks.firstMs ||= marks.lastMs
  })
  const options = {
    folder,
    corpusDir: folder,
    policy: 'checkpoint-gate.yml',
    baseline: 'ckpt-0',
    candidate: 'ckpt-1',
    rubrics: join(root, 'rubrics'),
    repository: 'bench/bench',
    tier: 'release' as const,
    endpoints: [],
    out: join(folder, 'run'),
    cancelled: new AbortController().signal,
  }
  const silent = { info: () => undefined, warning: () => undefined, progress: () => undefined }
  const ports = { ...createGatePorts(options, silent), connect: async () => client }
  const result = await runGate(await createRequest(options), ports)
  if (result.kind !== 'decided') throw new Error(`nothing was measured: ${result.kind}`)
  await writeReports(result.directory, result.decided)
  const growth: Growth = {
    turns,
    drawMs: marks.firstMs - marks.startMs,
    measureMs: marks.lastMs - marks.firstMs,
    endMs: performance.now() - marks.lastMs,
    peakMib: process.resourceUsage().maxRSS / 1024,
  }
  process.stdout.write(JSON.stringify(growth))
}

async function measureApart(script: string, turns: number): Promise<Growth> {
  const folder = await mkdtemp(join(tmpdir(), 'checkpoint-gate-bench-'))
  await writeGateWorld(folder, { turns, concurrency: 64, categories, words: true })
  const { stdout, status, stderr } = spawnSync(process.execPath, [script, 'once', folder, String(turns)])
  await rm(folder, { recursive: true })
  if (status !== 0) throw new Error(`${turns} turns failed: ${String(stderr).slice(-2000)}`)
  return JSON.parse(String(stdout)) as Growth
}

async function bundle(): Promise<string> {
  const { build } = await import('esbuild')
  const outfile = join(await mkdtemp(join(tmpdir(), 'checkpoint-gate-bench-')), 'growth.mjs')
  const js =
    "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);"
  await build({
    entryPoints: [import.meta.filename],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: ['esbuild'],
    banner: { js },
    define: { 'import.meta.dirname': JSON.stringify(import.meta.dirname) },
    logLevel: 'error',
  })
  return outfile
}

function report(growth: Growth, before: Growth | null): void {
  const { turns, drawMs, measureMs, endMs, peakMib } = growth
  const seconds = (ms: number) => (ms / 1000).toFixed(1)
  console.log(
    `${turns} turns: ${seconds(drawMs)} s to draw, ${seconds(measureMs)} s to replay and grade, ${seconds(endMs)} s for record, statistics and report; ${peakMib.toFixed(0)} MiB`,
  )
  if (before === null) return
  const more = turns - before.turns
  const allMs = ({ drawMs: a, measureMs: b, endMs: c }: Growth) => a + b + c
  console.log(
    `  for each further turn: ${((1000 * (allMs(growth) - allMs(before))) / more).toFixed(0)} µs, of which ${((1000 * (endMs - before.endMs)) / more).toFixed(0)} µs at the end; ${((1024 * (peakMib - before.peakMib)) / more).toFixed(1)} KiB`,
  )
}

function judge(name: string, value: number, limit: number, unit: string): void {
  const isWithin = value <= limit
  console.log(`${name}: ${value.toFixed(1)} of ${limit} ${unit}: ${isWithin ? 'within' : 'OVER'}`)
  if (!isWithin) process.exitCode = 1
}

const [word, folder = '', size] = process.argv.slice(2)
if (word === 'once') await runOnce(folder, Number(size))
else {
  const given = process.argv.slice(2).map(Number)
  const sizes = given.length === 0 ? [1000, 10_000, 100_000] : given
  const script = await bundle()
  let before: Growth | null = null
  for (const turns of sizes) {
    const growth = await measureApart(script, turns)
    report(growth, before)
    before = growth
  }
  await rm(dirname(script), { recursive: true })
  if (before !== null) {
    const { turns, endMs, peakMib } = before
    judge(`record, statistics and report of ${turns} turns`, endMs / 1000, limits.endSeconds, 's')
    judge(`peak memory of ${turns} turns`, peakMib, limits.mebibytes, 'MiB')
  }
}
