import { z } from 'zod'
import { GateError } from '../../errors.ts'
import type { Endpoint } from '../../replay/endpoint.ts'
import { renderCompletion } from '../evidence.ts'
import { type Grader, type GraderContext, type Grading, nameCall } from '../grader.ts'
import { explainFailure, type Label } from '../label.ts'
import { type GraderUse, noUsage } from '../usage.ts'
import { countVotes } from '../votes.ts'

/** A score as an endpoint may give it: a number from 0 to 1, which NaN and infinities are not. */
export const scoreSchema = z.number().min(0).max(1)

/** The score from which on a label counts. */
export const thresholdSchema = z.number().gt(0).max(1)

/** What a grader needs to know of an endpoint that scores texts. */
export interface ScoreGraderParts {
  kind: string
  /** The endpoint's name in the policy, and the model that is asked for. */
  endpoint: string
  model: string
  context: GraderContext
  /** Under the endpoint's address. */
  path: string
  writeBody(text: string): Record<string, unknown>
  /** Whether an answer flags the text; `null` where it does not have what the policy asks for. */
  readAnswer(body: unknown): boolean | null
}

/**
 * A grader that sends a completion as one text, and takes the scores of the answer for its label. It asks once: such an
 * endpoint says the same each time.
 * @throws GateError when the endpoint is not there
 */
export function createScoreGrader(parts: ScoreGraderParts): Grader {
  const { kind, context, path } = parts
  const endpoint = findEndpoint(parts)
  return {
    kind,
    async grade(item): Promise<Grading> {
      const answer = await endpoint.post({
        customId: nameCall({ item, step: context.step, vote: 0 }),
        path,
        body: parts.writeBody(renderCompletion(item.completion)),
      })
      if (answer.kind === 'not-asked') return toGrading(answer, [])
      if (answer.kind === 'failed') return toGrading(explainFailure(answer, 'judge'), [])
      const isPresent = parts.readAnswer(answer.body)
      return toGrading(toLabel(isPresent), describeUse({ ...parts, body: answer.body, isPresent }))
    },
  }
}

function findEndpoint({ kind, endpoint: name, context }: ScoreGraderParts): Endpoint {
  const endpoint = context.endpoints.get(name)
  if (endpoint !== undefined) return endpoint
  throw new GateError({
    code: 'policy',
    message: `category "${context.category}" is graded by kind "${kind}", which has no endpoint "${name}"`,
    remedy: `give the address of "${name}"`,
  })
}

function toGrading(label: Label, uses: GraderUse[]): Grading {
  return { label, votes: countVotes([label]), uses }
}

function toLabel(isPresent: boolean | null): Label {
  if (isPresent === null) return { kind: 'missing', class: 'content', of: 'judge', cause: 'invalid-answer' }
  return { kind: isPresent ? 'present' : 'absent' }
}

// An answer is not lost to a name or to token counts that can't be read.
const originSchema = z.object({
  model: z.string().min(1).nullish().catch(null),
  usage: z
    .object({ prompt_tokens: z.int().min(0), completion_tokens: z.int().min(0).nullish() })
    .nullish()
    .catch(null),
})

function describeUse(parts: {
  endpoint: string
  model: string
  body: unknown
  isPresent: boolean | null
}): GraderUse[] {
  const { endpoint, model, body, isPresent } = parts
  const origin = originSchema.safeParse(body).data
  // What a proxy says in the endpoint's place names no model, and is no answer of the one that was asked for.
  const answered = origin?.model ?? (isPresent === null ? null : model)
  if (answered === null) return []
  const usage = origin?.usage
  return [
    {
      endpoint,
      model,
      answeredAs: { [answered]: 1 },
      usage: usage
        ? { promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens ?? 0 }
        : noUsage,
    },
  ]
}
