import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError, Option } from 'commander'
import { boundHeap } from './adapters/heap.ts'
import { createTerminalLog } from './adapters/terminal-log.ts'
import { addBatch } from './commands/batch-command.ts'
import { runCalibrate } from './commands/calibrate.ts'
import { addToLabelledSet } from './commands/calibrate-add.ts'
import { addCorpus } from './commands/corpus-command.ts'
import { decideAgain } from './commands/decide.ts'
import { runDemo, serveDemo } from './commands/demo.ts'
import { printLint } from './commands/lint.ts'
import {
  base,
  baseline,
  candidate,
  collect,
  corpusDir,
  createCancelSignal,
  folder,
  nameRepository,
  policy,
  type SourceWords,
  tier,
  type Wiring,
} from './commands/options.ts'
import { runPlan } from './commands/plan.ts'
import { addRealism } from './commands/realism-command.ts'
import { addRegister } from './commands/register-command.ts'
import { runFromTerminal } from './commands/run.ts'
import { addShards } from './commands/shard-command.ts'
import { exitCodes } from './conclusion.ts'
import { formatError, GateError } from './errors.ts'
import { weeklyRuns } from './forecast-run.ts'
import { safeLines } from './safe-text.ts'
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
    // `calibrate` and `calibrate add` have options of the same names.
    .enablePositionalOptions()
    .addHelpText('after', '\nExit codes: 0 pass, 1 fail, 2 inconclusive or invalid, 3 no verdict.')
  const wiring = { program, finish, log }
  addDemo(wiring)
  addGate(wiring)
  addShards(wiring, { rubrics, print })
  addBatch(wiring, { rubrics, print })
  addPlan(wiring)
  addRegister(wiring, { rubrics, print })
  addDecide(wiring)
  addLint(wiring)
  addCalibrate(wiring)
  addCorpus(program, { log, rubrics, print })
  addRealism(wiring, { rubrics, print })
  return program
}

function addDemo({ program, finish }: Wiring): void {
  program
    .command('demo')
    .description('see the gate work on simulated checkpoints; needs nothing else')
    .addOption(
      new Option('--candidate <which>', 'the simulated candidate').choices(['good', 'bad']).default('bad'),
    )
    .option('--out <folder>', 'where to write', 'checkpoint-gate-run')
    .option('--serve <port>', 'only serve the simulated models on 127.0.0.1, until interrupted')
    .action(async ({ serve, ...options }: { candidate: string; out: string; serve?: string }) => {
      const cancelled = createCancelSignal()
      if (serve !== undefined) {
        finish(await serveDemo(serve, cancelled, print))
        return
      }
      const log = createTerminalLog({ stream: process.stderr, progressEveryMs: 1000 })
      finish(await runDemo({ ...options, installRoot, rubrics, cancelled }, log, print))
    })
}

function addGate({ program, finish, log }: Wiring): void {
  program
    .command('gate')
    .description('measure a candidate and decide')
    .addOption(folder)
    .addOption(policy)
    .addOption(base)
    .addOption(baseline)
    .addOption(candidate)
    .option(
      '--endpoint <name=url>',
      'baseline, candidate and judge; url may be recorded:file.jsonl',
      collect,
      [],
    )
    .addOption(corpusDir)
    .addOption(nameRepository(process.env))
    .addOption(tier)
    .option('--out <folder>', 'where to write; an unfinished run there is continued', 'checkpoint-gate-run')
    .option(
      '--baseline-from <run-dir>',
      'a complete run whose answers of the baseline are reused, as the policy lets them be',
    )
    .action(async (options: SourceWords & { endpoint: string[]; out: string; baselineFrom?: string }) => {
      const { dir, endpoint: endpoints } = options
      const cancelled = createCancelSignal()
      finish(await runFromTerminal({ ...options, folder: dir, endpoints, rubrics, cancelled }, log, print))
    })
}

interface PlanWords extends SourceWords {
  endpoint: string[]
  out: string
  json: boolean
  aa: boolean
  from?: string
  runsPerYear: string
}

function addPlan({ program, finish, log }: Wiring): void {
  program
    .command('plan')
    .description('what a run would show and cost; asks no endpoint without --aa')
    .addOption(folder)
    .addOption(policy)
    .addOption(base)
    .addOption(baseline)
    .addOption(candidate)
    .addOption(corpusDir)
    .addOption(nameRepository(process.env))
    .addOption(tier)
    .option('--from <run-dir>', "an earlier run: the baseline's rates and what a turn takes are from it")
    .option('--runs-per-year <n>', 'how often a candidate is judged', String(weeklyRuns))
    .option('--aa', "replay the baseline against itself: measures the gate's own false alarms", false)
    .option('--endpoint <name=url>', 'with --aa: baseline and judge', collect, [])
    .option('--out <folder>', 'with --aa: where to write', 'checkpoint-gate-aa')
    .option('--json', 'as JSON', false)
    .action(async (options: PlanWords) => {
      const { dir, endpoint: endpoints } = options
      const cancelled = createCancelSignal()
      finish(await runPlan({ ...options, folder: dir, endpoints, rubrics, cancelled }, log, print))
    })
}

function addDecide({ program, finish }: Wiring): void {
  program
    .command('decide')
    .description('decide again from the record of a run, offline')
    .argument('<run-dir>')
    .option('--audit <file>', 'what people said of its flags, as JSON lines: take it into the record')
    .option('--reviews <file>', 'the same as the filled in review.csv of a run')
    .action(async (runFolder: string, options: { audit?: string; reviews?: string }) => {
      const { audit = null, reviews = null } = options
      finish(await decideAgain({ folder: runFolder, audit, reviews, print }))
    })
}

function addLint({ program, finish }: Wiring): void {
  program
    .command('lint')
    .description('check policy, registrations, rubrics and corpus')
    .addOption(folder)
    .addOption(policy)
    .addOption(corpusDir)
    .action(async ({ dir, ...options }: { dir: string; policy: string; corpusDir?: string }) =>
      finish(await printLint({ ...options, folder: dir, rubrics }, print)),
    )
}

interface CalibrateWords {
  dir: string
  policy: string
  set: string[]
  category: string[]
  endpoint: string[]
  out: string
  once: boolean
}

interface CalibrateAddWords {
  dir: string
  policy: string
  corpusDir?: string
  to: string
  category: string
  turns?: string
}

function addCalibrate({ program, finish, log }: Wiring): void {
  const calibrate = program
    .command('calibrate')
    .description("count how often the policy's graders err on labelled examples")
    .enablePositionalOptions()
    .addOption(folder)
    .addOption(policy)
    .option('--set <file>', 'a labelled set; else those that the policy names as calibrations', collect, [])
    .option('--category <id>', 'a category; else every one that has labels', collect, [])
    .option('--endpoint <name=url>', 'judge; url may be recorded:file.jsonl', collect, [])
    .option('--out <file>', 'where to write the record', 'calibration.json')
    .option(
      '--once',
      'grade each item once, which leaves out how far the graders agree with themselves',
      false,
    )
    .action(async (options: CalibrateWords) => {
      const { dir, set: sets, category: categories, endpoint: endpoints, ...others } = options
      const cancelled = createCancelSignal()
      const words = { ...others, folder: dir, sets, categories, endpoints, rubrics, cancelled }
      finish(await runCalibrate(words, log, print))
    })
  calibrate
    .command('add')
    .description("add the baseline's turns of a run, whose flags were read, to a labelled set")
    .argument('<run-dir>')
    .requiredOption('--to <file>', 'the labelled set')
    .requiredOption('--category <id>', 'what the turns are labelled in')
    .option('--turns <n>', "how many of the run's first turns, a random part of them; else all")
    .addOption(folder)
    .addOption(policy)
    .addOption(corpusDir)
    .action(async (run: string, { dir, ...options }: CalibrateAddWords) =>
      finish(await addToLabelledSet({ ...options, run, folder: dir, rubrics }, print)),
    )
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

boundHeap()
process.exitCode = await runCli(process.argv)
