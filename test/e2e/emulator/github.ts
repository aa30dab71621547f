import type { IncomingMessage } from 'node:http'
import {
  readBody,
  type ScriptedResponse,
  sendScripted,
  startLoopbackServer,
} from '../../fakes/loopback-server.ts'
import { type ContractRequest, loadContract } from './contract.ts'
import type { ArtifactRow, PushRow, RunRow } from './github-actions.ts'
import { fail, type Route } from './github-answers.ts'
import { type CommentSeed, createComments, type FakeComment } from './github-comments.ts'
import type { FakeRepository } from './github-repository.ts'
import type { ReviewRow } from './github-reviews.ts'
import { createRoutes } from './github-routes.ts'
import { defaultToken } from './runner.ts'

export type { ArtifactRow, PushRow, RunRow } from './github-actions.ts'

/**
 * One received request. `path` is as it was sent, percent-encoded; `problem` is what GitHub's OpenAPI description
 * has against it; `responseProblem` the same of this stand-in's own answer, absent for an injected fault.
 */
export type GitHubLogEntry = ContractRequest & {
  authorization: string | undefined
  status: number
  problem: string | undefined
  responseProblem: string | undefined
}

/** A fault to answer with instead; `'reset'` ends the connection without an answer. */
export type Fault = ScriptedResponse | 'reset'

/** What `GITHUB_TOKEN` may do: a pull request from a fork gets `read-only`; `no-actions` lacks `actions: read`. */
export type Permissions = 'full' | 'read-only' | 'no-actions'

export type GitHubOptions = {
  repository: FakeRepository
  comments?: CommentSeed[]
  permissions?: Permissions
  token?: string
  /** Asked at every request, so that what a run uploads can show up. */
  artifacts?: () => readonly ArtifactRow[]
  runs?: () => readonly RunRow[]
  pushes?: () => readonly PushRow[]
  /** Consulted first, with the path as it was sent. */
  fault?: (method: string, path: string, query: Record<string, string>) => Fault | undefined
}

export type FakeGitHub = {
  url: string
  log: GitHubLogEntry[]
  comments: FakeComment[]
  /** Of pull requests; a test adds its own. */
  reviews: ReviewRow[]
  repository: FakeRepository
  close: () => Promise<void>
}

/** A stand-in for GitHub's REST API, holding one repository. A test may change it between requests. */
export async function startGitHub(options: GitHubOptions): Promise<FakeGitHub> {
  const { repository, permissions = 'full', token = defaultToken } = options
  const contract = await loadContract()
  const store = createComments(options.comments ?? [])
  const log: GitHubLogEntry[] = []
  // The routes need the address that only listening gives.
  let routes: Route[] = []
  const server = await startLoopbackServer(async (request, response) => {
    const asked = await readRequest(request)
    const entry: GitHubLogEntry = {
      ...asked,
      authorization: request.headers.authorization,
      status: 0,
      problem: contract.checkRequest(asked),
      responseProblem: undefined,
    }
    log.push(entry)
    const fault = options.fault?.(asked.method, asked.path, asked.query)
    if (fault === 'reset') {
      request.socket.resetAndDestroy()
      return
    }
    const refusal = refuse({ asked, authorization: entry.authorization, token, permissions })
    const answer = fault ?? refusal ?? answerFrom(routes, { asked, accept: request.headers.accept ?? '' })
    entry.status = answer.status
    if (fault === undefined && refusal === undefined && typeof answer.body === 'object') {
      const { status, body } = answer
      if (!Buffer.isBuffer(body))
        entry.responseProblem = contract.checkResponse({ request: asked, status, body })
    }
    sendScripted(response, answer)
  })
  const { artifacts = () => [], runs = () => [], pushes = () => [] } = options
  const reviews: ReviewRow[] = []
  routes = createRoutes({ repository, apiUrl: server.url, store, artifacts, runs, pushes, reviews })
  return { url: server.url, log, comments: store.comments, reviews, repository, close: server.close }
}

async function readRequest(request: IncomingMessage): Promise<ContractRequest> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
  const text = (await readBody(request)).toString()
  return {
    method: request.method ?? '',
    path: pathname,
    query: Object.fromEntries(searchParams),
    body: text === '' ? undefined : parseBody(text),
  }
}

// Text that is no JSON stays text, which the contract then refuses.
function parseBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

type Refusing = {
  asked: ContractRequest
  authorization: string | undefined
  token: string
  permissions: Permissions
}

function refuse({ asked, authorization, token, permissions }: Refusing): ScriptedResponse | undefined {
  if (authorization === undefined) return fail(401, 'Requires authentication')
  if (authorization !== `token ${token}` && authorization !== `Bearer ${token}`) {
    return fail(401, 'Bad credentials')
  }
  const isRefused =
    permissions === 'no-actions'
      ? /^\/repos\/[^/]+\/[^/]+\/actions\//.test(asked.path)
      : permissions === 'read-only' && asked.method !== 'GET'
  if (isRefused) return fail(403, 'Resource not accessible by integration')
  return undefined
}

type Answering = { asked: ContractRequest; accept: string }

function answerFrom(routes: Route[], { asked, accept }: Answering): ScriptedResponse {
  for (const { method, pattern, answer } of routes) {
    const match = method === asked.method ? pattern.exec(asked.path) : null
    if (match === null) continue
    const parameters = match.slice(1).map((part) => decodeURIComponent(part))
    return answer({ parameters, query: asked.query, body: asked.body, accept })
  }
  return fail(404, 'Not Found')
}
