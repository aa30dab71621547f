import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError, Option } from 'commander'
import { systemClock } from './adapters/clock.ts'
import { startDemoServer } from './adapters/demo-server.ts'
import { createFiles, createWorkTree } from './adapters/files.ts'
import { openRunDirectory } from './adapters/run-directory.ts'
import { createTerminalLog } from './adapters/terminal-log.ts'
import { decideAgain } from './commands/decide.ts'
import { runPlan } from './commands/plan.ts'
import { runFromTerminal } from './commands/run.ts'
import { exitCodes } from './conclusion.ts'
import { describeCorpus } from './corpus/describe.ts'
import { formatError, GateError } from './errors.ts'
import { weeklyRuns } from './forecast-run.ts'
import { lint } from './lint.ts'
import { safeLines } from './safe-text.ts'
import type { Tier } from './tier.ts'
import { gateVersion } from './version.ts'

const installRoot = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const rubrics = resolve(installRoot, 'rubrics')

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function createProgram(finish: (exitCode: number) => void): Command {
  const log = createTerminalLog({ stream: process.stderr, progressEveryMs: 30_000 })
  const program = new Command('checkpoint-gate')
    .description('Decides whether a model checkpoint may ship.')
    .version(gateVersion)
    .exitOverride()
    .addHelpText('after', '\nExit codes: 0 pass, 1 fail, 2 inconclusive or invalid, 3 no verdict.')
  addDemo(program, finish)
  const policy = new Option('--policy <file>', 'the policy').default('.github/checkpoint-gate.yml')
  const folder = new Option('--dir <folder>', 'the repository').default('.')
  const corpusDir = new Option(
    '--corpus-dir <folder>',
    'where the corpus files lie (default: the repository)',
  )
  const repository = new Option('--repository <owner/name>', 'a part of the seed of the draw').default(
    process.env.GITHUB_REPOSITORY ?? 'local',
  )
  const tier = new Option('--tier <tier>', 'smoke asks only the first turns of the draw')
    .choices(['smoke', 'release'])
    .default('release')
  program
    .command('gate')
    .description('measure a candidate and decide')
    .addOption(folder)
    .addOption(policy)
    .option('--base <ref>', 'the commit with the served checkpoint and the policy that decides')
    .option('--baseline <id>', 'the served checkpoint, instead of the one at --base')
    .option('--candidate <id>', 'the candidate, instead of the one in the work tree')
    .option(
      '--endpoint <name=url>',
      'baseline, candidate and judge; url may be recorded:file.jsonl',
      collect,
      [],
    )
    .addOption(corpusDir)
    .option(
      '--repository <owner/name>',
      'a part of the seed of the draw',
      process.env.GITHUB_REPOSITORY ?? 'local',
    )
    .addOption(tier)
    .option('--out <folder>', 'where to write; an unfinished run there is continued', 'checkpoint-gate-run')
    .action(async (options: GateCommandOptions) => {
      const run = {
        ...options,
        folder: options.dir,
        endpoints: options.endpoint,
        rubrics,
        cancelled: createCancelSignal(),
      }
      finish(await runFromTerminal(run, log, print))
    })
  program
    .command('plan')
    .description('what a run would show and cost; asks no endpoint without --aa')
    .addOption(folder)
    .addOption(policy)
    .option('--base <ref>', 'the commit with the served checkpoint and the policy that decides')
    .option('--baseline <id>', 'the served checkpoint, instead of the one at --base')
    .option('--candidate <id>', 'the candidate, instead of the one in the work tree')
    .addOption(corpusDir)
    .addOption(repository)
    .addOption(tier)
    .option('--from <run-dir>', "an earlier run: the baseline's rates and what a turn takes are from it")
    .option('--runs-per-year <n>', 'how often a candidate is judged', String(weeklyRuns))
    .option('--aa', "replay the baseline against itself: measures the gate's own false alarms", false)
    .option('--endpoint <name=url>', 'with --aa: baseline and judge', collect, [])
    .option('--out <folder>', 'with --aa: where to write', 'checkpoint-gate-aa')
    .option('--json', 'as JSON', false)
    .action(async (options: PlanCommandOptions) => {
      const { dir: folder, endpoint: endpoints } = options
      const shared = { ...options, folder, endpoints, rubrics, cancelled: createCancelSignal() }
      finish(await runPlan(shared, log, print))
    })
  program
    .command('decide')
    .description('decide again from the record of a run, offline')
    .argument('<run-dir>')
    .option('--audit <file>', 'what people said of its flags, as JSON lines: take it into the record')
    .option('--reviews <file>', 'the same as the filled in review.csv of a run')
    .action(async (runFolder: string, { audit = null, reviews = null }: DecideCommandOptions) =>
      finish(await decideAgain({ folder: runFolder, audit, reviews, print })),
    )
  program
    .command('lint')
    .description('check policy, registrations, rubrics and corpus')
    .addOption(folder)
    .addOption(policy)
    .addOption(corpusDir)
    .action(async (options: LintCommandOptions) => finish(await printLint(options)))
  const corpus = program.command('corpus').description('work with a corpus')
  corpus
    .command('manifest')
    .description('write the manifest of corpus files')
    .requiredOption('--name <name>', "the corpus's name")
    .option('--dir <folder>', 'what the paths are relative to', '.')
    .argument('<files...>', 'conversations, as .jsonl or .jsonl.gz')
    .action(async (paths: string[], options: { name: string; dir: string }) => {
      const files = createFiles({ corpus: options.dir, rubrics })
      // The manifest is read elsewhere, where only paths inside the corpus folder mean anything.
      const inside = paths.map((path) => relative(options.dir, resolve(options.dir, path)))
      print(JSON.stringify(await describeCorpus({ name: options.name, paths: inside, files }), null, 2))
    })
  return program
}

interface SourceCommandOptions {
  dir: string
  policy: string
  base?: string
  baseline?: string
  candidate?: string
  corpusDir?: string
  repository: string
  tier: Tier
}

interface GateCommandOptions extends SourceCommandOptions {
  endpoint: string[]
  out: string
}

interface PlanCommandOptions extends GateCommandOptions {
  json: boolean
  aa: boolean
  from?: string
  runsPerYear: string
}

interface DecideCommandOptions {
  audit?: string | null
  reviews?: string | null
}

interface LintCommandOptions {
  dir: string
  policy: string
  corpusDir?: string
}

function addDemo(program: Command, finish: (exitCode: number) => void): void {
  program
    .command('demo')
    .description('see the gate work on simulated checkpoints; needs nothing else')
    .addOption(
      new Option('--candidate <which>', 'the simulated candidate').choices(['good', 'bad']).default('bad'),
    )
    .option('--out <folder>', 'where to write', 'checkpoint-gate-run')
    .option('--serve <port>', 'only serve the simulated models on 127.0.0.1, until interrupted')
    .action(async (options: { candidate: string; out: string; serve?: string }) => {
      if (options.serve !== undefined) {
        finish(await serveDemo(parsePort(options.serve)))
        return
      }
      const log = createTerminalLog({ stream: process.stderr, progressEveryMs: 1000 })
      log.info('Simulated checkpoints and a simulated judge, served on loopback (docs/demo.md).')
      const server = await startDemoServer()
      try {
        // The demo starts anew each time: a run that lies there would be continued.
        await (await openRunDirectory(options.out)).write('journal.jsonl', [])
        const address = server.url
        finish(
          await runFromTerminal(
            {
              folder: resolve(installRoot, 'examples/demo'),
              policy: 'checkpoint-gate.yml',
              baseline: 'demo-baseline',
              candidate: `demo-${options.candidate}`,
              endpoints: ['baseline', 'candidate', 'judge'].map((name) => `${name}=${address}`),
              rubrics,
              out: options.out,
              repository: 'checkpoint-gate/demo',
              tier: 'release',
              cancelled: createCancelSignal(),
            },
            log,
            print,
          ),
        )
      } finally {
        await server.close()
      }
    })
}

async function serveDemo(port: number): Promise<number> {
  const server = await startDemoServer(port).catch((cause: unknown) => {
    throw new GateError({
      code: 'usage',
      message: `the port ${port} can't be listened on: ${cause instanceof Error ? cause.message : String(cause)}`,
      remedy: 'name another port, or 0 for a free one',
      cause,
    })
  })
  print(`Serving the simulated models on ${server.url}; stop with Ctrl-C.`)
  const cancelled = createCancelSignal()
  await new Promise((resolved) => cancelled.addEventListener('abort', resolved, { once: true }))
  await server.close()
  return exitCodes.success
}

function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new GateError({
    code: 'usage',
    message: `"${text}" is not a port`,
    remedy: 'give a number from 0 to 65535; 0 takes a free one',
  })
}

async function printLint(options: LintCommandOptions): Promise<number> {
  const { problems, checked } = await lint({
    repository: createWorkTree(options.dir),
    sha: 'work tree',
    files: createFiles({ corpus: options.corpusDir ?? options.dir, rubrics }),
    policyFile: options.policy,
    now: systemClock.now(),
  })
  for (const line of checked) print(`ok  ${safeLines(line)}`)
  for (const problem of problems) print(safeLines(formatError(problem), 2000))
  print(
    problems.length === 0
      ? 'No problems.'
      : `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}.`,
  )
  return problems.length === 0 ? exitCodes.success : exitCodes.noVerdict
}

function collect(value: string, before: string[]): string[] {
  return [...before, value]
}

function createCancelSignal(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort())
  return controller.signal
}

function describeDefect(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

async function runCli(words: string[]): Promise<number> {
  let exitCode: number = exitCodes.success
  try {
    await createProgram((code) => {
      exitCode = code
    }).parseAsync(words)
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success : exitCodes.noVerdict
    // Never exit code 1, which is Node's for a crash and ours for FAIL.
    const text =
      error instanceof GateError ? formatError(error) : `a defect of the gate: ${describeDefect(error)}`
    process.stderr.write(`NO VERDICT: ${safeLines(text, 2000)}\n`)
    return exitCodes.noVerdict
  }
}

// A reader that has seen enough, such as `head`, closes the pipe: no defect, and never exit code 1.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(process.exitCode ?? exitCodes.success)
})

process.exitCode = await runCli(process.argv)
