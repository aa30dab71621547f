import * as core from '@actions/core'
import { exitCodes } from '../../conclusion.ts'
import type { ShardResult } from '../../gate.ts'
import { deliver } from '../../publish.ts'
import { safeText } from '../../safe-text.ts'
import { renderShard } from '../../shards/message.ts'
import { renderUnmeasured } from '../../unmeasured.ts'
import type { Stage } from './report-run.ts'

/**
 * Keeps what a shard has measured for the job that decides, and gives the exit code. Where it can't be kept the job fails: it
 * would be lost.
 */
export async function reportShard(stage: Stage, result: ShardResult, event: string): Promise<number> {
  const { sinks, end } = stage
  core.setOutput('verdict', '')
  if (result.kind !== 'measured') {
    const why =
      result.kind === 'standing' ? 'a verdict of before stands' : renderUnmeasured(result, event).headline
    return tell(sinks, `Nothing to measure (${why}): the job that decides reports it.`)
  }
  const { report, directory } = result
  core.setOutput('plan-digest', report.planDigest)
  const message = renderShard(report)
  const { artifact } = await deliver(sinks, {
    comment: null,
    summary: `${message}\n`,
    artifact: end === null ? null : { name: end, directory },
  })
  core.setOutput('artifact', artifact ?? '')
  if (artifact !== null) return tell(sinks, message)
  const lost = `${message} It could not be kept, and is lost for the job that decides.`
  core.setOutput('gate-message', safeText(lost, 1000))
  core.error(safeText(lost, 1000), { title: 'Checkpoint Gate' })
  return exitCodes.noVerdict
}

function tell({ log }: Stage['sinks'], message: string): number {
  core.setOutput('gate-message', safeText(message, 1000))
  log.info(message)
  return exitCodes.success
}
