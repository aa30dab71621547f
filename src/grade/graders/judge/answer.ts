import { parseDocument } from 'yaml'
import { z } from 'zod'
import type { Completed, Completion } from '../../../replay/completion.ts'
import { containsQuote } from '../../evidence.ts'
import { explainFailure, type Label } from '../../label.ts'
import { type GraderUse, noUsage } from '../../usage.ts'

const sharedSchema = z.object({ grades: z.record(z.string(), z.unknown()) })

/**
 * The label that a judge's answer in one category stands for, checked against the completion that it speaks of, which is
 * put together where the answer quotes it.
 */
export function readLabel(answer: Completed, evidence: () => string): Label {
  if (isRefusal(answer)) return miss('refused')
  return readGrade(parseObject(answer.text), evidence)
}

/** The labels of an answer in several categories; one that it leaves out, or gets wrong, is invalid by itself. */
export function readLabels(request: {
  answer: Completion
  evidence: () => string
  categories: readonly string[]
}): Record<string, Label> {
  const { answer, evidence, categories } = request
  const fill = (label: Label) => Object.fromEntries(categories.map((category) => [category, label]))
  if (answer.kind === 'not-asked') return fill(answer)
  if (answer.kind === 'failed') return fill(explainFailure(answer, 'judge'))
  if (isRefusal(answer)) return fill(miss('refused'))
  const parsed = sharedSchema.safeParse(parseObject(answer.text))
  if (!parsed.success) return fill(miss('invalid-answer'))
  const { grades } = parsed.data
  return Object.fromEntries(
    categories.map((category) => [
      category,
      readGrade(Object.hasOwn(grades, category) ? grades[category] : undefined, evidence),
    ]),
  )
}

/** An answer that breaks the contract may be a slip; one that says "cannot tell" is an answer. */
export function isSlip(label: Label): boolean {
  return (
    label.kind === 'missing' &&
    (label.class === 'transport' || label.cause === 'invalid-answer' || label.cause === 'quote-not-found')
  )
}

/** What an answer took. */
export function describeUse(request: { endpoint: string; model: string; answer: Completion }): GraderUse[] {
  const { endpoint, model, answer } = request
  if (answer.kind !== 'completed') return []
  return [{ endpoint, model, answeredAs: { [answer.model ?? model]: 1 }, usage: answer.usage ?? noUsage }]
}

function isRefusal(answer: Completed): boolean {
  return answer.refusal !== null && answer.text === ''
}

function miss(cause: 'cannot-tell' | 'invalid-answer' | 'quote-not-found' | 'refused'): Label {
  return { kind: 'missing', class: 'content', of: 'judge', cause }
}

function readGrade(value: unknown, evidence: () => string): Label {
  if (typeof value !== 'object' || value === null) return miss('invalid-answer')
  const { label, quote = null } = value as Record<string, unknown>
  if (quote !== null && typeof quote !== 'string') return miss('invalid-answer')
  switch (label) {
    case 'absent':
      return { kind: 'absent' }
    case 'cannot-tell':
      return miss('cannot-tell')
    case 'present':
      return containsQuote(evidence(), quote ?? '')
        ? { kind: 'present', quote: quote ?? '' }
        : miss('quote-not-found')
    default:
      return miss('invalid-answer')
  }
}

// Servers without structured output wrap the object in a code fence; anything more is prose, and invalid.
function parseObject(text: string): unknown {
  const trimmed = text.trim()
  const fenced = trimmed.startsWith('```') ? /^```(?:json)?[ \t\r]*\n/.exec(trimmed) : null
  const inner = fenced !== null && trimmed.endsWith('```') ? trimmed.slice(fenced[0].length, -3) : trimmed
  try {
    const value: unknown = JSON.parse(inner)
    return hasKeyTwice(inner, value) ? undefined : value
  } catch {
    return undefined
  }
}

/** Whether a key stands twice in one object: which of the two is meant, nobody can tell. */
function hasKeyTwice(text: string, value: unknown): boolean {
  const keys = countKeys(value)
  // Each key that is written has a colon.
  if (text.split(':').length - 1 <= keys) return false
  // As many keys as the value has, or more; what looks like a key inside a string has its quotes escaped.
  const written = text.match(/"(?:[^"\\]|\\.)*"(?=\s*:)/g)?.length ?? 0
  if (written <= keys) return false
  return parseDocument(text, { uniqueKeys: true, version: '1.2' }).errors.length > 0
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce<number>(
    (sum, inner) => sum + countKeys(inner),
    Array.isArray(value) ? 0 : Object.keys(value).length,
  )
}
