import * as core from '@actions/core'
import type { Artifacts, JobSummary, Log } from '../../ports.ts'
import { safeLines, safeText } from '../../safe-text.ts'

/** A log line at most this often while a run is under way, in milliseconds. */
const progressEveryMs = 30_000

/** The job's log. What is logged may be untrusted: it is made inert here. */
export function createWorkflowLog(formatProgress: (state: Parameters<Log['progress']>[0]) => string): Log {
  let lastMs = 0
  return {
    info: (text) => core.info(safeLines(text)),
    warning: (text) => core.warning(safeLines(text)),
    progress(state) {
      if (state.elapsedMs - lastMs < progressEveryMs) return
      lastMs = state.elapsedMs
      core.info(safeText(formatProgress(state)))
    },
  }
}

/** The job's summary page. */
export const jobSummary: JobSummary = {
  async write(markdown) {
    await core.summary.addRaw(markdown).write({ overwrite: true })
  },
}

/** Files kept with the run. */
export const workflowArtifacts: Artifacts = {
  async upload({ name, folder, files }) {
    // Loaded here, not at start: it is the heaviest of the dependencies, and an unchanged pointer needs none of it.
    const { DefaultArtifactClient } = await import('@actions/artifact')
    await new DefaultArtifactClient().uploadArtifact(name, files, folder)
  },
}
