import { readFile, rm } from 'node:fs/promises'
import { readAction, resolveInputs } from './action.ts'
import { runChild } from './child.ts'
import { createStepFiles, runnerEnvironment, type StepFiles } from './environment.ts'
import { parseFileCommand } from './file-commands.ts'
import { createMasks, type Masks } from './masks.ts'
import { createStepLog, type StepLog, type StepLogWriter } from './step-log.ts'

export type RunActionOptions = {
  /** The folder of `action.yml`. */
  actionDir: string
  /** The loopback stand-ins for GitHub's REST API and the artifact results service, without trailing slash. */
  urls: { github: string; results: string }
  /** A step's `with:`. */
  inputs?: Record<string, string>
  /** A step's `env:`; wins over everything the runner sets. */
  env?: Record<string, string>
  event?: Record<string, unknown>
  eventName?: string
  sha?: string
  /** `GITHUB_TOKEN`; masked, and the value of `github.token` in input defaults. */
  token?: string
  /** `owner/name` */
  repository?: string
  runId?: string
  runAttempt?: number
  /** Values that the log masks from the start, as those of `secrets.*`. */
  secrets?: string[]
  /** An existing folder; made, and removed by `remove`, where absent. */
  workspace?: string
  cancelAfterMs?: number
  /** Cancels the step when aborted: for tests that wait for a request or a line. */
  cancelSignal?: AbortSignal
  /** Sees every line as it is written, unmasked. */
  onLine?: (line: string) => void
  /** The Node to run with. */
  node?: string
  /** After this long the process is killed and the run fails; a guard for tests, not the runner's. */
  timeoutMs?: number
}

/** A finished step. `log` and `rawLog` are whole texts, `summary` is what the runner uploads (masked). */
export type ActionRun = Omit<StepLog, 'log' | 'rawLog'> & {
  exitCode: number
  conclusion: 'success' | 'failure' | 'cancelled'
  log: string
  rawLog: string
  /** Every value masked at the end, the token and the given secrets among them. */
  masks: string[]
  env: Record<string, string>
  summary: string
  summaryBytes: number
  signals: NodeJS.Signals[]
  workspace: string
  temp: string
  ms: number
  /** Removes every folder that the run has made. */
  remove: () => Promise<void>
}

/** GitHub's limit on a step's summary: one byte more and nothing is uploaded. */
const summaryLimitBytes = 1024 * 1024

/** The token that runs carry unless told otherwise, and that the GitHub stand-in takes. */
export const defaultToken = 'ghs_emulatorToken0123456789'

/** Runs an action's `main` as a step of a job on a GitHub-hosted runner. */
export async function runAction(options: RunActionOptions): Promise<ActionRun> {
  const { event = {}, workspace } = options
  const files = await createStepFiles({ event, workspace })
  const remove = () => rm(files.root, { recursive: true, force: true })
  try {
    return { ...(await runStep({ options, files, event })), remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function runStep({ options, files, event }: Stepping): Promise<Omit<ActionRun, 'remove'>> {
  const { token = defaultToken, secrets = [], env = {} } = options
  const action = await readAction(options.actionDir)
  const variables = stepEnvironment({ options, files, event })
  const github = (name: string) => (name === 'token' ? token : variables[`GITHUB_${name.toUpperCase()}`])
  const inputs = resolveInputs({ action, inputs: options.inputs ?? {}, github })
  const masks = createMasks([token, variables.ACTIONS_RUNTIME_TOKEN ?? '', ...secrets])
  const log = createStepLog({ masks, debug: env.RUNNER_DEBUG === '1' })
  warnAboutInputs({ log, unexpected: inputs.unexpected, declared: Object.keys(action.defaults) })
  const { exitCode, signals, ms } = await runChild({
    node: options.node ?? process.execPath,
    main: action.main,
    cwd: files.workspace,
    env: { ...variables, ...inputs.variables, ...env },
    readLine: (line) => {
      log.readLine(line)
      options.onLine?.(line)
    },
    cancel: cancelSignal(options),
    timeoutMs: options.timeoutMs ?? 60_000,
  })
  const written = await readFileCommands({ files, log, masks })
  const result = exitCode !== 0 || log.failed() ? 'failure' : 'success'
  return {
    ...log.stepLog,
    ...written,
    log: log.stepLog.log.join('\n'),
    rawLog: log.stepLog.rawLog.join('\n'),
    masks: masks.values(),
    exitCode,
    conclusion: signals.length > 0 ? 'cancelled' : result,
    signals,
    workspace: files.workspace,
    temp: files.temp,
    ms,
  }
}

type Stepping = { options: RunActionOptions; files: StepFiles; event: Record<string, unknown> }

function stepEnvironment({ options, files, event }: Stepping): Record<string, string> {
  return runnerEnvironment({
    files,
    event,
    eventName: options.eventName ?? 'pull_request',
    sha: options.sha ?? '0'.repeat(40),
    repository: options.repository ?? 'octo/app',
    runId: options.runId ?? '4242',
    runAttempt: options.runAttempt ?? 1,
    urls: options.urls,
  })
}

function cancelSignal({ cancelAfterMs, cancelSignal }: RunActionOptions): AbortSignal {
  const sources = [
    ...(cancelSignal ? [cancelSignal] : []),
    ...(cancelAfterMs === undefined ? [] : [AbortSignal.timeout(cancelAfterMs)]),
  ]
  return AbortSignal.any(sources)
}

function warnAboutInputs(given: { log: StepLogWriter; unexpected: string[]; declared: string[] }): void {
  if (given.unexpected.length === 0) return
  const list = (names: string[]) => names.map((name) => `'${name}'`).join(', ')
  const message = `Unexpected input(s) ${list(given.unexpected)}, valid inputs are [${list(given.declared)}]`
  given.log.annotate({ level: 'warning', message, properties: {} })
}

type Reading = { files: StepFiles; log: StepLogWriter; masks: Masks }

async function readFileCommands({ files, log, masks }: Reading) {
  const { commands } = files
  const parse = async (name: 'env' | 'output' | 'state') => {
    try {
      return parseFileCommand(await readIfPresent(commands[name]))
    } catch (error) {
      log.fail(`Unable to process file command '${name}' successfully.`)
      log.fail(error instanceof Error ? error.message : String(error))
      return {}
    }
  }
  const env = await parse('env')
  const outputs = { ...log.stepLog.outputs, ...(await parse('output')) }
  const state = { ...log.stepLog.state, ...(await parse('state')) }
  const summary = await readIfPresent(commands.summary)
  const summaryBytes = Buffer.byteLength(summary)
  if (summaryBytes <= summaryLimitBytes) {
    return { env, outputs, state, summaryBytes, summary: masks.apply(summary) }
  }
  const message = `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got ${summaryBytes >> 10}k.`
  log.annotate({ level: 'error', message, properties: {} })
  return { env, outputs, state, summaryBytes, summary: '' }
}

async function readIfPresent(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
}
