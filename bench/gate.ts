// The whole gate against two evaluation tools: replay of two checkpoints and one judge's call for each answer, with the
// same conversations and rubric, the same number of requests, against the same stub on this machine, by turns.
//
// The tools come from npm into a scratch folder, once; they run without their servers, and can reach nothing but this
// machine. A rate is of the requests from the first until the process has ended, so that starting a program does not
// count, and writing its results does.
//
//   node bench/gate.ts [turns] [rounds] [the gate's cli.js]
import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { writeGateWorld } from './gate-world.ts'
import { type Stub, startStub } from './stub.ts'

const [turns = 10_000, rounds = 3] = process.argv.slice(2, 4).map(Number)
const root = resolve(import.meta.dirname, '..')
const cli = resolve(process.argv[4] ?? join(root, 'dist/cli.js'))
/** The gate's is for each of its three endpoints. */
const underWay = 192
const targets = { promptfoo: 20, braintrust: 2 }
const versions = { promptfoo: '0.123.1', braintrust: '3.35.0', openai: '6.30.1' }
const scratch = join(tmpdir(), 'checkpoint-gate-bench')

/** What one run took. */
interface Run {
  requests: number
  perSecond: number
  seconds: number
  peakMib: number
  cpuUs: number
}

async function install(): Promise<void> {
  await mkdir(scratch, { recursive: true })
  const wanted = JSON.stringify({ private: true, type: 'module', dependencies: versions }, null, 2)
  const there = await readFile(join(scratch, 'installed.json'), 'utf8').catch(() => '')
  await cp(join(root, 'bench/contenders'), scratch, { recursive: true })
  if (there === wanted) return
  console.log(`installing ${Object.keys(versions).join(', ')} into ${scratch}`)
  await writeFile(join(scratch, 'package.json'), wanted)
  const words = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const code = await run('npm', words, { cwd: scratch, env: process.env })
  if (code !== 0) throw new Error('the tools could not be installed')
  await writeFile(join(scratch, 'installed.json'), wanted)
}

function run(
  command: string,
  words: string[],
  options: { cwd: string; env: Record<string, string | undefined> },
): Promise<number | null> {
  return new Promise((done) => {
    const child = spawn(command, words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        said += String(text)
      })
    child.on('close', (code) => {
      if (code !== 0 && process.env.BENCH_VERBOSE === '1') console.log(said)
      done(code)
    })
  })
}

async function measure(stub: Stub, script: string, words: string[]): Promise<Run> {
  const report = join(scratch, 'report.json')
  await rm(report, { force: true })
  await stub.take()
  const startMs = Date.now()
  const code = await run(process.execPath, ['--import', join(scratch, 'watch.mjs'), script, ...words], {
    cwd: scratch,
    env: { ...quiet, PATH: process.env.PATH, HOME: scratch, BENCH_REPORT: report },
  })
  const endMs = Date.now()
  const { requests, firstMs } = await stub.take()
  if (requests === 0) throw new Error(`${script} asked nothing, and ended with ${code}`)
  const { peakKib, cpuMs } = JSON.parse(await readFile(report, 'utf8')) as { peakKib: number; cpuMs: number }
  return {
    requests,
    perSecond: (1000 * requests) / (endMs - firstMs),
    seconds: (endMs - startMs) / 1000,
    peakMib: peakKib / 1024,
    cpuUs: (1000 * cpuMs) / requests,
  }
}

const quiet = {
  PROMPTFOO_DISABLE_TELEMETRY: '1',
  PROMPTFOO_DISABLE_UPDATE: '1',
  PROMPTFOO_DISABLE_REMOTE_GENERATION: '1',
  PROMPTFOO_DISABLE_SHARING: '1',
  PROMPTFOO_CACHE_ENABLED: 'false',
  PROMPTFOO_CONFIG_DIR: join(scratch, 'promptfoo'),
  BRAINTRUST_DISABLE_INSTRUMENTATION: '1',
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

await install()
const world = await mkdtemp(join(tmpdir(), 'checkpoint-gate-bench-'))
await writeGateWorld(world, { turns, concurrency: underWay / 3 })
const stub = await startStub()
const given = [
  join(world, 'conversations.jsonl'),
  join(root, 'rubrics/over-refusal.md'),
  stub.url,
  String(underWay),
]
const endpoints = ['baseline', 'candidate', 'judge'].flatMap((name) => ['--endpoint', `${name}=${stub.url}`])
const contenders: Record<string, (round: number) => Promise<Run>> = {
  gate: (round) =>
    measure(stub, cli, [
      ...['gate', '--dir', world, '--corpus-dir', world, '--policy', 'checkpoint-gate.yml'],
      ...['--baseline', 'ckpt-0', '--candidate', 'ckpt-1', '--repository', 'bench/bench'],
      ...[...endpoints, '--out', join(world, `run-${round}`)],
    ]),
  braintrust: () => measure(stub, join(scratch, 'braintrust.mjs'), given),
  promptfoo: () => measure(stub, join(scratch, 'promptfoo.mjs'), given),
}

const runs: Record<string, Run[]> = {}
for (let round = 0; round < rounds; round += 1)
  for (const [name, contend] of Object.entries(contenders)) {
    const one = await contend(round)
    runs[name] = [...(runs[name] ?? []), one]
    console.log(`  round ${round + 1}, ${name}: ${one.perSecond.toFixed(0)} requests a second`)
  }
stub.stop()
await rm(world, { recursive: true, force: true })

for (const [name, ones] of Object.entries(runs)) {
  const take = (key: keyof Run) => median(ones.map((one) => one[key]))
  console.log(
    `${name}: ${take('perSecond').toFixed(0)} requests a second, ${take('requests')} in ${take('seconds').toFixed(1)} s with its start; ` +
      `${take('cpuUs').toFixed(0)} µs of processor time each, ${take('peakMib').toFixed(0)} MiB at most`,
  )
}
for (const [name, target] of Object.entries(targets)) {
  const compare = (of: (one: Run, other: Run) => number) =>
    median(
      (runs.gate ?? []).flatMap(
        (one, round) => runs[name]?.slice(round, round + 1).map((other) => of(one, other)) ?? [],
      ),
    )
  const ratio = compare((gate, other) => gate.perSecond / other.perSecond)
  // Does not depend on who else uses the machine.
  const cpu = compare((gate, other) => other.cpuUs / gate.cpuUs)
  console.log(
    `gate / ${name}: ${ratio.toFixed(1)} times the requests a second, ${cpu.toFixed(1)} times as many for the same processor time; at least ${target}: ${ratio >= target ? 'within' : 'BELOW'}`,
  )
  if (ratio < target) process.exitCode = 1
}
