import { posix } from 'node:path'
import { getOctokit } from '@actions/github'
import { GateError } from '../../errors.ts'
import type {
  Baselines,
  History,
  PullRequest,
  RepositoryChanges,
  RepositoryFiles,
  Reviews,
  Shards,
} from '../../ports.ts'
import { createRedactor } from '../redact.ts'
import { type BaselineRequest, openBaselines } from './baselines.ts'
import type { CommitInfo } from './event.ts'
import { type HistoryRequest, openHistory } from './history.ts'
import { type Octokit, type RunNumber, readStatus, type Slug } from './requests.ts'
import { openReviews, type ReviewsRequest } from './reviews.ts'

/** GitHub's REST API for one repository. */
export interface GitHubApi {
  files: RepositoryFiles
  changes: RepositoryChanges
  getCommit(reference: string): Promise<CommitInfo | null>
  isPublic(): Promise<boolean>
  openPullRequest(request: { number: number; marker: string; author: string; run: RunNumber }): PullRequest
  /** Needs `actions: read`. */
  openHistory(request: HistoryRequest): History & { shards: Shards }
  /** Needs `actions: read`. */
  openBaselines(request: BaselineRequest): Baselines
  /** Needs `pull-requests: read`. */
  openReviews(request: ReviewsRequest): Reviews
}

/** Opens the API with a token that needs `contents: read`, and `pull-requests: write` to comment. */
export function openGitHub(request: { token: string; repository: string }): GitHubApi {
  const [owner = '', repo = ''] = request.repository.split('/')
  const slug = { owner, repo }
  const octokit = getOctokit(request.token)
  redactErrors(octokit, request.token)
  // What a commit has does not change: the policy's files are asked for once, also where they are compared.
  const texts = new Map<string, Promise<string | null>>()
  const changes: RepositoryChanges = {
    list: (from, to, folder) => listChanges({ octokit, slug, from, to, folder }),
  }
  return {
    files: {
      read(sha, path) {
        const name = `${sha}:${path}`
        const text = texts.get(name) ?? readFile({ octokit, slug, sha, path })
        texts.set(name, text)
        return text
      },
      list: (sha, folder) => listFolder({ octokit, slug, sha, folder }),
    },
    changes,
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
    openHistory: (history) => openHistory(history, { octokit, slug, token: request.token, changes }),
    openBaselines: (run) => openBaselines(run, { octokit, slug, token: request.token, changes }),
    openReviews: (pull) => openReviews(pull, { octokit, slug }),
  }
}

// What GitHub says of a refusal is put into the comment, where nothing is masked.
function redactErrors(octokit: Octokit, token: string): void {
  const redact = createRedactor(token)
  octokit.hook.error('request', (error) => {
    if (error instanceof Error) error.message = redact(error.message)
    throw error
  })
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

interface FolderRequest {
  octokit: Octokit
  slug: Slug
  sha: string
  folder: string
}

async function listFolder(request: FolderRequest): Promise<string[] | null> {
  const entries = await readFolder(request)
  if (entries === null) return null
  return entries
    .filter((entry) => entry.type === 'file')
    .map((entry) => entry.name)
    .toSorted()
}

/** What is directly in a folder, with git's digest of each; `null` where there is no folder. */
async function readFolder({ octokit, slug, sha, folder }: FolderRequest) {
  const found = await orNull(octokit.rest.repos.getContent({ ...slug, path: folder, ref: sha }), folder)
  return found === null || !Array.isArray(found.data) ? null : found.data
}

/** GitHub lists no more of a folder. */
const longestFolder = 1000

/**
 * Compares two commits by git's own digests of a folder and what is in it. A list of a pull request's files would end
 * after 3,000, and so hide what comes after; a digest covers everything below, in four requests at most.
 */
async function listChanges(
  request: Omit<FolderRequest, 'sha'> & { from: string; to: string },
): Promise<string[]> {
  const { from, to, folder, ...rest } = request
  const above = posix.dirname(folder)
  const [outerBefore, outerAfter] = await Promise.all(
    [from, to].map((sha) => digestFolder({ ...rest, sha, folder: above })),
  )
  if (outerBefore?.get(folder) === outerAfter?.get(folder)) {
    if (Math.max(outerBefore?.size ?? 0, outerAfter?.size ?? 0) < longestFolder) return []
    throw new GateError({
      code: 'platform',
      message: `GitHub lists no more than ${longestFolder} entries of ${above}/, so that changes of ${folder}/ could be hidden`,
      remedy: `keep fewer files in ${above}/`,
    })
  }
  const [before, after] = await Promise.all([from, to].map((sha) => digestFolder({ ...rest, sha, folder })))
  const paths = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])
  const changed = [...paths].filter((path) => before?.get(path) !== after?.get(path)).toSorted()
  return changed.length === 0 ? [folder] : changed
}

async function digestFolder(request: FolderRequest): Promise<Map<string, string>> {
  const entries = await readFolder(request)
  // A commit without a folder has nothing there; one without a root is not to be had.
  if (entries === null && request.folder === '.') {
    throw new GateError({
      code: 'platform',
      message: `GitHub does not give the files of commit ${request.sha.slice(0, 12)}`,
      remedy: 'run again when GitHub answers; if the commit was force-pushed away, push again',
    })
  }
  return new Map((entries ?? []).map(({ path, type, sha }) => [path, `${type} ${sha}`]))
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
