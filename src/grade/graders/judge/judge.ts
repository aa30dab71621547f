import { z } from 'zod'
import { GateError } from '../../../errors.ts'
import { strictObject } from '../../../policy/document.ts'
import type { Rubric } from '../../../policy/rubric.ts'
import type { Completed, Completion } from '../../../replay/completion.ts'
import { containsQuote, renderCompletion } from '../../evidence.ts'
import {
  addUsage,
  type GradeItem,
  type Grader,
  type GraderContext,
  type GraderKind,
  type Grading,
  noUsage,
} from '../../grader.ts'
import { explainFailure, type Label } from '../../label.ts'
import { answerFormat, writeJudgePrompt } from './prompt.ts'

const configSchema = strictObject({
  kind: z.literal('judge'),
  rubric: z.string().min(1).meta({ description: '`builtin`, `builtin:<id>` or the path of a rubric.' }),
})

const answerSchema = z.object({
  label: z.enum(['present', 'absent', 'cannot-tell']),
  quote: z.string().nullish(),
})

/** Labels by asking a model with a rubric. */
export const judge: GraderKind = {
  kind: 'judge',
  configSchema,
  summary: 'a model that is given a rubric, the prefix and the completion, and must quote what it found',
  listRubrics: (config, category) => [resolveReference(config, category)],
  create(config, context) {
    const rubric = context.rubrics.get(resolveReference(config, context.category))
    if (rubric === undefined || context.judge === null) {
      throw new GateError({
        code: 'policy',
        message: `category "${context.category}" is graded by a judge, which has no ${rubric === undefined ? 'rubric' : 'endpoint'}`,
        remedy: 'name the judge in the policy and give its endpoint',
      })
    }
    return createJudge({ rubric, judge: context.judge, delimiter: context.delimiter })
  },
}

function resolveReference(config: unknown, category: string): string {
  const { rubric } = configSchema.parse(config)
  return rubric === 'builtin' ? `builtin:${category}` : rubric
}

function createJudge(settings: {
  rubric: Rubric
  judge: NonNullable<GraderContext['judge']>
  delimiter: string
}): Grader {
  const { rubric, judge: asked, delimiter } = settings
  const ask = (item: GradeItem): Promise<Completion> =>
    asked.endpoint.ask({
      customId: `${item.turn.id}|${item.arm}|${item.category}`,
      model: asked.model,
      messages: writeJudgePrompt({ rubric, item, delimiter }),
      ...(asked.temperature === null ? {} : { temperature: asked.temperature }),
      responseFormat: answerFormat,
    })
  return {
    async grade(item) {
      if (rubric.appliesTo === 'tool-calls' && item.completion.toolCalls.length === 0) {
        return { label: { kind: 'absent' }, usage: noUsage }
      }
      const first = readAnswer(await ask(item), item.completion)
      if (!deservesRegrade(first.label)) return first
      const second = readAnswer(await ask(item), item.completion)
      // Not asked stays so: a slip is no answer, and the run that continues this one asks again.
      return { label: second.label, usage: addUsage(first.usage, second.usage) }
    },
  }
}

// An answer that breaks the contract may be a slip; one that says "cannot tell" is an answer.
function deservesRegrade(label: Label): boolean {
  return (
    label.kind === 'missing' &&
    (label.class === 'transport' || label.cause === 'invalid-answer' || label.cause === 'quote-not-found')
  )
}

function readAnswer(completion: Completion, graded: Completed): Grading {
  if (completion.kind === 'not-asked') return { label: completion, usage: noUsage }
  if (completion.kind === 'failed') return { label: explainFailure(completion, 'judge'), usage: noUsage }
  return { label: readLabel(completion, renderCompletion(graded)), usage: completion.usage ?? noUsage }
}

/** The label that a judge's answer stands for, checked against the completion that it speaks of. */
export function readLabel(answer: Completed, evidence: string): Label {
  const missing = (cause: 'cannot-tell' | 'invalid-answer' | 'quote-not-found' | 'refused'): Label => ({
    kind: 'missing',
    class: 'content',
    of: 'judge',
    cause,
  })
  if (answer.refusal !== null && answer.text === '') return missing('refused')
  const parsed = answerSchema.safeParse(parseObject(answer.text))
  if (!parsed.success) return missing('invalid-answer')
  const { label, quote } = parsed.data
  switch (label) {
    case 'absent':
      return { kind: 'absent' }
    case 'cannot-tell':
      return missing('cannot-tell')
    case 'present':
      return containsQuote(evidence, quote ?? '')
        ? { kind: 'present', quote: quote ?? '' }
        : missing('quote-not-found')
  }
}

// Servers without structured output wrap the object in a code fence; anything more is prose, and invalid.
function parseObject(text: string): unknown {
  const trimmed = text.trim()
  const fenced = /^```(?:json)?[ \t\r]*\n/.exec(trimmed)
  const inner = fenced !== null && trimmed.endsWith('```') ? trimmed.slice(fenced[0].length, -3) : trimmed
  try {
    return JSON.parse(inner)
  } catch {
    return undefined
  }
}
