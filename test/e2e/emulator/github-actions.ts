import type { ScriptedResponse } from '../../fakes/loopback-server.ts'
import {
  type Asked,
  fail,
  ok,
  paginate,
  paginateByCursor,
  type Route,
  type RouteMaker,
} from './github-answers.ts'
import type { FakeRepository } from './github-repository.ts'

/** An artifact of any run of the repository; `archiveUrl` is where its ZIP is. What it leaves out its run says. */
export type ArtifactRow = {
  id: number
  name: string
  runId: number
  sizeBytes?: number
  digest?: string
  headSha?: string
  headBranch?: string
  headRepositoryId?: number
  createdAt?: string
  expired?: boolean
  archiveUrl?: string
}

/** A workflow run. `headRepositoryId` is 1 for the repository itself. */
export type RunRow = {
  id: number
  /** How often it was started. */
  runAttempt?: number
  workflowId?: number
  path?: string
  event?: string
  headSha?: string
  headBranch?: string
  headRepositoryId?: number
  createdAt?: string
}

/** A change of a branch. Without `type`, an ordinary push; a deletion has no commit. */
export type PushRow = {
  at: string
  branch: string
  before?: string
  after: string
  type?: 'push' | 'force_push' | 'branch_creation' | 'branch_deletion' | 'pr_merge' | 'merge_queue_merge'
}

export type ActionsWorld = {
  repository: FakeRepository
  apiUrl: string
  artifacts: () => readonly ArtifactRow[]
  runs: () => readonly RunRow[]
  pushes: () => readonly PushRow[]
}

const noCommit = '0'.repeat(40)
const someTime = '2026-11-02T08:00:00Z'

/** What happened in the repository: its workflow runs, what they left, and pushes. */
export function createActionsRoutes(world: ActionsWorld, route: RouteMaker): Route[] {
  const findArtifact = (id: string | undefined) => world.artifacts().find((row) => row.id === Number(id))
  return [
    route('GET', '/actions/artifacts', (asked) => answerArtifacts(world, asked)),
    route('GET', '/actions/artifacts/(\\d+)', ({ parameters: [id] }) => {
      const row = findArtifact(id)
      return row ? ok(describeArtifact(world, row)) : fail(404, 'Not Found')
    }),
    route('GET', '/actions/artifacts/(\\d+)/zip', ({ parameters: [id] }) => {
      const row = findArtifact(id)
      if (row?.archiveUrl === undefined) return fail(404, 'Not Found')
      return row.expired
        ? fail(410, 'Artifact has expired')
        : { status: 302, headers: { location: row.archiveUrl } }
    }),
    route('GET', '/actions/runs/(\\d+)/artifacts', (asked) => answerArtifacts(world, asked)),
    route('GET', '/actions/runs/(\\d+)', ({ parameters: [id] }) => {
      const row = world.runs().find((run) => run.id === Number(id))
      return row ? ok(describeRun(world, row)) : fail(404, 'Not Found')
    }),
    route('GET', '/activity', (asked) => answerActivity(world, asked)),
  ]
}

const addressOf = ({ repository, apiUrl }: ActionsWorld) =>
  `${apiUrl}/repos/${repository.owner}/${repository.name}`

/** Of the repository, or of one of its runs. */
function answerArtifacts(world: ActionsWorld, { query, parameters: [run] }: Asked): ScriptedResponse {
  const matching = world
    .artifacts()
    .filter((row) => query.name === undefined || row.name === query.name)
    .filter((row) => run === undefined || row.runId === Number(run))
  // The newest first, as on GitHub.
  const sorted = matching.toSorted((a, b) => b.id - a.id)
  const { rows, headers } = paginate({
    rows: sorted,
    query,
    url: `${addressOf(world)}/actions/${run === undefined ? '' : `runs/${run}/`}artifacts`,
  })
  const described = rows.map((row) => describeArtifact(world, row))
  return { status: 200, headers, body: { total_count: matching.length, artifacts: described } }
}

function describeArtifact(world: ActionsWorld, row: ArtifactRow) {
  const url = `${addressOf(world)}/actions/artifacts/${row.id}`
  const createdAt = row.createdAt ?? someTime
  const run = world.runs().find(({ id }) => id === row.runId)
  return {
    id: row.id,
    node_id: `A_${row.id}`,
    name: row.name,
    size_in_bytes: row.sizeBytes ?? 0,
    url,
    archive_download_url: `${url}/zip`,
    expired: row.expired ?? false,
    created_at: createdAt,
    updated_at: createdAt,
    expires_at: new Date(Date.parse(createdAt) + 90 * 86_400_000).toISOString(),
    digest: row.digest ?? null,
    workflow_run: {
      id: row.runId,
      repository_id: 1,
      head_repository_id: row.headRepositoryId ?? run?.headRepositoryId ?? 1,
      head_branch: row.headBranch ?? run?.headBranch ?? 'main',
      head_sha: row.headSha ?? run?.headSha ?? noCommit,
    },
  }
}

function describeRun(world: ActionsWorld, row: RunRow) {
  const url = `${addressOf(world)}/actions/runs/${row.id}`
  const { owner, name } = world.repository
  const createdAt = row.createdAt ?? someTime
  const headRepositoryId = row.headRepositoryId ?? 1
  const fullName = headRepositoryId === 1 ? `${owner}/${name}` : `somebody/${name}`
  return {
    id: row.id,
    name: 'gate',
    node_id: `WFR_${row.id}`,
    head_branch: row.headBranch ?? 'main',
    head_sha: row.headSha ?? noCommit,
    path: row.path ?? '.github/workflows/gate.yml',
    run_number: 1,
    run_attempt: row.runAttempt ?? 1,
    event: row.event ?? 'pull_request',
    status: 'in_progress',
    conclusion: null,
    workflow_id: row.workflowId ?? 501,
    url,
    html_url: `https://github.com/${owner}/${name}/actions/runs/${row.id}`,
    pull_requests: [],
    created_at: createdAt,
    updated_at: createdAt,
    run_started_at: createdAt,
    artifacts_url: `${url}/artifacts`,
    repository: { id: 1, full_name: `${owner}/${name}` },
    head_repository: { id: headRepositoryId, full_name: fullName },
  }
}

function answerActivity(world: ActionsWorld, { query }: Asked): ScriptedResponse {
  const wanted = query.ref?.replace(/^refs\/heads\//, '')
  const matching = world
    .pushes()
    .map((row, index) => ({ row, id: index + 1 }))
    .filter(({ row }) => wanted === undefined || row.branch === wanted)
    .filter(({ row }) => query.activity_type === undefined || (row.type ?? 'push') === query.activity_type)
    .toSorted((a, b) => Date.parse(a.row.at) - Date.parse(b.row.at) || a.id - b.id)
  // The newest first unless asked otherwise.
  const sorted = query.direction === 'asc' ? matching : matching.toReversed()
  const { rows, headers } = paginateByCursor({ rows: sorted, query, url: `${addressOf(world)}/activity` })
  return { status: 200, headers, body: rows.map(describePush) }
}

function describePush({ row, id }: { row: PushRow; id: number }) {
  return {
    id,
    node_id: `PSH_${id}`,
    before: row.before ?? noCommit,
    after: row.after,
    ref: `refs/heads/${row.branch}`,
    timestamp: row.at,
    activity_type: row.type ?? 'push',
    actor: { login: 'octocat', id: 583231, type: 'User' },
  }
}
