import type { RecordSummary } from '../record/schema.ts'
import { trajectoryEnds } from '../tools/trajectory.ts'
import { countThings } from './format.ts'
import { formatCount, say, type Text } from './text.ts'

/** That trajectories ended without an answer, as they went round in circles or reached a limit; `null` where none did. */
export function sayTrajectoryEnds({ arms }: RecordSummary): Text | null {
  const counts = {
    candidate: countEnds(arms.candidate.signals.finishReasons),
    baseline: countEnds(arms.baseline.signals.finishReasons),
  }
  if (counts.candidate.all + counts.baseline.all === 0) return null
  const describe = (arm: 'candidate' | 'baseline') => {
    const { all, words } = counts[arm]
    const { completions } = arms[arm].signals
    return `${formatCount(all)} of ${countThings(completions, 'trajectory', 'trajectories')} of the ${arm}${words === '' ? '' : ` (${words})`}`
  }
  return say`Without an answer in the end: ${describe('candidate')}, ${describe('baseline')}. Categories count what was said and called until then; no category counts that the user was left without an answer.`
}

function countEnds(reasons: Readonly<Record<string, number>>): { all: number; words: string } {
  const found = trajectoryEnds.flatMap((end) =>
    reasons[end] === undefined ? [] : [[end, reasons[end]] as const],
  )
  return {
    all: found.reduce((sum, [, count]) => sum + count, 0),
    words: found.map(([end, count]) => `${end} ${formatCount(count)}`).join(', '),
  }
}
