import * as core from '@actions/core'
import { exitCodes } from '../../conclusion.ts'
import type { RunForecast } from '../../forecast-run.ts'
import type { Unmeasured } from '../../gate.ts'
import { deliver, type Sinks } from '../../publish.ts'
import { renderInvalid, renderUnchanged } from '../../report/reporters/message.ts'
import { safeText } from '../../safe-text.ts'

/** Reports a run that ended before anything was asked, and gives its exit code. */
export async function reportUnmeasured(
  sinks: Sinks,
  result: Unmeasured | Extract<RunForecast, { kind: 'unchanged' }>,
  event: string,
): Promise<number> {
  const message = result.kind === 'unchanged' ? renderUnchanged(result) : renderInvalid({ ...result, event })
  core.setOutput('verdict', result.kind)
  core.setOutput('gate-message', safeText(message.headline, 1000))
  const { commentUrl } = await deliver(sinks, {
    comment: { body: message.comment, create: result.kind === 'invalid' },
    summary: message.summary,
    artifact: null,
  })
  core.setOutput('comment-url', commentUrl ?? '')
  if (result.kind === 'unchanged') {
    for (const line of [message.headline, ...message.details]) sinks.log.info(line)
    return exitCodes.success
  }
  const [file] = result.files
  core.error(safeText(message.headline, 1000), {
    title: 'Checkpoint Gate',
    ...(file === undefined ? {} : { file }),
  })
  return exitCodes.undecided
}
