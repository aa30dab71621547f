import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as core from '@actions/core'
import { clientFactory } from './adapters/clients.ts'
import { systemClock } from './adapters/clock.ts'
import { createFiles } from './adapters/files.ts'
import { type GitHubApi, openGitHub } from './adapters/github/api.ts'
import { type ResolvedEvent, resolveEvent } from './adapters/github/event.ts'
import { reportUnmeasured } from './adapters/github/unmeasured.ts'
import { createWorkflowLog, jobSummary, workflowArtifacts } from './adapters/github/workflow.ts'
import { openRunDirectory } from './adapters/run-directory.ts'
import { chooseExitCode, exitCodes } from './conclusion.ts'
import { createConnector, listKeys } from './connect.ts'
import { formatError, GateError } from './errors.ts'
import { forecastRun, weeklyRuns } from './forecast-run.ts'
import { type Decided, runGate } from './gate.ts'
import type { RunDirectory } from './ports.ts'
import type { GateRequest, SourcePorts } from './prepare.ts'
import { deliver, nameArtifact, type Sinks, writeReports } from './publish.ts'
import { runFiles } from './record/schema.ts'
import { findPredictionLine, type LoadedRegistration } from './registration/load.ts'
import { parseEndpoints } from './replay/address.ts'
import { countProblems } from './report/forecast/describe.ts'
import type { PlanForecast } from './report/forecast/plan-forecast.ts'
import { renderForecastHeadline, renderForecastSummary } from './report/forecast/render.ts'
import { formatProgress } from './report/progress.ts'
import { commentMarker } from './report/reporters/comment.ts'
import { fileReporters } from './report/reporters/index.ts'
import { renderNoVerdict } from './report/reporters/message.ts'
import { safeText } from './safe-text.ts'
import { parseMode, parseTier } from './tier.ts'
import { gateVersion } from './version.ts'

const installRoot = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const log = createWorkflowLog(formatProgress)

/** What the run has reached; what is left undone when it fails can still be reported. */
interface Stage {
  sinks: Sinks
  directory: RunDirectory | null
}

async function run(): Promise<number> {
  core.info(`Checkpoint Gate ${gateVersion}`)
  for (const key of listKeys(process.env)) core.setSecret(key)
  const stage: Stage = {
    sinks: { pullRequest: null, summary: jobSummary, artifacts: workflowArtifacts, log },
    directory: null,
  }
  try {
    return await judge(stage)
  } catch (error) {
    return reportNoVerdict(stage, error)
  }
}

async function judge(stage: Stage): Promise<number> {
  const repositoryName = process.env.GITHUB_REPOSITORY ?? ''
  const runNumber = {
    id: Number(process.env.GITHUB_RUN_ID),
    attempt: Number(process.env.GITHUB_RUN_ATTEMPT ?? 1),
  }
  const api = openGitHub({ token: requireToken(), repository: repositoryName })
  const event = await readEvent(api)
  const mode = parseMode(core.getInput('mode'))
  // A plan says nothing about a candidate: the comment stays the gate's.
  if (event.pullRequest !== null && mode === 'gate') {
    const author = core.getInput('comment-author')
    stage.sinks.pullRequest = api.openPullRequest({
      number: event.pullRequest,
      marker: commentMarker,
      author,
      run: runNumber,
    })
  }
  const policyFile = core.getInput('policy')
  const workspace = process.env.GITHUB_WORKSPACE ?? process.cwd()
  const endpoints = parseEndpoints(core.getMultilineInput('endpoints'))
  const request: GateRequest = {
    commits: event.commits,
    policyFile,
    repositoryName,
    publicRepository: await api.isPublic(),
    run: {
      ...runNumber,
      id: String(runNumber.id),
      event: process.env.GITHUB_EVENT_NAME ?? '',
      tier: parseTier(core.getInput('tier')),
    },
    gateVersion,
  }
  const sources: SourcePorts = {
    repository: api.files,
    files: createFiles({
      corpus: resolve(workspace, core.getInput('corpus-dir')),
      rubrics: resolve(installRoot, 'rubrics'),
    }),
    clock: systemClock,
  }
  if (mode === 'plan') {
    const plan = await forecastRun(request, { ports: sources, from: null, runsPerYear: weeklyRuns })
    return plan.kind === 'unchanged'
      ? reportUnmeasured(stage.sinks, plan, request.run.event)
      : reportPlan(stage, plan.forecast)
  }
  const result = await runGate(request, {
    ...sources,
    changes: api.changes,
    openDirectory: async () => {
      stage.directory = await openRunDirectory(resolve(workspace, core.getInput('out-dir')))
      return stage.directory
    },
    connect: createConnector({
      endpoints,
      environment: process.env,
      factory: clientFactory,
      clock: systemClock,
      log,
      remedy: describeEndpointRemedy(event),
    }),
    log,
    random: Math.random,
    delimiter: randomBytes(8).toString('hex'),
    cancelled: createCancelSignal(),
  })
  if (result.kind !== 'decided') return reportUnmeasured(stage.sinks, result, request.run.event)
  return reportDecision(stage, result)
}

async function reportPlan(stage: Stage, forecast: PlanForecast): Promise<number> {
  const headline = renderForecastHeadline(forecast)
  core.setOutput('verdict', '')
  core.setOutput('plan-digest', forecast.plan_digest)
  core.setOutput('gate-message', safeText(headline, 1000))
  const summary = renderForecastSummary(forecast)
  await deliver(stage.sinks, { comment: null, summary, artifact: null })
  if (countProblems(forecast) > 0) {
    core.error(safeText(headline, 1000), { title: 'Checkpoint Gate: plan' })
    return exitCodes.noVerdict
  }
  log.info(headline)
  return exitCodes.success
}

async function reportDecision(
  stage: Stage,
  result: { decided: Decided; directory: RunDirectory; registration: LoadedRegistration },
): Promise<number> {
  const { decided, directory, registration } = result
  const { summary } = decided.record
  const view = await writeReports(directory, decided)
  const [comment, page] = fileReporters
    .filter(({ name }) => name !== 'report')
    .map((reporter) => reporter.render(view))
  const { commentUrl } = await deliver(stage.sinks, {
    comment: { body: comment ?? '', create: true },
    summary: page ?? '',
    artifact: {
      name: nameArtifact({
        pointerFile: summary.plan.policy.checkpoint.file,
        candidate: summary.plan.candidate,
        attempt: summary.run.attempt,
      }),
      directory,
    },
  })
  annotate(decided, registration)
  const outputs = {
    verdict: decided.verdict.verdict,
    'gate-message': safeText(view.headline, 1000),
    'record-path': resolve(directory.path, runFiles.record),
    'report-path': resolve(directory.path, runFiles.report),
    'comment-url': commentUrl ?? '',
    'plan-digest': summary.planDigest,
    attempt: String(summary.run.attempt),
    'cost-usd': summary.cost.usd === null ? '' : summary.cost.usd.toFixed(4),
  }
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value)
  const exitCode = chooseExitCode(decided.verdict)
  if (exitCode === exitCodes.success) log.info(view.headline)
  else core.error(safeText(view.headline, 1000), { title: 'Checkpoint Gate' })
  return exitCode
}

// On the registration's lines, where the author of the pull request can act.
function annotate(decided: Decided, registration: LoadedRegistration): void {
  for (const category of decided.verdict.categories) {
    if (category.verdict === 'pass' || category.role === 'watch') continue
    const text = safeText(`${category.id}: ${category.verdict} (${category.reason})`)
    const place = {
      file: registration.file,
      startLine: findPredictionLine(registration, category.id),
      title: 'Checkpoint Gate',
    }
    if (category.verdict === 'fail') core.error(text, place)
    else core.warning(text, place)
  }
}

async function reportNoVerdict(stage: Stage, error: unknown): Promise<number> {
  const known = error instanceof GateError ? error : null
  const problem =
    known ??
    new GateError({
      code: 'platform',
      message: `the gate stopped by a defect of its own: ${error instanceof Error ? error.message : String(error)}`,
      remedy: 'report it with the log of this run; nothing was decided',
      cause: error,
    })
  if (known === null && error instanceof Error) core.debug(safeText(error.stack ?? '', 4000))
  const message = renderNoVerdict(problem)
  core.setOutput('verdict', '')
  core.setOutput('gate-message', safeText(`${message.headline}: ${problem.remedy}`, 1000))
  const { where } = problem
  core.error(safeText(formatError(problem), 2000), {
    title: 'Checkpoint Gate: no verdict',
    ...(where === undefined
      ? {}
      : { file: where.file, ...(where.line === undefined ? {} : { startLine: where.line }) }),
  })
  const directory = stage.directory
  await deliver(stage.sinks, {
    comment: { body: message.comment, create: true },
    summary: message.summary,
    artifact:
      directory === null
        ? null
        : { name: `checkpoint-gate-partial-r${process.env.GITHUB_RUN_ATTEMPT ?? 1}`, directory },
  })
  return exitCodes.noVerdict
}

function requireToken(): string {
  const token = core.getInput('github-token')
  if (token !== '') return token
  throw new GateError({
    code: 'platform',
    message: 'there is no token to read the repository with',
    remedy: 'leave the input `github-token` at its default, or give a token with `contents: read`',
  })
}

async function readEvent(api: GitHubApi): Promise<ResolvedEvent> {
  const path = process.env.GITHUB_EVENT_PATH
  const payload: unknown = path === undefined ? null : JSON.parse(await readFile(path, 'utf8'))
  const candidate = core.getInput('candidate')
  return resolveEvent({
    name: process.env.GITHUB_EVENT_NAME ?? '',
    payload,
    sha: process.env.GITHUB_SHA ?? '',
    candidate: candidate === '' ? null : candidate,
    getCommit: (reference) => api.getCommit(reference),
  })
}

function describeEndpointRemedy(event: ResolvedEvent): string {
  return event.fork
    ? 'this pull request comes from a fork, whose jobs get no secrets: have a maintainer push the branch to this repository and open the pull request from there'
    : 'give it in the input `endpoints`, a line of name=url'
}

// The runner sends SIGINT, and SIGTERM 7.5 s later: enough to write down what was measured.
function createCancelSignal(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      log.info('cancelled: writing down what was measured')
      controller.abort()
    })
  }
  return controller.signal
}

run().then(
  (exitCode) => {
    process.exitCode = exitCode
  },
  (error: unknown) => {
    core.setFailed(safeText(error instanceof Error ? (error.stack ?? error.message) : String(error), 4000))
    process.exitCode = exitCodes.noVerdict
  },
)
