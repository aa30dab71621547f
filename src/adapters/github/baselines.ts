import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Baselines, Clock, KeptBaseline, RepositoryChanges } from '../../ports.ts'
import { baselineFiles, nameBaseline } from '../../reuse/kept-baseline.ts'
import { openRunDirectory } from '../run-directory.ts'
import { type DownloadSource, downloadArtifact, type KeptArtifact, remove } from './artifacts.ts'
import { listNamed, mostAttempts, readRun } from './attempts.ts'
import { createOriginJudge, type OriginJudge } from './origin.ts'
import { createReader, type Octokit, type RunNumber, type Slug } from './requests.ts'

/** What a run says of itself to find the baselines of others. */
export interface BaselineRequest {
  /** Where the gate runs now: what it keeps itself is of no use to it. */
  run: RunNumber
  /** The commit that workflows were reviewed at. */
  policySha: string
  /** Downloads are put here; whoever runs the job empties it. */
  temporaryFolder: string
  clock: Clock
}

type Source = DownloadSource & BaselineRequest & { changes: RepositoryChanges }

/** Runs that are asked about; older ones are left aside. */
const mostRuns = 10
/** Of those that can't count anyway, which anybody may make. */
const mostDoubtful = 3
/** 100,000 answers with their text. */
const largestBytes = 2 * 1024 ** 3
const largestHeaderBytes = 1024 * 1024

interface Found extends KeptBaseline {
  artifact: KeptArtifact
  /** The commit that GitHub has for its workflow run. */
  headSha: string | null
}

/**
 * Baselines as artifacts of workflow runs. Anybody who can make a workflow run can choose an artifact's name: one counts if its
 * run is of this repository and of this very workflow, and ran it as it was reviewed.
 */
export function openBaselines(
  request: BaselineRequest,
  access: { octokit: Octokit; slug: Slug; token: string; changes: RepositoryChanges },
): Baselines {
  const reader = createReader({ ...access, clock: request.clock })
  const source: Source = { ...request, ...access, reader }
  const judge = createOriginJudge(source)
  const known = new Map<number, Found>()
  return {
    async list({ key, since }) {
      const listed = await listArtifacts({ source, key, since })
      if (listed.length === 0) return []
      const own = await readRun(reader, source.run.id)
      const doubtful = listed.flatMap(({ artifact, attempt }) => {
        const doubt = judgeArtifact(artifact)
        return doubt === null ? [] : [{ ...describe(artifact, attempt), doubt, headSha: null }]
      })
      const others = listed.filter(({ artifact }) => judgeArtifact(artifact) === null).slice(0, mostRuns)
      const found: Found[] = doubtful.slice(0, mostDoubtful)
      for (const { artifact, attempt } of others) {
        const run = await readRun(reader, artifact.workflow_run.id)
        const doubt = judgeRun({ run, own, attempt })
        found.push({ ...describe(artifact, attempt), doubt, headSha: run?.head_sha ?? null })
      }
      for (const kept of found) known.set(kept.id, kept)
      return found
    },
    async open({ id }) {
      const kept = known.get(id)
      if (kept === undefined || kept.headSha === null)
        return { kind: 'refused', why: 'it is not kept any more' }
      return openFound({ source, judge, artifact: kept.artifact, headSha: kept.headSha })
    },
  }
}

/** All that may be young enough, the newest first. */
async function listArtifacts(request: {
  source: Source
  key: string
  since: Date
}): Promise<{ artifact: KeptArtifact; attempt: number }[]> {
  const { source, key, since } = request
  const { run, reader } = source
  const attempts = Array.from({ length: mostAttempts }, (_, index) => index + 1)
  const listed = await Promise.all(
    attempts.map(async (attempt) => {
      const artifacts = await listNamed(reader, nameBaseline(key, attempt))
      return artifacts.map((artifact) => ({ artifact, attempt }))
    }),
  )
  return listed
    .flat()
    .filter(({ artifact, attempt }) => {
      const isHere = artifact.workflow_run.id === run.id && attempt === run.attempt
      return !isHere && Date.parse(artifact.created_at) >= since.getTime()
    })
    .toSorted((a, b) => Date.parse(b.artifact.created_at) - Date.parse(a.artifact.created_at))
}

function describe(artifact: KeptArtifact, attempt: number): Omit<Found, 'doubt' | 'headSha'> {
  const { id, created_at: keptAt, size_in_bytes: bytes, workflow_run: run } = artifact
  return { id, run: { id: String(run.id), attempt }, keptAt, bytes, artifact }
}

function judgeArtifact({ expired, workflow_run: run }: KeptArtifact): string | null {
  if (run.head_repository_id !== run.repository_id) return 'a fork kept it, whose author wrote the workflow'
  return expired ? 'what it kept has expired' : null
}

type WorkflowRun = Awaited<ReturnType<typeof readRun>>

function judgeRun(parts: { run: WorkflowRun; own: WorkflowRun; attempt: number }): string | null {
  const { run, own, attempt } = parts
  if (run === null) return 'its workflow run is not kept any more: it was deleted'
  if (run.workflow_id !== own?.workflow_id) return 'another workflow kept it'
  return run.run_attempt < attempt
    ? `its workflow run was started ${run.run_attempt} times, and not ${attempt}`
    : null
}

async function openFound(parts: {
  source: Source
  judge: OriginJudge
  artifact: KeptArtifact
  headSha: string
}): ReturnType<Baselines['open']> {
  const { source, judge, artifact, headSha } = parts
  const downloaded = await downloadArtifact(source, { artifact, largestBytes })
  if (downloaded.kind === 'gone') return { kind: 'refused', why: "what it kept can't be had any more" }
  if (downloaded.kind === 'refused') return { kind: 'refused', why: `what it kept ${downloaded.why}` }
  const { folder } = downloaded
  const start = await readHeader(folder)
  const doubt = start === null ? 'what it kept says nothing of itself' : await judge({ start, headSha })
  if (doubt === null) return { kind: 'there', directory: await openRunDirectory(folder) }
  await remove(folder)
  return { kind: 'refused', why: doubt }
}

async function readHeader(folder: string): Promise<string | null> {
  try {
    const file = join(folder, baselineFiles.header)
    const { size } = await stat(file)
    return size > largestHeaderBytes ? null : await readFile(file, 'utf8')
  } catch {
    return null
  }
}
