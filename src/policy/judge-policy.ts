import { z } from 'zod'
import { strictObject } from './document.ts'
import { viaSchema } from './replay-policy.ts'
import { endpointName, path, share } from './schema-parts.ts'

const model = z.string().min(1)
const temperature = z.number().min(0).max(2).optional()

/** The judge as a user writes it: who screens, who confirms, and how both are watched. */
export function createJudgeSchema() {
  return strictObject({
    model: model.meta({
      description: 'The model that labels completions. It must not be the candidate, nor of its family.',
    }),
    endpoint: endpointName.default('judge').meta({ description: 'The name of its endpoint.' }),
    temperature: temperature.meta({ description: 'Sent to the judge only when set.' }),
    calls: z.enum(['shared', 'each']).default('shared').meta({
      description:
        '`shared`: one call labels a completion in all categories that begin with this judge. `each`: a call a category.',
    }),
    confirm: strictObject({
      model: model.meta({ description: 'A stronger model, asked of what the first one flagged.' }),
      endpoint: endpointName.optional().meta({ description: 'Where it differs from the judge’s.' }),
      temperature: temperature.meta({ description: 'Sent only when set.' }),
      votes: z.int().min(1).max(9).default(3).meta({ description: 'How often it is asked.' }),
      agree: z
        .enum(['all', 'majority'])
        .default('all')
        .meta({ description: 'How many of the votes have to say `present`.' }),
    })
      .optional()
      .meta({ description: 'Confirms the flags of every category that has a `rubric`.' }),
    via: viaSchema.default('live').meta({
      description:
        '`batch` asks every judge by files of OpenAI’s Batch API (docs/batch.md). `calibrate` asks live all the same.',
    }),
    second_grading: share.prefault('5%').meta({
      description:
        'The share of completions that is graded twice, to see how far the judge agrees with itself.',
    }),
    controls: path.optional().meta({
      description:
        'A labelled set (docs/graders.md) of known positives and negatives, mixed into the work of every run.',
    }),
  })
}

/** The judge of a policy. */
export interface JudgePolicy {
  model: string
  endpoint: string
  temperature: number | null
  calls: 'shared' | 'each'
  via: 'live' | 'batch'
  confirm: {
    model: string
    endpoint: string
    temperature: number | null
    votes: number
    agree: 'all' | 'majority'
  } | null
  secondGradingShare: number
  controls: string | null
}

/** The judge with the names and units of the rest of the code. */
export function toJudge(written: z.infer<ReturnType<typeof createJudgeSchema>>): JudgePolicy {
  const { confirm } = written
  return {
    model: written.model,
    endpoint: written.endpoint,
    temperature: written.temperature ?? null,
    calls: written.calls,
    via: written.via,
    confirm:
      confirm === undefined
        ? null
        : {
            ...confirm,
            endpoint: confirm.endpoint ?? written.endpoint,
            temperature: confirm.temperature ?? null,
          },
    secondGradingShare: written.second_grading,
    controls: written.controls ?? null,
  }
}

interface WrittenGrader {
  kind: string
  [key: string]: unknown
}

/**
 * The graders of a category, with what they leave out filled in from the judge, so that a plan says by itself who is
 * asked. A `rubric` alone is the judge, and then its confirmation where there is one.
 */
export function resolveGraders(
  category: { id: string; rubric?: string | undefined; graders?: WrittenGrader[] | undefined },
  judge: JudgePolicy | null,
): WrittenGrader[] {
  const { rubric } = category
  const confirm = judge?.confirm ?? null
  const written =
    category.graders ??
    (confirm === null
      ? [{ kind: 'judge', rubric }]
      : [
          { kind: 'judge', rubric },
          { kind: 'judge', rubric, ...confirm },
        ])
  return written.map((grader, index) =>
    grader.kind === 'judge' ? resolveJudge({ grader, id: category.id, judge, index }) : grader,
  )
}

function resolveJudge(parts: {
  grader: WrittenGrader
  id: string
  judge: JudgePolicy | null
  index: number
}): WrittenGrader {
  const { grader, id, judge, index } = parts
  const isOther = grader.model !== undefined && grader.model !== judge?.model
  return {
    votes: 1,
    agree: 'all',
    ...grader,
    rubric: grader.rubric === 'builtin' ? `builtin:${id}` : grader.rubric,
    model: grader.model ?? judge?.model ?? '',
    endpoint: grader.endpoint ?? judge?.endpoint ?? 'judge',
    // A temperature belongs to the model that it was written for.
    temperature: grader.temperature ?? (isOther ? null : (judge?.temperature ?? null)),
    calls: index > 0 ? 'each' : (grader.calls ?? judge?.calls ?? 'shared'),
  }
}
