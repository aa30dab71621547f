import * as core from '@actions/core'
import { exitCodes } from '../../conclusion.ts'
import { formatError, type GateError } from '../../errors.ts'
import type { GateRequest } from '../../prepare.ts'
import { deliver, type Sinks } from '../../publish.ts'
import { renderReview } from '../../report/registration/render-review.ts'
import { listProblems } from '../../report/registration/review.ts'
import { type ReviewPorts, reviewRegistrations } from '../../review-registrations.ts'
import { safeText } from '../../safe-text.ts'

const title = 'Checkpoint Gate: registration'

/**
 * Reviews the registrations that a change adds or edits, comments what they commit to, and gives the exit code: 0 where
 * all are valid, or none changed.
 */
export async function reviewAndReport(
  request: GateRequest,
  ports: ReviewPorts,
  sinks: Sinks,
): Promise<number> {
  const review = await reviewRegistrations(request, ports)
  const { headline, comment, summary } = renderReview(review)
  const problems = listProblems(review)
  core.setOutput('verdict', '')
  core.setOutput('gate-message', safeText(headline, 1000))
  // A comment of an earlier state of the change is brought up to date; none is written about nothing.
  const create = review.registrations.length > 0
  const { commentUrl } = await deliver(sinks, { comment: { body: comment, create }, summary, artifact: null })
  core.setOutput('comment-url', commentUrl ?? '')
  for (const problem of problems) annotate(problem)
  if (problems.length === 0) {
    sinks.log.info(headline)
    return exitCodes.success
  }
  core.error(safeText(headline, 1000), { title })
  return exitCodes.noVerdict
}

function annotate(problem: GateError): void {
  const { where } = problem
  core.error(safeText(formatError(problem), 2000), {
    title,
    ...(where === undefined ? {} : { file: safeText(where.file) }),
    ...(where?.line === undefined ? {} : { startLine: where.line }),
  })
}
