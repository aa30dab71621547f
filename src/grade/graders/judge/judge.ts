import { GateError } from '../../../errors.ts'
import type { Rubric } from '../../../policy/rubric.ts'
import type { Completion } from '../../../replay/completion.ts'
import type { Endpoint } from '../../../replay/endpoint.ts'
import { applies, renderCompletion } from '../../evidence.ts'
import {
  type GradeItem,
  type Grader,
  type GraderContext,
  type GraderKind,
  nameCall,
  notApplicable,
} from '../../grader.ts'
import { explainFailure, type Label } from '../../label.ts'
import { addUses, type GraderUse } from '../../usage.ts'
import { combineVotes, countVotes } from '../../votes.ts'
import { describeUse, isSlip, readLabel } from './answer.ts'
import { type JudgeConfig, judgeConfigSchema, readJudgeConfig } from './config.ts'
import { answerFormat, createJudgePrompt } from './prompt.ts'

/** Labels by asking a model with a rubric. */
export const judge: GraderKind = {
  kind: 'judge',
  configSchema: judgeConfigSchema,
  summary: 'a model that is given a rubric, the prefix and the completion, and must quote what it found',
  listRubrics: (config) => [readJudgeConfig(config).rubric],
  listEndpoints: (config) => [readJudgeConfig(config).endpoint],
  create(config, context) {
    const settings = readJudgeConfig(config)
    const { rubric, endpoint } = findParts(settings, context)
    return createJudge({ settings, rubric, endpoint, step: context.step, delimiter: context.delimiter })
  },
}

/** The rubric and the endpoint of a judge. Throws GateError when one of them is not there. */
export function findParts(
  settings: JudgeConfig,
  context: Pick<GraderContext, 'category' | 'rubrics' | 'endpoints'>,
): { rubric: Rubric; endpoint: Endpoint } {
  const rubric = context.rubrics.get(settings.rubric)
  const endpoint = context.endpoints.get(settings.endpoint)
  if (rubric !== undefined && endpoint !== undefined) return { rubric, endpoint }
  throw new GateError({
    code: 'policy',
    message: `category "${context.category}" is graded by a judge, which has no ${rubric === undefined ? 'rubric' : 'endpoint'}`,
    remedy: 'name the judge in the policy and give its endpoint',
  })
}

function createJudge(parts: {
  settings: JudgeConfig
  rubric: Rubric
  endpoint: Endpoint
  step: number
  delimiter: string
}): Grader {
  const { settings, rubric, endpoint, step, delimiter } = parts
  const { model, temperature, votes, agree } = settings
  const writePrompt = createJudgePrompt({ rubric, delimiter })
  const ask = (item: GradeItem, vote: number): Promise<Completion> =>
    endpoint.ask(() => ({
      customId: nameCall({ item, step, vote }),
      model,
      messages: writePrompt(item),
      ...(temperature === null ? {} : { temperature }),
      responseFormat: answerFormat,
    }))
  const takeVote = async (item: GradeItem, vote: number): Promise<{ label: Label; uses: GraderUse[] }> => {
    const first = await ask(item, vote)
    const label = readVote(first, item)
    const uses = describeUse({ endpoint: settings.endpoint, model, answer: first })
    if (!isSlip(label)) return { label, uses }
    // Not asked stays so: a slip is no answer, and the run that continues this one asks again.
    const second = await ask(item, vote)
    const more = describeUse({ endpoint: settings.endpoint, model, answer: second })
    return { label: readVote(second, item), uses: [...uses, ...more] }
  }
  return {
    kind: 'judge',
    async grade(item) {
      if (!applies(rubric, item)) return notApplicable
      const taken =
        votes === 1
          ? [await takeVote(item, 0)]
          : await Promise.all(Array.from({ length: votes }, (_, vote) => takeVote(item, vote)))
      const labels = taken.map(({ label }) => label)
      return {
        label: combineVotes(labels, agree),
        votes: countVotes(labels),
        uses: addUses(taken.flatMap(({ uses }) => uses)),
      }
    },
  }
}

function readVote(answer: Completion, item: GradeItem): Label {
  if (answer.kind === 'not-asked') return answer
  if (answer.kind === 'failed') return explainFailure(answer, 'judge')
  return readLabel(answer, () => renderCompletion(item.completion))
}
