import type { GradeItem, Grader, Grading } from './grader.ts'
import type { Label } from './label.ts'
import type { Trail } from './trail.ts'
import type { GraderUse } from './usage.ts'
import type { Votes } from './votes.ts'

/** The label of a category with what led to it. */
export interface ChainGrading {
  category: string
  label: Label
  /** The votes of each grader that was asked. */
  steps: Votes[]
  secondOpinion: Trail['secondOpinion']
  /** Whether a judge gave an opinion, and not code alone. */
  asked: boolean
  uses: GraderUse[]
}

/**
 * Sends a completion through a category's graders. A later grader sees only what the earlier ones flagged; the first
 * that does not flag decides.
 *
 * A pre-screened completion takes two judges, or one judge twice, to be cleared: the next grader gives the second
 * opinion where it is a judge, else the same judge does. Where the two differ, the one that is not `absent` counts, so
 * that nothing a completion says lowers a rate.
 */
export async function gradeInCategory(request: {
  item: GradeItem
  graders: readonly Grader[]
  /** The first grader's answer, where a shared call has it. */
  begun: Grading | null
  isSuspicious: boolean
}): Promise<ChainGrading> {
  const { item, graders, begun, isSuspicious } = request
  const steps: Votes[] = []
  const uses: GraderUse[] = []
  let label: Label = { kind: 'absent' }
  let secondOpinion: Trail['secondOpinion'] = null
  let asked = false
  let cleared = 0
  for (const [index, grader] of graders.entries()) {
    const grading = index === 0 && begun !== null ? begun : await grader.grade(item)
    label = grading.label
    steps.push(grading.votes)
    uses.push(...grading.uses)
    const isOpinion = grader.kind === 'judge' && isAsked(grading.votes)
    asked ||= isOpinion
    if (isSuspicious && isOpinion && label.kind === 'absent') {
      cleared += 1
      if (cleared === 1 && graders[index + 1]?.kind === 'judge') continue
      if (cleared === 1) {
        const second = await grader.grade({ ...item, pass: 'second' })
        label = second.label
        secondOpinion = label.kind
        uses.push(...second.uses)
      }
    }
    if (label.kind !== 'present') break
  }
  return { category: item.category, label, steps, secondOpinion, asked, uses }
}

function isAsked({ present, absent, missing }: Votes): boolean {
  return present + absent + missing > 0
}
