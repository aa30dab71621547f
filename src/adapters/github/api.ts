import { getOctokit } from '@actions/github'
import { GateError } from '../../errors.ts'
import type { PullRequest, RepositoryFiles } from '../../ports.ts'
import type { CommitInfo } from './event.ts'

/** GitHub's REST API for one repository. */
export interface GitHubApi {
  files: RepositoryFiles
  getCommit(reference: string): Promise<CommitInfo | null>
  isPublic(): Promise<boolean>
  openPullRequest(request: { number: number; marker: string; author: string; run: RunNumber }): PullRequest
}

/** A workflow run and its attempt: later ones are greater. */
export interface RunNumber {
  id: number
  attempt: number
}

type Octokit = ReturnType<typeof getOctokit>
interface Slug {
  owner: string
  repo: string
}

/** Opens the API with a token that needs `contents: read`, and `pull-requests: write` to comment. */
export function openGitHub(request: { token: string; repository: string }): GitHubApi {
  const [owner = '', repo = ''] = request.repository.split('/')
  const slug = { owner, repo }
  const octokit = getOctokit(request.token)
  return {
    files: {
      read: (sha, path) => readFile({ octokit, slug, sha, path }),
      list: (sha, folder) => listFolder({ octokit, slug, sha, folder }),
    },
    async getCommit(reference) {
      const found = await orNull(octokit.rest.repos.getCommit({ ...slug, ref: reference }), 'the commit')
      return found === null
        ? null
        : { sha: found.data.sha, parents: found.data.parents.map((parent) => parent.sha) }
    },
    async isPublic() {
      const { data } = await explain(octokit.rest.repos.get(slug), 'the repository')
      return !data.private
    },
    openPullRequest: (pull) => ({
      publishComment: (body, { create }) => publishComment({ octokit, slug, body, create, ...pull }),
    }),
  }
}

async function readFile(request: {
  octokit: Octokit
  slug: Slug
  sha: string
  path: string
}): Promise<string | null> {
  const { octokit, slug, sha, path } = request
  const found = await orNull(
    octokit.rest.repos.getContent({ ...slug, path, ref: sha, mediaType: { format: 'raw' } }),
    path,
  )
  const data: unknown = found?.data
  return typeof data === 'string' ? data : null
}

async function listFolder(request: {
  octokit: Octokit
  slug: Slug
  sha: string
  folder: string
}): Promise<string[] | null> {
  const { octokit, slug, sha, folder } = request
  const found = await orNull(octokit.rest.repos.getContent({ ...slug, path: folder, ref: sha }), folder)
  if (found === null || !Array.isArray(found.data)) return null
  return found.data
    .filter((entry) => entry.type === 'file')
    .map((entry) => entry.name)
    .toSorted()
}

/**
 * Creates our comment or replaces its text. Ours has the marker and our author; one that a later run wrote is
 * left as it is.
 */
async function publishComment(request: {
  octokit: Octokit
  slug: Slug
  body: string
  create: boolean
  number: number
  marker: string
  author: string
  run: RunNumber
}): Promise<{ url: string } | null> {
  const { octokit, slug, number, marker, author, run } = request
  const body = request.body.replace(marker, `${marker}\n<!-- run ${run.id}.${run.attempt} -->`)
  const comments = await octokit.paginate(octokit.rest.issues.listComments, {
    ...slug,
    issue_number: number,
    per_page: 100,
  })
  const ours = comments.find(
    (comment) => comment.body?.startsWith(marker) === true && comment.user?.login === author,
  )
  if (ours !== undefined) {
    if (isLater(readRun(ours.body ?? ''), run)) return { url: ours.html_url }
    const updated = await octokit.rest.issues
      .updateComment({ ...slug, comment_id: ours.id, body })
      .catch((error: unknown) => {
        if (readStatus(error) === 404) return null
        throw error
      })
    if (updated !== null) return { url: updated.data.html_url }
  }
  if (!request.create) return null
  const created = await octokit.rest.issues.createComment({ ...slug, issue_number: number, body })
  return { url: created.data.html_url }
}

function readRun(body: string): RunNumber | null {
  const match = /<!-- run (\d+)\.(\d+) -->/.exec(body)
  return match === null ? null : { id: Number(match[1]), attempt: Number(match[2]) }
}

function isLater(other: RunNumber | null, run: RunNumber): boolean {
  return other !== null && (other.id > run.id || (other.id === run.id && other.attempt > run.attempt))
}

async function orNull<T>(work: Promise<T>, what: string): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    if (readStatus(error) === 404) return null
    throw describeFailure(error, what)
  }
}

async function explain<T>(work: Promise<T>, what: string): Promise<T> {
  return work.catch((error: unknown) => {
    throw describeFailure(error, what)
  })
}

function describeFailure(cause: unknown, what: string): GateError {
  const status = readStatus(cause)
  return new GateError({
    code: 'platform',
    message: `GitHub does not give ${what}: ${cause instanceof Error ? cause.message : String(cause)}`,
    remedy:
      status === 401 || status === 403
        ? "the token needs `contents: read` in the workflow's permissions; a rate limit passes by itself"
        : 'run again when GitHub answers',
    cause,
  })
}

/** The HTTP status of an API error. */
export function readStatus(error: unknown): number | null {
  return typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number'
    ? error.status
    : null
}
