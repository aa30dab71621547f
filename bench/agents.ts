// What answering tool calls costs a run: trajectories of eight requests beside as many requests of plain chat, the whole gate
// both times, against the same stub on this machine, by turns. Calls are answered from the log of the conversation; nothing
// is judged. A rate is of the requests from the first until the process has ended.
//
//   node bench/agents.ts [trajectories] [rounds] [the gate's cli.js]
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { makeConversations, writeGateWorld } from './gate-world.ts'
import { pages, startStub } from './stub.ts'

const [trajectories = 1000, rounds = 5] = process.argv.slice(2, 4).map(Number)
const cli = resolve(process.argv[4] ?? join(import.meta.dirname, '../dist/cli.js'))
const steps = pages.count + 1
const concurrency = 64
const target = 0.8
/** At most. Without it all trajectories go in step, and gate and server wait for each other by turns. */
const latencyMs = 20

/** Conversations in which production read all pages at once, so that each has one turn. */
async function writeAgentWorld(folder: string, turns: number): Promise<void> {
  await writeGateWorld(folder, { turns, concurrency, words: true })
  const parameters = { type: 'object', properties: { page: { type: 'integer' } }, required: ['page'] }
  const tools = [{ type: 'function', function: { name: pages.tool, parameters } }]
  const numbers = Array.from({ length: pages.count }, (_, page) => page)
  const calls = numbers.map((page) => ({
    id: `past-${page}`,
    type: 'function',
    function: { name: pages.tool, arguments: JSON.stringify({ page }) },
  }))
  const lines = [...makeConversations(turns)].map(({ id, messages }) => {
    const text = messages[1]?.content ?? ''
    const results = numbers.map((page) => ({
      role: 'tool',
      tool_call_id: `past-${page}`,
      content: JSON.stringify({ page, text }),
    }))
    const [system, ...rest] = messages
    const asked = [system, ...rest.filter(({ role }) => role === 'user')]
    return JSON.stringify({
      id,
      tools,
      messages: [...asked, { role: 'assistant', tool_calls: calls }, ...results],
    })
  })
  const text = lines.map((line) => `${line}\n`).join('')
  const sha256 = createHash('sha256').update(text).digest('hex')
  await writeFile(join(folder, 'conversations.jsonl'), text)
  const file = { path: 'conversations.jsonl', sha256, conversations: turns, turns }
  await writeFile(
    join(folder, 'manifest.json'),
    JSON.stringify({ version: 1, name: 'agents', files: [file] }),
  )
  await appendFile(join(folder, 'checkpoint-gate.yml'), 'tools: { environments: [recorded, blocked] }\n')
}

const watch = join(import.meta.dirname, 'contenders/watch.mjs')

/** Runs the gate, which leaves what it took in a report. */
function run(words: string[], report: string): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, ['--import', watch, cli, ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, BENCH_REPORT: report },
    })
    let said = ''
    child.stderr.on('data', (text) => {
      said += String(text)
    })
    // A run that finds nothing may be inconclusive: what counts is that it asked.
    child.on('close', (code) => (code === null ? fail(new Error(said)) : done()))
  })
}

const stub = await startStub(latencyMs)
const root = await mkdtemp(join(tmpdir(), 'checkpoint-gate-bench-'))
const worlds = { chat: join(root, 'chat'), agents: join(root, 'agents') }
await writeGateWorld(worlds.chat, { turns: (trajectories * steps) / 2, concurrency, words: true })
await writeAgentWorld(worlds.agents, trajectories / 2)

/** Requests a second, and processor time for each in microseconds. */
interface Measured {
  perSecond: number
  cpuUs: number
}

async function measure(name: keyof typeof worlds, round: number): Promise<Measured> {
  const report = join(root, 'report.json')
  await stub.take()
  const endpoints = ['baseline', 'candidate'].flatMap((arm) => ['--endpoint', `${arm}=${stub.url}`])
  const words = [
    'gate',
    '--dir',
    worlds[name],
    '--policy',
    'checkpoint-gate.yml',
    '--repository',
    'bench/bench',
  ]
  const arms = ['--baseline', 'ckpt-0', '--candidate', 'ckpt-1', '--out', join(root, `${name}-${round}`)]
  await run([...words, ...arms, ...endpoints], report)
  const endMs = Date.now()
  const { requests, firstMs } = await stub.take()
  const asked = trajectories * steps
  // The lists of models come on top.
  if (requests < asked || requests > asked + 20)
    throw new Error(`${name}: ${requests} requests, not ${asked}`)
  const { cpuMs } = JSON.parse(await readFile(report, 'utf8')) as { cpuMs: number }
  return { perSecond: (1000 * requests) / (endMs - firstMs), cpuUs: (1000 * cpuMs) / requests }
}

const ratios: number[] = []
const processor: number[] = []
for (let round = 0; round < rounds; round += 1) {
  const order = round % 2 === 0 ? (['chat', 'agents'] as const) : (['agents', 'chat'] as const)
  const none = { perSecond: 0, cpuUs: 0 }
  const taken = { chat: none, agents: none }
  for (const name of order) taken[name] = await measure(name, round)
  const { chat, agents } = taken
  ratios.push(agents.perSecond / chat.perSecond)
  processor.push(agents.cpuUs / chat.cpuUs)
  const say = ({ perSecond, cpuUs }: Measured) =>
    `${perSecond.toFixed(0)} requests a second, ${cpuUs.toFixed(0)} µs of processor time each`
  console.log(`  round ${round + 1}: chat ${say(chat)}; agents ${say(agents)}`)
}
stub.stop()
await rm(root, { recursive: true, force: true })
const takeMedian = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const median = takeMedian(ratios)
console.log(`processor time of a request, agents / chat: ${takeMedian(processor).toFixed(2)}`)
console.log(
  `agents / chat, ${trajectories} trajectories of ${steps} requests: ${median.toFixed(2)}, at least ${target}: ${median >= target ? 'within' : 'BELOW'}`,
)
if (median < target) process.exitCode = 1
