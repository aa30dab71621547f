import { z } from 'zod'
import type { Completion } from '../replay/completion.ts'
import { isTransportFailure } from '../replay/completion.ts'

/**
 * What an answer of the discriminator is. `transport`: the call failed, which says nothing of the rollouts. `content`: there
 * is an answer, or a refusal to take the request, and no choice in it.
 */
export type Choice =
  | { kind: 'chosen'; real: 'first' | 'second'; model: string }
  | { kind: 'missing'; class: 'transport' | 'content'; cause: string; model: string | null }
  | { kind: 'not-asked' }

const answerSchema = z.object({ real: z.enum(['first', 'second']) })

/** Reads an answer; `asked` is the model's name where the endpoint gives none. */
export function readChoice(answer: Completion, asked: string): Choice {
  if (answer.kind === 'not-asked') return { kind: 'not-asked' }
  if (answer.kind === 'failed') {
    const lost = isTransportFailure(answer) ? 'transport' : 'content'
    return { kind: 'missing', class: lost, cause: answer.cause, model: null }
  }
  const model = answer.model ?? asked
  const miss = (cause: string): Choice => ({ kind: 'missing', class: 'content', cause, model })
  if (answer.refusal !== null && answer.text === '') return miss('refused')
  const parsed = answerSchema.safeParse(parseObject(answer.text))
  return parsed.success ? { kind: 'chosen', real: parsed.data.real, model } : miss('invalid-answer')
}

/** An answer that breaks the contract may be a slip, and a call that failed may go through: both are asked once more. */
export function isSlip(choice: Choice): boolean {
  return choice.kind === 'missing' && (choice.class === 'transport' || choice.cause === 'invalid-answer')
}

// Servers without structured output wrap the object in a code fence; anything more is prose, and invalid. Where a key stands
// twice nobody can tell which of the two is meant.
function parseObject(text: string): unknown {
  const trimmed = text.trim()
  const fenced = /^```(?:json)?[ \t\r]*\n/.exec(trimmed)
  const inner = fenced !== null && trimmed.endsWith('```') ? trimmed.slice(fenced[0].length, -3) : trimmed
  try {
    const value: unknown = JSON.parse(inner)
    const choices = inner.match(/"real"\s*:/g)?.length ?? 0
    return choices > 1 ? undefined : value
  } catch {
    return undefined
  }
}
