import { digestValue, type Plan } from '../plan/plan.ts'
import { graderKinds } from './graders/index.ts'
import { groupShared } from './graders/judge/shared.ts'

/** Changed only when the same graders could label differently: prompts, pre-screens, how votes add up. */
const gradingVersion = 1

/**
 * SHA-256, in hex, of everything that decides how a category's completions are labelled: its chain with models and
 * votes, the rubrics, and the other categories of its shared call with theirs. A calibration holds for one digest.
 */
export function digestGraders(
  plan: Pick<Plan, 'rubrics'> & { policy: Pick<Plan['policy'], 'categories'> },
  category: string,
): string {
  const { categories } = plan.policy
  const group = groupShared(categories).find((ids) => ids.includes(category)) ?? []
  const members = categories.filter(({ id }) => id === category || group.includes(id))
  const parts = members.map(({ id, graders }) => {
    // Of the others only the judge of the shared call has a say in this category's label.
    const own = id === category ? graders : graders.slice(0, 1)
    const rubrics = own.flatMap((config) => {
      const kind = graderKinds.find((entry) => entry.kind === config.kind)
      return kind?.listRubrics(config) ?? []
    })
    return { id, graders: own, rubrics: rubrics.map((reference) => plan.rubrics[reference] ?? null) }
  })
  return digestValue({ gradingVersion, category, group, parts })
}
