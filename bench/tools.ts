// What the database of tool calls costs:
//
// - recorded lookups at 1,000,000 stored calls (arguments made canonical, the call found, a response drawn, its text read):
//   the median, the 99th percentile and the worst against 1 ms, half of them for calls that were never made; beside them
//   the same lookups in a `Map` of strings that holds all responses, each in a process of its own, with the memory of both;
// - building the database of two trials of tau-bench, from a file of conversations, against 2 s, and against `JSON.parse`
//   of that file alone. Needs the data set: its folder is the second word, `../shared/data/tau-bench` without one.
//
//   node bench/tools.ts [stored calls] [folder of tau-bench]
import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { convertTauBench, trajectorySchema } from '../examples/real-data/convert-tau-bench.ts'
import { writeCorpus } from '../examples/real-data/write-corpus.ts'
import { readDatabase, writeDatabase } from '../src/adapters/tool-files.ts'
import { buildTools } from '../src/commands/corpus-tools.ts'
import type { Conversation } from '../src/corpus/conversation.ts'
import { createDatabaseBuilder } from '../src/tools/build.ts'
import { readArguments } from '../src/tools/canonical-arguments.ts'
import { answerRecorded } from '../src/tools/recorded.ts'

const limits = { lookupMs: 1, buildMs: 2000 }
const lookups = 50_000
const rounds = 3
const callsEach = 20

interface Job {
  kind: 'database' | 'map'
  stored: number
  folder: string
}

/** What a process found; times in milliseconds, of each lookup the rounds. */
interface Found {
  openMs: number
  memory: number
  times: number[][]
  hits: number
}

/** A stored call by number: 40 tools, arguments of some 110 bytes, and a response of 100 to 500; a call in ten repeats one. */
function makeCall(number: number): { tool: string; written: string; response: string } {
  const same = number % 10 === 9 ? number - 9 : number
  const id = (same * 2_654_435_761) % 4_294_967_296
  const written = JSON.stringify({
    customer_id: `customer_${id.toString(36)}`,
    filter: { from: `2026-0${1 + (id % 9)}-11`, limit: id % 50 },
    query: `order ${id} by date`,
  })
  const error = number % 50 === 0 ? 'Error: the service is busy' : null
  const rows = Array.from({ length: 1 + (id % 5) }, (_, row) => ({
    row,
    sku: `sku-${id + row}`,
    price: id % 997,
  }))
  const response = error ?? JSON.stringify({ rows, note: 'x'.repeat(id % 100) })
  return { tool: `tool_${id % 40}`, written, response }
}

function makeConversation(first: number, size: number): Conversation {
  const calls = Array.from({ length: size }, (_, index) => ({
    id: `call-${index}`,
    ...makeCall(first + index),
  }))
  return {
    id: `c-${first}`,
    messages: [
      { role: 'user', content: 'Go on.' },
      ...calls.flatMap(({ id, tool, written, response }): Conversation['messages'] => [
        {
          role: 'assistant',
          tool_calls: [{ id, type: 'function', function: { name: tool, arguments: written } }],
        },
        { role: 'tool', tool_call_id: id, content: response },
      ]),
    ],
  }
}

async function store({ stored, folder }: Job): Promise<number> {
  const start = performance.now()
  const writer = await writeDatabase(folder)
  const builder = createDatabaseBuilder(writer)
  for (let first = 0; first < stored; first += callsEach) {
    await builder.add(makeConversation(first, Math.min(callsEach, stored - first)))
  }
  await writer.keep(await builder.finish())
  return performance.now() - start
}

type LookUp = (call: { tool: string; arguments: string }, turn: string) => boolean

async function openDatabase({ folder }: Job): Promise<LookUp> {
  const { database } = await readDatabase(folder)
  return (call, turn) =>
    answerRecorded({ trajectory: null, database, seed: 'bench', turn }, { call, since: [] }) !== null
}

async function openMap({ stored }: Job): Promise<LookUp> {
  const map = new Map<string, string[]>()
  const name = (tool: string, written: string) => `${tool} ${readArguments(written).text}`
  for (let number = 0; number < stored; number += 1) {
    const { tool, written, response } = makeCall(number)
    const key = name(tool, written)
    const known = map.get(key)
    if (known === undefined) map.set(key, [response])
    else known.push(response)
  }
  return (call) => map.get(name(call.tool, call.arguments))?.[0] !== undefined
}

async function measure(job: Job): Promise<Found> {
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  const start = performance.now()
  const lookUp = job.kind === 'database' ? await openDatabase(job) : await openMap(job)
  const openMs = performance.now() - start
  globalThis.gc?.()
  const memory = process.memoryUsage().rss - before
  // Every other one asks for a call that was never made.
  const asked = Array.from({ length: lookups }, (_, index) => {
    const number = (index * 7919) % job.stored
    const { tool, written } = makeCall(number)
    return { tool, arguments: index % 2 === 0 ? written : written.replace('order', 'never') }
  })
  const times = asked.map((): number[] => [])
  let hits = 0
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, call] of asked.entries()) {
      const began = performance.now()
      const isHit = lookUp(call, `c-${index}#1`)
      times[index]?.push(performance.now() - began)
      if (isHit) hits += 1
    }
  }
  return { openMs, memory, times, hits: hits / rounds }
}

function receive<Message>(child: ChildProcess): Promise<Message> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as Message))
    child.once('exit', (code) => reject(new Error(`a process ended with ${code}`)))
  })
}

function runApart(job: Job): Promise<Found> {
  const child = fork(import.meta.filename, ['--job', JSON.stringify(job)], { execArgv: ['--expose-gc'] })
  return receive<Found>(child)
}

function summarise({ times }: Found) {
  const all = times.flat().toSorted((one, other) => one - other)
  const at = (share: number) => all[Math.min(all.length - 1, Math.floor(share * all.length))] ?? 0
  return {
    p50: at(0.5),
    p99: at(0.99),
    worst: at(1),
    bestOfWorst: Math.max(...times.map((each) => Math.min(...each))),
  }
}

function format(ms: number): string {
  return ms < 1 ? `${(ms * 1000).toFixed(1)} µs` : `${ms.toFixed(2)} ms`
}

function judge(isWithin: boolean, limit: string): string {
  if (!isWithin) process.exitCode = 1
  return `${isWithin ? 'within' : 'OVER'} ${limit}`
}

async function benchLookups(stored: number, folder: string): Promise<void> {
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MB`
  const buildMs = await store({ kind: 'database', stored, folder })
  const size = async (name: string) => megabytes((await stat(join(folder, name))).size)
  console.log(
    `${stored.toLocaleString('en-US')} calls stored in ${(buildMs / 1000).toFixed(1)} s: ` +
      `index ${await size('tools.index')}, texts ${await size('tools.texts')}`,
  )
  const found = {
    database: await runApart({ kind: 'database', stored, folder }),
    map: await runApart({ kind: 'map', stored, folder }),
  }
  if (found.database.hits !== found.map.hits) throw new Error('the two do not find the same')
  for (const [kind, one] of Object.entries(found)) {
    const { p50, p99, worst, bestOfWorst } = summarise(one)
    const judged =
      kind === 'database'
        ? `: ${judge(Math.max(p99, bestOfWorst) <= limits.lookupMs, `${limits.lookupMs} ms`)}`
        : ''
    console.log(
      `${kind}: open in ${(one.openMs / 1000).toFixed(2)} s, ${megabytes(one.memory)}; a lookup takes ${format(p50)}, ` +
        `p99 ${format(p99)}, the worst ${format(bestOfWorst)} at its best of ${rounds} (${format(worst)} at its worst)${judged}`,
    )
  }
  const ratio = (read: (one: Found) => number) => (read(found.database) / read(found.map)).toFixed(2)
  console.log(
    `database / map: memory ${ratio(({ memory }) => memory)}, opening ${ratio(({ openMs }) => openMs)}, ` +
      `median lookup ${ratio((one) => summarise(one).p50)}`,
  )
}

async function benchTauBench(source: string, folder: string): Promise<void> {
  const text = await readFile(join(source, 'gpt-4o-airline.trials-0-2.json'), 'utf8')
  const conversations = convertTauBench(z.array(trajectorySchema).parse(JSON.parse(text)))
  await writeCorpus({ folder, name: 'tau-bench', conversations })
  const file = join(folder, 'conversations.jsonl')
  const times: { buildMs: number; parseMs: number }[] = []
  for (let round = 0; round < 5; round += 1) {
    const start = performance.now()
    await buildTools(
      {
        paths: ['conversations.jsonl'],
        folder,
        heldOut: [],
        heldOutWhere: ['trial=2'],
        out: join(folder, 'tools'),
        json: true,
        repository: folder,
        now: new Date(),
        rubrics: folder,
      },
      { info: () => undefined, warning: () => undefined, progress: () => undefined },
      () => undefined,
    )
    const middle = performance.now()
    for (const line of (await readFile(file, 'utf8')).split('\n')) if (line !== '') JSON.parse(line)
    times.push({ buildMs: middle - start, parseMs: performance.now() - middle })
  }
  const median = (key: 'buildMs' | 'parseMs') =>
    times.map((each) => each[key]).toSorted((one, other) => one - other)[2] ?? 0
  const worst = Math.max(...times.map(({ buildMs }) => buildMs))
  console.log(
    `tau-bench: described, built and measured on trial 2 in ${median('buildMs').toFixed(0)} ms (${worst.toFixed(0)} ms at worst), ` +
      `${(median('buildMs') / median('parseMs')).toFixed(1)} times JSON.parse: ${judge(worst <= limits.buildMs, `${limits.buildMs} ms`)}`,
  )
}

async function main([stored = '1000000', source = '../shared/data/tau-bench']: string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-tools-'))
  try {
    await benchLookups(Number(stored), join(folder, 'stored'))
    if (existsSync(source)) await benchTauBench(source, join(folder, 'tau-bench'))
    else console.log(`tau-bench: not measured, there is no ${source}`)
  } finally {
    await rm(folder, { recursive: true })
  }
}

const [first, job] = process.argv.slice(2)
if (first === '--job' && job !== undefined) process.send?.(await measure(JSON.parse(job)))
else await main(process.argv.slice(2))
