import { randomBytes } from 'node:crypto'
import { clientFactory } from '../adapters/clients.ts'
import { systemClock } from '../adapters/clock.ts'
import { corpusUrlsVariable } from '../adapters/corpus-urls.ts'
import { createFiles, createWorkTree } from '../adapters/files.ts'
import { openFolderBaseline } from '../adapters/folder-baseline.ts'
import { createGitChanges, createGitFiles, resolveCommit } from '../adapters/git.ts'
import { connectToolServer } from '../adapters/mcp-connector.ts'
import { openRemoteCorpus } from '../adapters/remote-corpus.ts'
import { openRunDirectory } from '../adapters/run-directory.ts'
import { chooseExitCode, exitCodes } from '../conclusion.ts'
import { createConnector } from '../connect.ts'
import { createToolConnector } from '../connect-tools.ts'
import { GateError } from '../errors.ts'
import { type GateResult, type JudgePorts, runGate } from '../gate.ts'
import type { Commits } from '../policy/commits.ts'
import type { Log, RepositoryFiles } from '../ports.ts'
import type { GatePorts, GateRequest, SourcePorts } from '../prepare.ts'
import { writeReports } from '../publish.ts'
import { parseEndpoints } from '../replay/address.ts'
import { renderUnchanged } from '../report/reporters/message.ts'
import { renderTable } from '../report/reporters/terminal.ts'
import { chooseUnmeasuredCode, renderUnmeasured } from '../unmeasured.ts'
import { gateVersion } from '../version.ts'

/** The name of the work tree among commits. */
const workTree = 'work tree'

/** What a command that reads a repository is given. */
export interface SourceOptions {
  folder: string
  policy: string
  base?: string | undefined
  baseline?: string | undefined
  candidate?: string | undefined
  corpusDir?: string | undefined
  rubrics: string
  repository: string
  tier: 'smoke' | 'release'
}

/** What `gate` is given. */
export interface GateOptions extends SourceOptions {
  endpoints: string[]
  out: string
  /** The directory of an earlier run, whose baseline need not be asked again. */
  baselineFrom?: string | undefined
  cancelled: AbortSignal
}

/** Runs the gate from a terminal and prints the table. */
export async function runFromTerminal(
  options: GateOptions,
  log: Log,
  print: (text: string) => void,
): Promise<number> {
  const { baselineFrom } = options
  const baselines = baselineFrom === undefined ? null : await openFolderBaseline(baselineFrom)
  const ports = { ...createGatePorts(options, log), baselines }
  const result = await runGate(await createRequest(options), ports)
  return printResult(result, print)
}

/** Connects the MCP servers of connectors, as `connectByOption` does endpoints. */
export function connectToolsByOption(endpoints: string[]): NonNullable<GatePorts['connectTools']> {
  return createToolConnector({
    endpoints: parseEndpoints(endpoints),
    environment: process.env,
    connect: connectToolServer,
    remedy: 'give it with --endpoint name=url',
  })
}

/** Connects the endpoints whose addresses stand in `--endpoint`, with the keys of the environment. */
export function connectByOption(endpoints: string[], log: Log): GatePorts['connect'] {
  return createConnector({
    endpoints: parseEndpoints(endpoints),
    environment: process.env,
    factory: clientFactory,
    clock: systemClock,
    log,
    remedy: 'give it with --endpoint name=url, or --endpoint name=recorded:file.jsonl',
  })
}

/** The world, as a command that measures reaches it. */
export function createGatePorts(options: GateOptions, log: Log): JudgePorts {
  return {
    ...createSources(options),
    changes: createGitChanges(options.folder, workTree),
    // What is measured on a terminal counts for nobody but whoever looks at it.
    history: null,
    reviews: null,
    openDirectory: () => openRunDirectory(options.out),
    connect: connectByOption(options.endpoints, log),
    connectTools: connectToolsByOption(options.endpoints),
    log,
    random: Math.random,
    delimiter: randomBytes(8).toString('hex'),
    cancelled: options.cancelled,
  }
}

/** Which commits a command reads, and by which name the repository goes. */
export async function createRequest(options: SourceOptions): Promise<GateRequest> {
  return {
    commits: await chooseCommits(options),
    policyFile: options.policy,
    repositoryName: options.repository,
    publicRepository: false,
    run: { attempt: 1, id: null, event: 'cli', tier: options.tier },
    gateVersion,
  }
}

/** Where a command reads from. */
export function createSources(options: SourceOptions): SourcePorts {
  const corpus = options.corpusDir ?? options.folder
  return {
    repository: combineFiles(options.folder),
    files: createFiles({
      corpus,
      rubrics: options.rubrics,
      remote: openRemoteCorpus(process.env[corpusUrlsVariable]),
    }),
    clock: systemClock,
  }
}

/** Prints what a run ended with, and gives its exit code. */
export async function printResult(result: GateResult, print: (text: string) => void): Promise<number> {
  if (result.kind === 'unchanged') {
    print(`UNCHANGED: the checkpoint is ${result.checkpoint} on both sides; nothing was measured.`)
    for (const line of renderUnchanged(result).details) print(line)
    return exitCodes.success
  }
  if (result.kind !== 'decided') {
    const { headline, details } = renderUnmeasured(result, 'cli')
    for (const line of [headline, ...details]) print(line)
    return chooseUnmeasuredCode(result)
  }
  const view = await writeReports(result.directory, result.decided)
  print(renderTable(view))
  print(`\nReport: ${result.directory.path}/report.html`)
  return chooseExitCode(result.decided.verdict)
}

async function chooseCommits(options: SourceOptions): Promise<Commits> {
  const candidate: Commits['candidate'] =
    options.candidate === undefined
      ? { kind: 'commit', sha: workTree }
      : { kind: 'named', checkpoint: options.candidate }
  if (options.base !== undefined) {
    const sha = await resolveCommit(options.folder, options.base)
    const baseline: Commits['baseline'] =
      options.baseline === undefined
        ? { kind: 'commit', sha }
        : { kind: 'named', checkpoint: options.baseline }
    const checkedOut = await resolveCommit(options.folder, 'HEAD').catch(() => null)
    return {
      policy: sha,
      trustAnchor: 'base',
      baseline,
      candidate,
      head: workTree,
      baseTip: null,
      checkedOut,
    }
  }
  if (options.baseline === undefined) {
    throw new GateError({
      code: 'usage',
      message: 'there is nothing to compare with',
      remedy: 'give --base REF (a commit with the served checkpoint), or --baseline ID',
    })
  }
  return {
    policy: workTree,
    trustAnchor: 'none',
    baseline: { kind: 'named', checkpoint: options.baseline },
    candidate,
    head: workTree,
    baseTip: null,
    checkedOut: null,
  }
}

function combineFiles(folder: string): RepositoryFiles {
  const tree = createWorkTree(folder)
  const git = createGitFiles(folder)
  const choose = (sha: string) => (sha === workTree ? tree : git)
  return {
    read: (sha, path) => choose(sha).read(sha, path),
    list: (sha, path) => choose(sha).list(sha, path),
  }
}
