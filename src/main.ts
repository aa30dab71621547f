import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as core from '@actions/core'
import { clientFactory } from './adapters/clients.ts'
import { systemClock } from './adapters/clock.ts'
import { corpusUrlsVariable, listUrlSecrets } from './adapters/corpus-urls.ts'
import { createFiles } from './adapters/files.ts'
import { type GitHubApi, openGitHub } from './adapters/github/api.ts'
import { type ResolvedEvent, resolveEvent } from './adapters/github/event.ts'
import { reviewAndReport } from './adapters/github/registrations.ts'
import { reportDecision, reportNoVerdict, reportPlan, type Stage } from './adapters/github/report-run.ts'
import { reportShard } from './adapters/github/report-shard.ts'
import { reportUnmeasured } from './adapters/github/unmeasured.ts'
import { createWorkflowLog, jobSummary, workflowArtifacts } from './adapters/github/workflow.ts'
import { boundHeap } from './adapters/heap.ts'
import { connectToolServer } from './adapters/mcp-connector.ts'
import { openRemoteCorpus } from './adapters/remote-corpus.ts'
import { openEmptyRunDirectory } from './adapters/run-directory.ts'
import { exitCodes } from './conclusion.ts'
import { createConnector, listKeys } from './connect.ts'
import { createToolConnector } from './connect-tools.ts'
import { GateError } from './errors.ts'
import { forecastRun, weeklyRuns } from './forecast-run.ts'
import { runGate, runMerge, runShard } from './gate.ts'
import { nameAttempt } from './history/attempt.ts'
import { hostedJobMinutes } from './policy/budget-policy.ts'
import type { HistoryKey, Reviews } from './ports.ts'
import type { GateRequest, SourcePorts } from './prepare.ts'
import { runFiles } from './record/schema.ts'
import { parseEndpoints } from './replay/address.ts'
import { formatProgress } from './report/progress.ts'
import { registrationMarker } from './report/registration/render-review.ts'
import { commentMarker } from './report/reporters/comment.ts'
import { baselineFiles } from './reuse/kept-baseline.ts'
import { safeText } from './safe-text.ts'
import { parseShard, parseShardCount, suffixShard } from './shards/shard.ts'
import { parseMode, parseTier } from './tier.ts'
import { gateVersion } from './version.ts'

const installRoot = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const log = createWorkflowLog(formatProgress)

async function run(): Promise<number> {
  core.info(`Checkpoint Gate ${gateVersion}`)
  for (const key of listKeys(process.env)) core.setSecret(key)
  for (const secret of listUrlSecrets(readCorpusUrls())) core.setSecret(secret)
  const stage: Stage = {
    sinks: { pullRequest: null, summary: jobSummary, artifacts: workflowArtifacts, log },
    directory: null,
    end: null,
  }
  try {
    return await judge(stage)
  } catch (error) {
    return reportNoVerdict(stage, error)
  }
}

function readCorpusUrls(): string {
  const given = core.getInput('corpus-urls')
  return given === '' ? (process.env[corpusUrlsVariable] ?? '') : given
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
      remote: openRemoteCorpus(readCorpusUrls()),
    }),
    clock: systemClock,
  }
  if (mode === 'plan') {
    const plan = await forecastRun(request, { ports: sources, from: null, runsPerYear: weeklyRuns })
    return plan.kind === 'unchanged'
      ? reportUnmeasured(stage.sinks, plan, request.run.event)
      : reportPlan(stage, plan.forecast)
  }
  if (mode === 'register') {
    const author = core.getInput('comment-author')
    const { pullRequest: number } = event
    // A comment of its own: the gate's says what a candidate did.
    const pullRequest =
      number === null
        ? null
        : api.openPullRequest({ number, marker: registrationMarker, author, run: runNumber })
    return reviewAndReport(request, { ...sources, changes: api.changes }, { ...stage.sinks, pullRequest })
  }
  const shard = mode === 'replay' ? parseShard(core.getInput('shard'), core.getInput('wave')) : null
  const shards = mode === 'gate' ? parseShardCount(core.getInput('shards')) : null
  const place = {
    run: runNumber,
    policySha: event.commits.policy,
    temporaryFolder: process.env.RUNNER_TEMP ?? tmpdir(),
    clock: systemClock,
  }
  const history = api.openHistory({
    ...place,
    shared: shard !== null || shards !== null,
    headBranch: event.headBranch,
  })
  const ports = {
    ...sources,
    changes: api.changes,
    history: {
      ...history,
      begin(key: HistoryKey, text: string) {
        const suffix = shard === null ? '-end' : suffixShard(shard)
        stage.end = `${nameAttempt(key, runNumber.attempt)}${suffix}`
        return history.begin(key, text)
      },
    },
    shards: history.shards,
    baselines: api.openBaselines(place),
    reviews: openReviews(api, event),
    openDirectory: async () => {
      stage.directory = await openEmptyRunDirectory({
        path: resolve(workspace, core.getInput('out-dir')),
        workspace,
        files: [...Object.values(runFiles), ...Object.values(baselineFiles)],
      })
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
    connectTools: createToolConnector({
      endpoints,
      environment: process.env,
      connect: connectToolServer,
      remedy: describeEndpointRemedy(event),
    }),
    log,
    random: Math.random,
    delimiter: randomBytes(8).toString('hex'),
    cancelled: createCancelSignal(),
    jobMinutes: process.env.RUNNER_ENVIRONMENT === 'github-hosted' ? hostedJobMinutes : null,
  }
  if (shard !== null) return reportShard(stage, await runShard(request, ports, shard), request.run.event)
  const result = shards === null ? await runGate(request, ports) : await runMerge(request, ports, shards)
  if (result.kind !== 'decided') return reportUnmeasured(stage.sinks, result, request.run.event)
  return reportDecision(stage, result, runNumber.attempt)
}

function openReviews(api: GitHubApi, event: ResolvedEvent): Reviews | null {
  const { pullRequest: number, headSha } = event
  return number === null || headSha === null ? null : api.openReviews({ number, headSha, clock: systemClock })
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

boundHeap()
run().then(
  (exitCode) => {
    process.exitCode = exitCode
  },
  (error: unknown) => {
    core.setFailed(safeText(error instanceof Error ? (error.stack ?? error.message) : String(error), 4000))
    process.exitCode = exitCodes.noVerdict
  },
)
