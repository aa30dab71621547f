import pLimit, { type LimitFunction } from 'p-limit'
import { z } from 'zod'
import { GateError } from '../../errors.ts'
import { nameAttempt } from '../../history/attempt.ts'
import type { HistoryKey, KeptAttempt, RepositoryChanges } from '../../ports.ts'
import { artifactSchema, type DownloadSource, type KeptArtifact, readStart } from './artifacts.ts'
import { createOriginJudge, type OriginJudge } from './origin.ts'
import type { Reader, RunNumber } from './requests.ts'

/** What attempts are found with. */
export interface AttemptSource extends DownloadSource {
  changes: RepositoryChanges
  /** Where the gate runs now: what it leaves itself is no earlier attempt. */
  run: RunNumber
  /** The commit that workflows were reviewed at. */
  policySha: string
}

/** Attempts of one workflow run that are looked for; no run gets to measure in a later one. */
export const mostAttempts = 10

/** Artifacts of one name. A fork's runs can add to them, and are told apart only here. */
const mostArtifacts = 1000

const requestsAtOnce = 5

const pageSchema = z.object({ artifacts: z.array(artifactSchema) })
const runSchema = z.object({ workflow_id: z.int(), head_sha: z.string(), run_attempt: z.int() })

type WorkflowRun = z.infer<typeof runSchema>

/** What one attempt left. */
interface Traces {
  run: RunNumber
  /** Its start, or its end where there is no start. */
  first: KeptArtifact
  start: KeptArtifact | null
  end: KeptArtifact | null
}

/**
 * Every attempt on a candidate that left a trace, the earliest first. A fork's run does not count, since its author wrote
 * the workflow, and neither does another workflow's: only names were theirs to choose.
 * @throws GateError when it can't be told
 */
export async function listAttempts(source: AttemptSource, key: HistoryKey): Promise<KeptAttempt[]> {
  const limit = pLimit(requestsAtOnce)
  const traces = await listTraces({ source, key, limit })
  const runs = await readRuns({ source, ids: traces.map(({ run }) => run.id), limit })
  const own = runs.get(source.run.id) ?? null
  const counted = traces.filter(({ run }) => {
    const other = runs.get(run.id) ?? null
    return other === null || other.workflow_id === own?.workflow_id
  })
  const judge = createOriginJudge(source)
  const attempts = await Promise.all(
    counted.map((found) =>
      limit(() =>
        describeTraces({ source, traces: found, workflowRun: runs.get(found.run.id) ?? null, judge }),
      ),
    ),
  )
  return attempts
    .toSorted((a, b) => Date.parse(a.kept.startedAt) - Date.parse(b.kept.startedAt) || a.id - b.id)
    .map(({ kept }) => kept)
}

interface Listing {
  source: AttemptSource
  key: HistoryKey
  limit: LimitFunction
}

async function listTraces({ source, key, limit }: Listing): Promise<Traces[]> {
  const traces = new Map<string, Traces>()
  const numbers = Array.from({ length: mostAttempts }, (_, index) => index + 1)
  const names = numbers.flatMap((attempt) => {
    const name = nameAttempt(key, attempt)
    return [
      { attempt, part: 'start' as const, name },
      { attempt, part: 'end' as const, name: `${name}-end` },
    ]
  })
  const listed = await Promise.all(
    names.map(async (wanted) => ({
      ...wanted,
      found: await limit(() => listNamed(source.reader, wanted.name)),
    })),
  )
  for (const { attempt, part, found } of listed) {
    for (const artifact of found) {
      const { id, repository_id: repository, head_repository_id: from } = artifact.workflow_run
      const isHere = id === source.run.id && attempt === source.run.attempt
      if (from !== repository || isHere) continue
      const place = `${id}.${attempt}`
      // An attempt's start was asked for before its end.
      const trace = traces.get(place) ?? { run: { id, attempt }, first: artifact, start: null, end: null }
      // A name is given once in a run: the same one again can only be the same artifact, on two pages.
      trace[part] ??= artifact
      traces.set(place, trace)
    }
  }
  return [...traces.values()]
}

/** All artifacts of a name, whoever made them. */
export async function listNamed(reader: Reader, name: string): Promise<KeptArtifact[]> {
  const artifacts: KeptArtifact[] = []
  const pages = reader.readPages({
    what: `the artifacts named ${name}`,
    permission: 'actions: read',
    route: 'GET /repos/{owner}/{repo}/actions/artifacts',
    parameters: { name },
    schema: pageSchema,
  })
  for await (const page of pages) {
    artifacts.push(...page.artifacts)
    if (artifacts.length <= mostArtifacts) continue
    throw new GateError({
      code: 'platform',
      message: `there are more than ${mostArtifacts} artifacts named ${name}: earlier attempts can't be told from them`,
      remedy: 'look which runs upload them; a candidate is not measured that often',
    })
  }
  return artifacts
}

interface RunListing {
  source: AttemptSource
  ids: number[]
  limit: LimitFunction
}

/** Each workflow run once, and the current one; `null` for one that is gone. */
async function readRuns({ source, ids, limit }: RunListing): Promise<Map<number, WorkflowRun | null>> {
  if (ids.length === 0) return new Map()
  const read = async (id: number): Promise<[number, WorkflowRun | null]> => [
    id,
    await readRun(source.reader, id),
  ]
  const found = await Promise.all([...new Set([source.run.id, ...ids])].map((id) => limit(() => read(id))))
  const runs = new Map(found)
  if (runs.get(source.run.id) !== null) return runs
  throw new GateError({
    code: 'platform',
    message: `GitHub does not know this workflow run, ${source.run.id}`,
    remedy: "the job needs `actions: read` in the workflow's permissions",
  })
}

/** A workflow run; `null` where it is gone. */
export function readRun(reader: Reader, id: number): Promise<WorkflowRun | null> {
  return reader.read({
    what: `workflow run ${id}`,
    permission: 'actions: read',
    route: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}',
    parameters: { run_id: id },
    schema: runSchema,
  })
}

interface Describing {
  source: AttemptSource
  traces: Traces
  /** `null` where it is gone. */
  workflowRun: WorkflowRun | null
  judge: OriginJudge
}

async function describeTraces({ source, traces, workflowRun, judge }: Describing) {
  const { run, first, start, end } = traces
  const began = start === null ? null : await readStart(source, start)
  const doubts = [
    ...listTraceDoubts({ traces, workflowRun }),
    ...(began?.text === null ? [`what it began with ${began.why}`] : []),
  ]
  if (end !== null && !end.expired && workflowRun !== null && began !== null && began.text !== null) {
    const doubt = await judge({ start: began.text, headSha: workflowRun.head_sha })
    if (doubt !== null) doubts.push(doubt)
  }
  const kept: KeptAttempt = {
    run: { id: String(run.id), attempt: run.attempt },
    startedAt: first.created_at,
    start: began?.text ?? null,
    end: end === null ? null : end.expired ? { kind: 'gone' } : { kind: 'there', id: end.id },
    doubts,
  }
  return { kept, id: first.id }
}

/** What of the traces themselves does not fit. */
function listTraceDoubts(parts: Pick<Describing, 'traces' | 'workflowRun'>): string[] {
  const { traces, workflowRun } = parts
  const { run, start, end } = traces
  const doubts: string[] = []
  if (start === null) doubts.push('what it began with is not kept any more: it was deleted')
  if (start !== null && end !== null && Date.parse(end.created_at) < Date.parse(start.created_at))
    doubts.push('what it began with was uploaded after what it ended with')
  if (workflowRun === null) doubts.push('its workflow run is not kept any more: it was deleted')
  else if (workflowRun.run_attempt < run.attempt)
    doubts.push(`its workflow run was started ${workflowRun.run_attempt} times, and not ${run.attempt}`)
  return doubts
}
