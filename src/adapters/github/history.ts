import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { GateError } from '../../errors.ts'
import { attemptFile, nameAttempt } from '../../history/attempt.ts'
import type {
  Clock,
  History,
  HistoryKey,
  Push,
  RepositoryChanges,
  RunDirectory,
  Shards,
} from '../../ports.ts'
import { openRunDirectory } from '../run-directory.ts'
import { artifactSchema, type DownloadSource, downloadArtifact, makeFolder, remove } from './artifacts.ts'
import { listAttempts, mostAttempts } from './attempts.ts'
import { createReader, type Octokit, type Reader, type RunNumber, type Slug } from './requests.ts'
import { openShards } from './shards.ts'
import { workflowArtifacts } from './workflow.ts'

/** What a run says of itself to find the attempts before it. */
export interface HistoryRequest {
  run: RunNumber
  /** The branch under test, of this repository; `null` where none is. */
  headBranch: string | null
  /** The commit that workflows were reviewed at. */
  policySha: string
  /** Downloads are put here; whoever runs the job empties it. */
  temporaryFolder: string
  clock: Clock
  /** Whether several jobs of this run measure the candidate: whichever is first keeps that it begins. */
  shared: boolean
}

interface Access {
  octokit: Octokit
  slug: Slug
  token: string
  changes: RepositoryChanges
}

/** What a run ended with, as an archive: its record and journal, and reports. */
const largestEndBytes = 2 * 1024 ** 3

/**
 * Attempts as artifacts of workflow runs: no later run can overwrite one, and none needs a place of its own. Whoever may
 * write to the repository can delete them, and they expire.
 */
export function openHistory(request: HistoryRequest, access: Access): History & { shards: Shards } {
  const { run, headBranch, policySha, temporaryFolder, clock, shared } = request
  const { octokit, slug, token, changes } = access
  const reader = createReader({ octokit, slug, clock })
  const source: DownloadSource = { reader, slug, token, temporaryFolder }
  const openEnd: History['openEnd'] = ({ id }) => fetchEnd(source, id)
  return {
    shards: openShards({ reader, run, openEnd }),
    async list(key) {
      requireFewAttempts(run)
      return listAttempts({ ...source, changes, run, policySha }, key)
    },
    async begin(key, text) {
      requireFewAttempts(run)
      await uploadStart({ key, text, run, temporaryFolder, shared })
    },
    openEnd,
    async listPushes(since) {
      return headBranch === null ? [] : listPushes({ reader, branch: headBranch, since })
    },
  }
}

// Attempts are asked for by name, so that one with a number that is not asked for would leave no trace.
function requireFewAttempts({ attempt }: RunNumber): void {
  if (attempt <= mostAttempts) return
  throw new GateError({
    code: 'platform',
    message: `this workflow run was started ${attempt} times, and attempts are kept of the first ${mostAttempts}`,
    remedy: 'push again or start a new run',
  })
}

async function uploadStart(start: {
  key: HistoryKey
  text: string
  run: RunNumber
  temporaryFolder: string
  shared: boolean
}): Promise<void> {
  const { key, text, run, temporaryFolder, shared } = start
  const name = nameAttempt(key, run.attempt)
  const folder = await makeFolder({ temporaryFolder })
  try {
    const file = join(folder, attemptFile)
    await writeFile(file, text)
    await workflowArtifacts.upload({ name, folder, files: [file] })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const isThere = reason.includes('(409)')
    if (isThere && shared) return
    throw new GateError({
      code: 'platform',
      message: `it can't be kept that this run begins to measure: artifact ${name}: ${reason}`,
      remedy: isThere
        ? 'let one job of a workflow run measure a candidate: another one of this run has begun to'
        : 'run again when GitHub takes artifacts',
      cause,
    })
  } finally {
    await remove(folder)
  }
}

async function fetchEnd(source: DownloadSource, id: number): Promise<RunDirectory> {
  const artifact = await source.reader.read({
    what: `artifact ${id}`,
    permission: 'actions: read',
    route: 'GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}',
    parameters: { artifact_id: id },
    schema: artifactSchema,
  })
  const downloaded =
    artifact === null
      ? { kind: 'gone' as const }
      : await downloadArtifact(source, { artifact, largestBytes: largestEndBytes })
  if (downloaded.kind === 'there') return openRunDirectory(downloaded.folder)
  const why = downloaded.kind === 'gone' ? 'is not kept any more' : downloaded.why
  throw new GateError({
    code: 'platform',
    message: `what an earlier attempt ended with can't be read: artifact ${id} ${why}`,
    remedy: "look at that workflow run's page: it says what the artifact is, and whether it was deleted",
  })
}

/** More pushes than anyone makes to a branch between a candidate's first run and its last. */
const mostPushes = 300

const activitySchema = z.array(
  z.object({
    after: z.string(),
    timestamp: z.iso.datetime({ offset: true }),
    activity_type: z.string(),
  }),
)

/** Every move of a branch to a commit, a merge into it as well: by the time at which GitHub took it. */
async function listPushes(request: { reader: Reader; branch: string; since: string }): Promise<Push[]> {
  const { reader, branch, since } = request
  const earliest = Date.parse(since)
  const pushes: Push[] = []
  // The newest first, so that what was before needs no requests.
  const pages = reader.readPages({
    what: `the pushes to ${branch}`,
    permission: 'contents: read',
    route: 'GET /repos/{owner}/{repo}/activity',
    parameters: { ref: `refs/heads/${branch}`, direction: 'desc' },
    schema: activitySchema,
  })
  for await (const page of pages) {
    for (const { after, timestamp, activity_type: type } of page) {
      // Where a branch is deleted there is no commit.
      if (type === 'branch_deletion' || Date.parse(timestamp) < earliest) continue
      pushes.push({ at: timestamp, sha: after, forced: type === 'force_push' })
    }
    if (pushes.length > mostPushes) throw refusePushes(branch, since)
    if (page.some(({ timestamp }) => Date.parse(timestamp) < earliest)) break
  }
  return pushes.toReversed()
}

function refusePushes(branch: string, since: string): GateError {
  return new GateError({
    code: 'platform',
    message: `there were more than ${mostPushes} pushes to ${branch} since ${since}: it can't be told what was registered in between`,
    remedy: 'register the candidate on a branch that is pushed to less often',
  })
}
