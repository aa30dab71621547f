import type { CategoryPolicy } from '../../../policy/schema.ts'
import type { Completion } from '../../../replay/completion.ts'
import type { Endpoint } from '../../../replay/endpoint.ts'
import { applies, renderCompletion } from '../../evidence.ts'
import { type GradeItem, type GraderContext, type Grading, nameCall, notApplicable } from '../../grader.ts'
import { addUses, type GraderUse } from '../../usage.ts'
import { countVotes } from '../../votes.ts'
import { describeUse, isSlip, readLabels } from './answer.ts'
import { readJudgeConfig } from './config.ts'
import { findParts } from './judge.ts'
import { createSharedPrompt, describeSharedFormat, type JudgedCategory } from './prompt.ts'

/** One call that labels a completion in all its categories. */
export interface SharedJudge {
  categories: readonly string[]
  grade(item: Omit<GradeItem, 'category'>): Promise<{ gradings: Map<string, Grading>; uses: GraderUse[] }>
}

/** The name that stands for all categories of a shared call in a request's id; no category can have it. */
export const sharedCall = '*'

/**
 * The categories that share a call, by group: those that begin with a judge of the same model, endpoint and temperature
 * that is asked once, unless policy gives each its own call. A single category is no group.
 */
export function groupShared(categories: readonly Pick<CategoryPolicy, 'id' | 'graders'>[]): string[][] {
  const groups = new Map<string, string[]>()
  for (const { id, graders } of categories) {
    const [first] = graders
    if (first?.kind !== 'judge') continue
    const { model, endpoint, temperature, votes, calls } = readJudgeConfig(first)
    if (calls === 'each' || votes > 1) continue
    const key = JSON.stringify([model, endpoint, temperature])
    groups.set(key, [...(groups.get(key) ?? []), id])
  }
  return [...groups.values()].filter((ids) => ids.length > 1)
}

/** Builds the shared calls of a policy's categories. */
export function createSharedJudges(
  categories: readonly CategoryPolicy[],
  context: Omit<GraderContext, 'category' | 'step'>,
): SharedJudge[] {
  return groupShared(categories).map((ids) => {
    const members = ids.flatMap((id) => categories.filter((category) => category.id === id))
    const [first] = members.flatMap(({ id, graders }) =>
      graders.slice(0, 1).map((config) => {
        const settings = readJudgeConfig(config)
        return { settings, ...findParts(settings, { ...context, category: id }) }
      }),
    )
    if (first === undefined) throw new Error('a group without categories')
    const judged = members.map(({ id, graders: [config] }) => {
      const settings = readJudgeConfig(config ?? { kind: 'judge' })
      return { id, rubric: findParts(settings, { ...context, category: id }).rubric }
    })
    return createSharedJudge({ judged, ...first.settings, client: first.endpoint, ...context })
  })
}

function createSharedJudge(parts: {
  judged: JudgedCategory[]
  model: string
  endpoint: string
  temperature: number | null
  client: Endpoint
  delimiter: string
}): SharedJudge {
  const { judged, model, endpoint, temperature, client, delimiter } = parts
  const ids = judged.map(({ id }) => id)
  const responseFormat = describeSharedFormat(ids)
  const writePrompt = createSharedPrompt({ judged, delimiter })
  const ask = (item: Omit<GradeItem, 'category'>): Promise<Completion> =>
    client.ask(() => ({
      customId: nameCall({ item: { ...item, category: sharedCall }, step: 0, vote: 0 }),
      model,
      messages: writePrompt(item),
      ...(temperature === null ? {} : { temperature }),
      responseFormat,
    }))
  return {
    categories: ids,
    async grade(item) {
      // All rubrics stand in every request, so that its beginning stays the same and providers can cache it.
      const applicable = judged.filter(({ rubric }) => applies(rubric, item)).map(({ id }) => id)
      const absent = ids.map((id): [string, Grading] => [id, notApplicable])
      if (applicable.length === 0) return { gradings: new Map(absent), uses: [] }
      const read = (answer: Completion) =>
        readLabels({
          answer,
          evidence: () => renderCompletion(item.completion),
          categories: applicable,
        })
      const first = await ask(item)
      let labels = read(first)
      let uses = describeUse({ endpoint, model, answer: first })
      if (Object.values(labels).some(isSlip)) {
        const second = await ask(item)
        const again = read(second)
        labels = Object.fromEntries(
          Object.entries(labels).map(([id, label]) => [id, isSlip(label) ? (again[id] ?? label) : label]),
        )
        uses = addUses([...uses, ...describeUse({ endpoint, model, answer: second })])
      }
      const graded = Object.entries(labels).map(([id, label]): [string, Grading] => [
        id,
        { label, votes: countVotes([label]), uses: [] },
      ])
      return { gradings: new Map([...absent, ...graded]), uses }
    },
  }
}
