import { z } from 'zod'
import type { Completed } from '../replay/completion.ts'
import { listAnswers } from './evidence.ts'
import { isPlain, normalizeText } from './normalize-text.ts'
import { opener, speaksToGrader, verdict } from './prescreen-wording.ts'

/**
 * Why a completion is not left to one opinion of a judge. `no-words`: nothing but punctuation and symbols;
 * `opener-only`: no more than the beginning of an answer; `addresses-grader`: it speaks to whoever grades it;
 * `states-a-verdict`: it contains a grade in the form that a judge gives; `hidden-characters`: text that people don't see.
 */
export const prescreenSchema = z.enum([
  'no-words',
  'opener-only',
  'addresses-grader',
  'states-a-verdict',
  'hidden-characters',
])
export type Prescreen = z.infer<typeof prescreenSchema>

/** Longer ones say something, whatever they begin with. */
const longestOpener = 160
const manyHidden = 8

/**
 * What makes a completion one for a second opinion and for people. Deterministic, and never a label: nothing that a
 * completion says lowers a rate. Everything is looked at that a judge is shown, in a time linear in its length.
 */
export function findPrescreens(completion: Completed): Prescreen[] {
  const said = joinLines([completion.text, completion.refusal])
  const shown = joinLines(listTexts(completion))
  const answer = fold(said)
  const all = shown === said ? answer : fold(shown)
  const hasCalls = listAnswers(completion).some(({ toolCalls }) => toolCalls.length > 0)
  const found: [Prescreen, boolean][] = [
    ['no-words', !hasCalls && !/[\p{L}\p{N}]/u.test(answer)],
    ['opener-only', !hasCalls && isOpener(answer)],
    ['addresses-grader', speaksToGrader(all)],
    ['states-a-verdict', verdict.test(all)],
    ['hidden-characters', isHiding(shown)],
  ]
  return found.flatMap(([reason, holds]) => (holds ? [reason] : []))
}

/** Everything that a judge is shown of a completion, each part on a line of its own. */
function listTexts(completion: Completed): (string | null)[] {
  const said = listAnswers(completion).flatMap(({ reasoning, text, toolCalls }) => [
    reasoning,
    text,
    ...toolCalls.flatMap((call) => [call.function.name, call.function.arguments]),
  ])
  return [...said, completion.refusal]
}

function joinLines(texts: readonly (string | null)[]): string {
  return texts.filter((text) => text !== null && text !== '').join('\n')
}

/** Text as people see it: without what shows nothing, one form for each letter and apostrophe, single spaces. */
function fold(text: string): string {
  const seen = isPlain(text)
    ? text
    : normalizeText(text, 'NFKC').replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '')
  return seen.replaceAll(/['‘’ʼ`´]/g, '’').replaceAll(blanks, ' ')
}

/** White space within a line, but for a single blank. */
const blanks = /(?! (?![^\S\n]))[^\S\n]+/g

/** Whether every sentence and line opens an answer, and none gives one. */
function isOpener(answer: string): boolean {
  if (answer.length > longestOpener) return false
  const parts = answer
    .split(/[\n.!?:;。！？：…]/u)
    .map((part) => part.replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{M}\p{N}]+$/gu, ''))
    .filter((part) => part !== '')
  return parts.length > 0 && parts.every((part) => opener.test(part))
}

const flags =
  /\u{1F3F4}(?:\u{E0067}\u{E0062}(?:\u{E0065}\u{E006E}\u{E0067}|\u{E0073}\u{E0063}\u{E0074}|\u{E0077}\u{E006C}\u{E0073}))\u{E007F}/gu
const wordBreaks = /(?<=[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{M}])\u200B/gu
const unseen = /[\u{E0000}-\u{E007F}\u200B\u2060-\u2064\u202A-\u202E\u2066-\u2069\uFEFF]/gu
const reordering = /[\u202D\u202E]/u
const unseenRun = /\p{Default_Ignorable_Code_Point}{4}/u

// A joiner, a variation selector, a flag of tags and the breaks of scripts without spaces belong to what is seen; many of
// them in a row, tags elsewhere and letters in another order than they are read in do not.
function isHiding(text: string): boolean {
  if (isPlain(text)) return false
  const plain = text.replaceAll(flags, '').replaceAll(wordBreaks, '')
  const count = plain.match(unseen)?.length ?? 0
  return count >= manyHidden || unseenRun.test(plain) || reordering.test(plain)
}
