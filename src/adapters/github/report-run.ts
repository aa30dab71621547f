import { resolve } from 'node:path'
import * as core from '@actions/core'
import { chooseExitCode, exitCodes } from '../../conclusion.ts'
import type { Decided } from '../../decide-record.ts'
import { formatError, GateError } from '../../errors.ts'
import { nameAttempt } from '../../history/attempt.ts'
import type { RunDirectory } from '../../ports.ts'
import { deliver, type Sinks, writeReports } from '../../publish.ts'
import { type RecordSummary, runFiles } from '../../record/schema.ts'
import { findPredictionLine, type LoadedRegistration } from '../../registration/load.ts'
import { countProblems } from '../../report/forecast/describe.ts'
import type { PlanForecast } from '../../report/forecast/plan-forecast.ts'
import { renderForecastHeadline, renderForecastSummary } from '../../report/forecast/render.ts'
import { fileReporters } from '../../report/reporters/index.ts'
import { renderNoVerdict } from '../../report/reporters/message.ts'
import { safeText } from '../../safe-text.ts'
import { uploadBaseline } from './upload-baseline.ts'

/** What the run has reached; what is left undone when it fails can still be reported. */
export interface Stage {
  sinks: Sinks
  directory: RunDirectory | null
  /** The name of the artifact that keeps what was measured; `null` before the first request. */
  end: string | null
}

/** Reports what a run would show, and gives its exit code. */
export async function reportPlan(stage: Stage, forecast: PlanForecast): Promise<number> {
  const headline = renderForecastHeadline(forecast)
  core.setOutput('verdict', '')
  core.setOutput('plan-digest', forecast.plan_digest)
  core.setOutput('gate-message', safeText(headline, 1000))
  const summary = renderForecastSummary(forecast)
  await deliver(stage.sinks, { comment: null, summary, artifact: null })
  if (countProblems(forecast) > 0) {
    core.error(safeText(headline, 1000), { title: 'Checkpoint Gate: plan' })
    return exitCodes.noVerdict
  }
  stage.sinks.log.info(headline)
  return exitCodes.success
}

/** Reports a verdict everywhere, and gives its exit code. */
export async function reportDecision(
  stage: Stage,
  result: {
    decided: Decided
    directory: RunDirectory
    registration: LoadedRegistration
    keptBaseline: string | null
  },
  /** Of the workflow run that reports. */
  runAttempt: number,
): Promise<number> {
  const { decided, directory, registration } = result
  const { summary } = decided.record
  const view = await writeReports(directory, decided)
  const [comment, page] = fileReporters
    .filter(({ name }) => name !== 'report')
    .map((reporter) => reporter.render(view))
  const { commentUrl, artifact } = await deliver(stage.sinks, {
    comment: { body: comment ?? '', create: true },
    summary: page ?? '',
    artifact: {
      name: nameEnd(summary, runAttempt),
      directory,
    },
  })
  const { keptBaseline: key } = result
  if (key !== null) await uploadBaseline(stage.sinks, { directory, key, runAttempt })
  annotate(decided, registration)
  const outputs = {
    verdict: decided.verdict.verdict,
    'gate-message': safeText(view.headline, 1000),
    'record-path': resolve(directory.path, runFiles.record),
    'report-path': resolve(directory.path, runFiles.report),
    'comment-url': commentUrl ?? '',
    artifact: artifact ?? '',
    'plan-digest': summary.planDigest,
    attempt: summary.history.kind === 'kept' ? String(summary.history.number) : '',
    'cost-usd': summary.cost.usd === null ? '' : summary.cost.usd.toFixed(4),
  }
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value)
  const exitCode = chooseExitCode(decided.verdict)
  if (exitCode === exitCodes.success) stage.sinks.log.info(view.headline)
  else core.error(safeText(view.headline, 1000), { title: 'Checkpoint Gate' })
  return exitCode
}

/**
 * `checkpoint-gate-<16 hex>-r<attempt>-end`: the same for every run of one candidate of one pointer. What is published again
 * is no end of an attempt, and has a name of its own.
 */
function nameEnd({ plan, history }: RecordSummary, runAttempt: number): string {
  const key = { pointerFile: plan.policy.checkpoint.file, candidate: plan.candidate }
  const isAgain = history.kind === 'kept' && history.republishedBy !== null
  return `${nameAttempt(key, runAttempt)}-${isAgain ? 'standing' : 'end'}`
}

// On the registration's lines, where the author of the pull request can act.
function annotate(decided: Decided, registration: LoadedRegistration): void {
  if (registration.from === 'standing') return
  for (const category of decided.verdict.categories) {
    if (category.verdict === 'pass' || category.role === 'watch') continue
    const text = safeText(`${category.id}: ${category.verdict} (${category.reason})`)
    const place = {
      file: safeText(registration.file),
      startLine: findPredictionLine(registration, category.id),
      title: 'Checkpoint Gate',
    }
    if (category.verdict === 'fail') core.error(text, place)
    else core.warning(text, place)
  }
}

/** Reports that there is no verdict: what is wrong, where, and what to do about it. Gives the exit code. */
export async function reportNoVerdict(stage: Stage, error: unknown): Promise<number> {
  const known = error instanceof GateError ? error : null
  const problem =
    known ??
    new GateError({
      code: 'platform',
      message: `the gate stopped by a defect of its own: ${error instanceof Error ? error.message : String(error)}`,
      remedy: 'report it with the log of this run; nothing was decided',
      cause: error,
    })
  if (known === null && error instanceof Error) core.debug(safeText(error.stack ?? '', 4000))
  const message = renderNoVerdict(problem)
  core.setOutput('verdict', '')
  core.setOutput('gate-message', safeText(`${message.headline}: ${problem.remedy}`, 1000))
  const { where } = problem
  core.error(safeText(formatError(problem), 2000), {
    title: 'Checkpoint Gate: no verdict',
    ...(where === undefined
      ? {}
      : { file: safeText(where.file), ...(where.line === undefined ? {} : { startLine: where.line }) }),
  })
  const { directory, end } = stage
  const { artifact } = await deliver(stage.sinks, {
    comment: { body: message.comment, create: true },
    summary: message.summary,
    artifact: directory === null || end === null ? null : { name: end, directory },
  })
  core.setOutput('artifact', artifact ?? '')
  return exitCodes.noVerdict
}
