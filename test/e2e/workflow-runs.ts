import { z } from 'zod'
import type { RunRow } from './emulator/github.ts'
import type { RunActionOptions } from './emulator/runner.ts'

const payloadSchema = z.object({
  pull_request: z
    .object({
      head: z.object({
        ref: z.string(),
        sha: z.string(),
        repo: z.object({ full_name: z.string() }).nullish(),
      }),
    })
    .optional(),
  merge_group: z.object({ head_sha: z.string(), head_ref: z.string().default('') }).optional(),
  ref: z.string().optional(),
})

/** What GitHub says of the workflow run that a step belongs to, as far as its event does. */
export function describeRun(options: RunActionOptions): RunRow {
  const { event, eventName = 'pull_request', sha = '', repository = 'octo/app' } = options
  const {
    pull_request: pull,
    merge_group: group,
    ref = 'refs/heads/main',
  } = payloadSchema.safeParse(event).data ?? {}
  const isFork = pull !== undefined && pull.head.repo?.full_name !== repository
  return {
    id: Number(options.runId ?? 4242),
    runAttempt: options.runAttempt ?? 1,
    event: eventName,
    // Under a pull request, the head and not the merge that GITHUB_SHA names.
    headSha: pull?.head.sha ?? group?.head_sha ?? sha,
    headBranch: (pull?.head.ref ?? group?.head_ref ?? ref).replace(/^refs\/heads\//, ''),
    headRepositoryId: isFork ? 99 : 1,
  }
}

/** Adds a run, or a further attempt of one. What is known of it stays. */
export function registerRun(runs: RunRow[], row: RunRow): void {
  const known = runs.find(({ id }) => id === row.id)
  if (known === undefined) {
    runs.push(row)
    return
  }
  const runAttempt = Math.max(known.runAttempt ?? 1, row.runAttempt ?? 1)
  Object.assign(known, { ...row, ...known, runAttempt })
}
