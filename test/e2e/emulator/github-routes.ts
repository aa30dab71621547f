import type { ScriptedResponse } from '../../fakes/loopback-server.ts'
import { type createComments, describeComment, findBodyProblem } from './github-comments.ts'
import {
  describeCommit,
  describeRepository,
  type FakeRepository,
  findCommit,
  readContents,
} from './github-repository.ts'

/** An artifact of any run of the repository; `archiveUrl` is where its ZIP is. */
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

type Asked = { parameters: string[]; query: Record<string, string>; body: unknown; accept: string }

export type Route = { method: string; pattern: RegExp; answer: (asked: Asked) => ScriptedResponse }

type World = {
  repository: FakeRepository
  apiUrl: string
  store: ReturnType<typeof createComments>
  artifacts: () => ArtifactRow[]
}

/** An error in the shape of GitHub's own. */
export function fail(status: number, message: string): ScriptedResponse {
  const body = { message, documentation_url: 'https://docs.github.com/rest', status: String(status) }
  return { status, body }
}

const ok = (body: unknown): ScriptedResponse => ({ status: 200, body })

/** The routes of one repository; its owner and name match without regard to case, as on GitHub. */
export function createRoutes(world: World): Route[] {
  const { owner, name } = world.repository
  const route = (method: string, path: string, answer: Route['answer']): Route => {
    const escaped = `/repos/${owner}/${name}`.replace(/[.]/g, '\\.')
    return { method, pattern: new RegExp(`^${escaped}${path}$`, 'i'), answer }
  }
  return [
    route('GET', '', () => ok(describeRepository(world))),
    route('GET', '/commits/([^/]+)', ({ parameters: [ref = ''] }) => {
      const commit = findCommit(world.repository, ref)
      return commit ? ok(describeCommit({ ...world, commit })) : fail(422, `No commit found for SHA: ${ref}`)
    }),
    route('GET', '/contents/(.+)', (asked) => answerContents(world, asked)),
    route('GET', '/actions/artifacts', (asked) => answerArtifacts(world, asked)),
    route('GET', '/actions/artifacts/(\\d+)/zip', ({ parameters: [id] }) => {
      const row = world.artifacts().find((artifact) => artifact.id === Number(id))
      if (row?.archiveUrl === undefined) return fail(404, 'Not Found')
      return row.expired
        ? fail(410, 'Artifact has expired')
        : { status: 302, headers: { location: row.archiveUrl } }
    }),
    ...createCommentRoutes(world, route),
  ]
}

type RouteMaker = (method: string, path: string, answer: Route['answer']) => Route

function createCommentRoutes({ repository, apiUrl, store }: World, route: RouteMaker): Route[] {
  const fullName = `${repository.owner}/${repository.name}`
  const describe = (comment: Parameters<typeof describeComment>[0]) =>
    describeComment(comment, { apiUrl, fullName })
  const onList = '/issues/(\\d+)/comments'
  const onOne = '/issues/comments/(\\d+)'
  return [
    route('GET', onList, ({ parameters: [issue], query }) => {
      const all = store.list(Number(issue))
      const path = `/repos/${fullName}/issues/${issue}/comments`
      const { rows, headers } = paginate({ rows: all, query, url: `${apiUrl}${path}` })
      return { status: 200, headers, body: rows.map(describe) }
    }),
    route('POST', onList, ({ parameters: [issue], body }) =>
      withBody(body, (text) => ({ status: 201, body: describe(store.create(Number(issue), text)) })),
    ),
    route('GET', onOne, ({ parameters: [id] }) => {
      const comment = store.find(Number(id))
      return comment ? ok(describe(comment)) : fail(404, 'Not Found')
    }),
    route('PATCH', onOne, ({ parameters: [id], body }) => {
      const comment = store.find(Number(id))
      if (comment === undefined) return fail(404, 'Not Found')
      return withBody(body, (text) => ok(describe(store.update(comment, text))))
    }),
    route('DELETE', onOne, ({ parameters: [id] }) => {
      const comment = store.find(Number(id))
      if (comment === undefined) return fail(404, 'Not Found')
      store.remove(comment)
      return { status: 204 }
    }),
  ]
}

function withBody(body: unknown, write: (text: string) => ScriptedResponse): ScriptedResponse {
  const text = typeof body === 'object' && body !== null && 'body' in body ? body.body : undefined
  const problem = findBodyProblem(text)
  if (problem === undefined && typeof text === 'string') return write(text)
  const errors = [{ resource: 'IssueComment', code: 'unprocessable', field: 'data', message: problem }]
  return { status: 422, body: { ...Object(fail(422, 'Validation Failed').body), errors } }
}

function answerContents(world: World, { parameters: [path = ''], query, accept }: Asked): ScriptedResponse {
  const commit = findCommit(world.repository, query.ref)
  if (commit === undefined) return fail(404, `No commit found for the ref ${query.ref}`)
  const contents = readContents({ ...world, commit, path: path.replace(/\/+$/, '') })
  if (contents === undefined) return fail(404, 'Not Found')
  // `application/vnd.github.raw+json`, with or without a version in it. Folders have no raw form.
  if (contents.kind === 'file' && /application\/vnd\.github\.(v3\.)?raw\b/.test(accept)) {
    const headers = { 'content-type': 'application/vnd.github.raw+json; charset=utf-8' }
    return { status: 200, headers, body: contents.raw }
  }
  return ok(contents.body)
}

function answerArtifacts(world: World, { query }: Asked): ScriptedResponse {
  const { repository, apiUrl, artifacts } = world
  const base = `${apiUrl}/repos/${repository.owner}/${repository.name}/actions/artifacts`
  const matching = artifacts().filter((row) => query.name === undefined || row.name === query.name)
  // The newest first, as on GitHub.
  const sorted = matching.toSorted((a, b) => b.id - a.id)
  const { rows, headers } = paginate({ rows: sorted, query, url: base })
  const described = rows.map((row) => describeArtifact(row, base))
  return { status: 200, headers, body: { total_count: matching.length, artifacts: described } }
}

function describeArtifact(row: ArtifactRow, base: string) {
  const createdAt = row.createdAt ?? '2026-11-02T08:00:00Z'
  return {
    id: row.id,
    node_id: `A_${row.id}`,
    name: row.name,
    size_in_bytes: row.sizeBytes ?? 0,
    url: `${base}/${row.id}`,
    archive_download_url: `${base}/${row.id}/zip`,
    expired: row.expired ?? false,
    created_at: createdAt,
    updated_at: createdAt,
    expires_at: new Date(Date.parse(createdAt) + 90 * 86_400_000).toISOString(),
    digest: row.digest ?? null,
    workflow_run: {
      id: row.runId,
      repository_id: 1,
      head_repository_id: row.headRepositoryId ?? 1,
      head_branch: row.headBranch ?? 'main',
      head_sha: row.headSha ?? '0'.repeat(40),
    },
  }
}

type Paging<Row> = { rows: readonly Row[]; query: Record<string, string>; url: string }

/** One page, and the `Link` header to its neighbours; GitHub gives 30 rows unless asked, never above 100. */
function paginate<Row>({ rows, query, url }: Paging<Row>): { rows: Row[]; headers: Record<string, string> } {
  const size = Math.min(Number(query.per_page ?? 30), 100)
  const page = Math.max(Number(query.page ?? 1), 1)
  const last = Math.max(Math.ceil(rows.length / size), 1)
  const link = (target: number, relation: string) => {
    const address = new URL(url)
    address.search = new URLSearchParams({ ...query, page: String(target) }).toString()
    return `<${address}>; rel="${relation}"`
  }
  const links = [
    ...(page > 1 ? [link(page - 1, 'prev'), link(1, 'first')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
  ]
  const shown = rows.slice((page - 1) * size, page * size)
  return { rows: shown, headers: links.length > 0 ? { link: links.join(', ') } : {} }
}
