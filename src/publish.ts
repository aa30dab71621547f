import type { Decided } from './decide-record.ts'
import { estimateSlices } from './estimate/slices.ts'
import type { Artifacts, JobSummary, Log, PullRequest, RunDirectory } from './ports.ts'
import { listReviewItems } from './record/review.ts'
import { recordSummarySchema, runFiles } from './record/schema.ts'
import { fileReporters } from './report/reporters/index.ts'
import { buildView, type ReportView } from './report/view.ts'

/** The text of `verdict.json`: the same bytes from a run and from its record. */
export function formatVerdict(decided: Pick<Decided, 'verdict'>): string {
  return JSON.stringify(decided.verdict, null, 2)
}

/**
 * Writes the verdict, and each reporter's file, into the run directory. Files to keep are left as they are where there
 * are such: people may have written into them.
 */
export async function writeReports(
  directory: RunDirectory,
  decided: Decided,
  keep: readonly string[] = [],
): Promise<ReportView> {
  await directory.write(runFiles.verdict, [formatVerdict(decided)])
  const view = buildView({
    record: decided.record.summary,
    estimates: decided.estimates,
    verdict: decided.verdict,
    prices: decided.prices,
    slices: estimateSlices(decided.record),
    review: listReviewItems(decided.record),
  })
  const write = async ({ file, render }: (typeof fileReporters)[number]) => {
    if (keep.includes(file) && (await directory.read(file)) !== null) return
    await directory.write(file, [render(view)])
  }
  await Promise.all(fileReporters.map(write))
  return view
}

/** Where a run's texts go beside its directory. */
export interface Sinks {
  pullRequest: PullRequest | null
  summary: JobSummary
  artifacts: Artifacts | null
  log: Log
}

/** What goes there. */
export interface Delivery {
  comment: { body: string; create: boolean } | null
  summary: string
  artifact: { name: string; directory: RunDirectory } | null
}

/** What came of it. */
export interface Delivered {
  commentUrl: string | null
  /** The name of the artifact that was uploaded. */
  artifact: string | null
}

/**
 * Delivers to every sink. One that fails becomes a warning: what was measured stands whether or not it could be
 * shown everywhere.
 */
export async function deliver(sinks: Sinks, delivery: Delivery): Promise<Delivered> {
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work()
    } catch (error) {
      sinks.log.warning(`${what}: ${error instanceof Error ? error.message : String(error)}`)
      return null
    }
  }
  await attempt('the job summary could not be written', () => sinks.summary.write(delivery.summary))
  const { comment, artifact } = delivery
  const { pullRequest, artifacts } = sinks
  const posted =
    comment === null || pullRequest === null
      ? null
      : await attempt(
          'the comment could not be written (the job needs `pull-requests: write`; on a fork no job has it)',
          () => pullRequest.publishComment(comment.body, { create: comment.create }),
        )
  const uploaded =
    artifact === null || artifacts === null
      ? null
      : await attempt('the artifact could not be uploaded', () => uploadRun(artifacts, artifact))
  return { commentUrl: posted?.url ?? null, artifact: uploaded }
}

async function uploadRun(
  artifacts: Artifacts,
  artifact: { name: string; directory: RunDirectory },
): Promise<string | null> {
  const { name, directory } = artifact
  const files: string[] = []
  const kept = (await keepsText(directory)) ? [] : [runFiles.review]
  for (const file of Object.values(runFiles)) {
    if (kept.some((name) => name === file)) continue
    if (await isThere(directory, file)) files.push(`${directory.path}/${file}`)
  }
  if (files.length === 0) return null
  await artifacts.upload({ name, folder: directory.path, files })
  return name
}

/** Whether there is a file, without reading all of it: of a large run it may be more than a string can hold. */
async function isThere(directory: RunDirectory, file: string): Promise<boolean> {
  for await (const _ of directory.readLines(file)) return true
  return (await directory.read(file)) !== null
}

/** Whether policy lets text leave with the record. Where it does not, what people fill in stays where it is too. */
async function keepsText(directory: RunDirectory): Promise<boolean> {
  try {
    const record = JSON.parse((await directory.read(runFiles.record)) ?? '{}')
    return recordSummarySchema.shape.retainText.parse(record.retainText) === 'artifact'
  } catch {
    return false
  }
}
