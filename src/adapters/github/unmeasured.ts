import * as core from '@actions/core'
import { deliver, type Sinks } from '../../publish.ts'
import { safeText } from '../../safe-text.ts'
import {
  type AskedNothing,
  chooseUnmeasuredCode,
  nameUnmeasured,
  renderUnmeasured,
} from '../../unmeasured.ts'

/** Reports a run that ended before anything was asked, and gives its exit code. */
export async function reportUnmeasured(sinks: Sinks, result: AskedNothing, event: string): Promise<number> {
  const message = renderUnmeasured(result, event)
  core.setOutput('verdict', nameUnmeasured(result))
  core.setOutput('gate-message', safeText(message.headline, 1000))
  const { commentUrl } = await deliver(sinks, {
    comment: { body: message.comment, create: result.kind !== 'unchanged' },
    summary: message.summary,
    artifact: null,
  })
  core.setOutput('comment-url', commentUrl ?? '')
  if (result.kind === 'unchanged') {
    for (const line of [message.headline, ...message.details]) sinks.log.info(line)
  } else {
    const file = result.kind === 'refused' ? result.registration.file : result.files[0]
    core.error(safeText(message.headline, 1000), {
      title: 'Checkpoint Gate',
      ...(file === undefined ? {} : { file: safeText(file) }),
    })
  }
  return chooseUnmeasuredCode(result)
}
