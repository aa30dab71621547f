import { RE2JS } from 're2js'
import { sliceOriginal, type Words } from './own-words.ts'

/**
 * What makes a match count. `stated`: it is put as a fact. `announced`: or as what is about to be done, "I'll
 * search" beside "I searched". `admitted`: or with a hedge, "there may have been an error".
 */
export type Manner = 'stated' | 'announced' | 'admitted'

// How far around a match the rest of its sentence is read: it keeps the work linear in the text.
const reach = 300
const longestQuote = 400

const sentenceEnd = /[.!?]["')\]]*\s|\n/g
const subject =
  "(?:I|we|you|your|the|it|its|they|he|she|there|this|that|these|those|all|everything|my|our|a|an|both|each|his|her|their|here)(?:'\\w+)?"
const clauseEnd = new RegExp(
  `[;:()—–]|\\s-\\s|\\b(?:but|because|although|though|however|whereas)\\b|,?\\s(?:and|so)\\s(?=${subject}\\s)|,\\s(?=${subject}\\s)`,
  'gi',
)
const innocuous =
  /\bnot (?:only|just|merely)\b|\bno (?:doubt|problem|worries)\b|\b(?:can|may|would like to|'d like to|want to|will|'ll|happy to|pleased to|glad to|able to)\s+(?:now |also |happily |gladly |be (?:happy|pleased|glad) to )*(?:confirm|inform|tell|report|assure|say|let you know|share)\b/gi
const negation =
  /\b(?:not|never|no|none|nobody|nothing|neither|nor|without|cannot|hardly|barely|unable|fail(?:ed|s)? to)\b|n't\b/i
const irrealis =
  /\b(?:will|would|shall|should|could|might|may(?!\s*\d)|can|must|needs?|to be|going to|about to|wants?|wanted|try|tries|plans?|let me|let's|like to|please|hope|wish|pretend|imagine|suppose|as if|as though)\b|'ll\b|'d (?:like|love|need|have)\b/i
const announcement = /\b(?:will|shall|going to|about to|let me|let's|need to|can)\b|'ll\b/gi
const condition =
  /\b(?:if|unless|until|once|in case|as soon as|provided that|assuming|should you|had I|had we)\b/i
const sequence = /\b(?:after|when|before|while)\b/i
const future = /\b(?:will|shall|can|going to|let me|let's)\b|'ll\b/i
const reported =
  /\byou(?:'ve| have| had)? (?:also |just )?(?:said|say|mentioned|told|wrote|claim(?:ed)?|asked|stated|indicated|believed?|think|thought|want(?:ed)?|wish|expect(?:ed)?)\b|\baccording to you\b|\bwhether\b/i
const mended =
  /\b(?:fix(?:ed|es)?|resolv(?:ed|es)|solv(?:ed|es)|correct(?:ed|s)|address(?:ed|es)|clear(?:ed|s)|eliminat(?:ed|es)|got rid of|free (?:of|from))\b/i
const proviso = /\b(?:once|unless|until|as soon as|only if|provided that|if you|if we|if I)\b/i

/** Regular expressions for what a text says: in any case, with any apostrophe. */
export function compileWording(expressions: readonly string[]): RE2JS[] {
  return expressions.map((text) => RE2JS.compile(text.replaceAll(/[’‘ʼ]/g, "'"), RE2JS.CASE_INSENSITIVE))
}

/**
 * The first sentence in which an expression is found and meant: not negated, asked, wished, supposed, announced or
 * ascribed to the user. The sentence as it stands in the text, or its part around the match if it is long.
 */
export function findStatement(search: {
  words: Words
  wording: readonly RE2JS[]
  manner: Manner
  /** Whether a "no" or "not" inside the match takes it back, as in "I ran no search". */
  negatable?: boolean
}): string | null {
  const { words, wording, manner, negatable = false } = search
  for (const expression of wording) {
    const matcher = expression.matcher(words.folded)
    while (matcher.find()) {
      const match = { start: matcher.start(), end: matcher.end() }
      if (match.start === match.end) continue
      const takenBack = negatable && isNegated(words.folded.slice(match.start, match.end))
      if (!takenBack && isMeant(words.folded, match, manner)) return quote(words, match)
    }
  }
  return null
}

interface Match {
  start: number
  end: number
}

function isMeant(text: string, match: Match, manner: Manner): boolean {
  const sentence = findSentence(text, match)
  const before = text.slice(sentence.start, match.start)
  const clause = text.slice(findClause(text, sentence.start, match), match.start)
  const after = text.slice(match.end, sentence.end)
  const restOfClause = after.slice(0, /[,.;:!?\n—–]/.exec(after)?.index)
  const asked = after[restOfClause.length] === '?'
  if (isNegated(clause) || asked || reported.test(clause) || condition.test(before)) return false
  if (manner === 'admitted') return !mended.test(clause) && !mended.test(restOfClause)
  const frame = clause.replaceAll(innocuous, ' ')
  if (proviso.test(restOfClause)) return false
  if (manner === 'announced') return !irrealis.test(frame.replaceAll(announcement, ' '))
  return !irrealis.test(frame) && !(sequence.test(before) && future.test(after))
}

function isNegated(text: string): boolean {
  return negation.test(text.replaceAll(innocuous, ' '))
}

// The sentence of a match, as far as it lies within reach.
function findSentence(text: string, match: Match): Match {
  const from = Math.max(0, match.start - reach)
  const before = text.slice(from, match.start)
  const last = [...before.matchAll(sentenceEnd)].at(-1)
  const to = Math.min(text.length, match.end + reach)
  // A match may end with the stop of its sentence.
  const after = text.slice(match.end - 1, to)
  const next = [...after.matchAll(sentenceEnd)][0]
  return {
    start: last === undefined ? from : from + last.index + last[0].length,
    end: next === undefined ? to : Math.max(match.end, match.end - 1 + next.index + next[0].trimEnd().length),
  }
}

function findClause(text: string, from: number, match: Match): number {
  const sentence = text.slice(from, match.end + 1)
  const last = [...sentence.matchAll(clauseEnd)].findLast(
    ({ index, 0: mark }) => from + index + mark.length <= match.start,
  )
  return last === undefined ? from : from + last.index + last[0].length
}

function quote(words: Words, match: Match): string {
  const { start, end } = findSentence(words.folded, match)
  const sentence = sliceOriginal(words, start, end).trim()
  if (sentence.length <= longestQuote) return sentence
  const exact = sliceOriginal(words, match.start, match.end).trim()
  return exact.length <= longestQuote ? exact : cut(exact)
}

// Between characters, not within one: half a character is found nowhere.
function cut(text: string): string {
  const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(
    text.slice(0, longestQuote + 50),
  )
  return [...graphemes].reduce(
    (piece, { segment }) => (piece.length + segment.length > longestQuote ? piece : piece + segment),
    '',
  )
}
