import * as core from '@actions/core'
import { exitCodes } from '../../conclusion.ts'
import type { RunForecast } from '../../forecast-run.ts'
import type { Unmeasured } from '../../gate.ts'
import { deliver, type Sinks } from '../../publish.ts'
import { renderUnchanged } from '../../report/reporters/message.ts'
import { safeText } from '../../safe-text.ts'
import { chooseUnmeasuredCode, nameUnmeasured, renderUnmeasured } from '../../unmeasured.ts'

/** Reports a run that ended before anything was asked, and gives its exit code. */
export async function reportUnmeasured(
  sinks: Sinks,
  result: Unmeasured | Extract<RunForecast, { kind: 'unchanged' }>,
  event: string,
): Promise<number> {
  const message =
    'workflow' in result || result.kind !== 'unchanged'
      ? renderUnmeasured(result, event)
      : renderUnchanged(result)
  const isUnchanged = result.kind === 'unchanged'
  core.setOutput('verdict', isUnchanged ? 'unchanged' : nameUnmeasured(result))
  core.setOutput('gate-message', safeText(message.headline, 1000))
  const { commentUrl } = await deliver(sinks, {
    comment: { body: message.comment, create: !isUnchanged },
    summary: message.summary,
    artifact: null,
  })
  core.setOutput('comment-url', commentUrl ?? '')
  if (isUnchanged) {
    for (const line of [message.headline, ...message.details]) sinks.log.info(line)
    return exitCodes.success
  }
  const file = result.kind === 'refused' ? result.registration.file : result.files[0]
  core.error(safeText(message.headline, 1000), {
    title: 'Checkpoint Gate',
    ...(file === undefined ? {} : { file: safeText(file) }),
  })
  return chooseUnmeasuredCode(result)
}
