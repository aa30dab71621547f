import { z } from 'zod'
import type { Message } from '../corpus/conversation.ts'
import type { Completed } from '../replay/completion.ts'
import { looksLikeError } from './error-result.ts'
import { readJson } from './read-json.ts'
import { readTrace } from './trace.ts'

/** How a simulator fails to be a tool. */
export const characterBreaks = ['refused', 'not-json', 'empty', 'out-of-character', 'wrong-form'] as const
export type CharacterBreak = (typeof characterBreaks)[number]

/** What a simulator returned for a call, or how it broke character. */
export type SimulatedResult =
  | { kind: 'result'; text: string; isError: boolean; note: string }
  | { kind: 'break'; how: CharacterBreak }

const longestNote = 500

const answerSchema = z.object({
  // Some models write the object that the tool returns in place of its text.
  result: z.union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())]),
  is_error: z.boolean().nullish(),
  note: z.string().nullish(),
})

/** What is known of how results of a tool look. */
export interface KnownResults {
  /** Results of this tool that were no errors. */
  texts: readonly string[]
  /** All that the simulator was given, in which a phrase is no sign of anything. */
  given: string
  delimiter: string
}

/** Reads the simulator's answer. */
export function readSimulated(answer: Completed, known: KnownResults): SimulatedResult {
  const fail = (how: CharacterBreak): SimulatedResult => ({ kind: 'break', how })
  if (answer.refusal !== null && answer.text.trim() === '') return fail('refused')
  const parsed = answerSchema.safeParse(parseObject(answer.text))
  if (!parsed.success) return fail(soundsLikeModel(answer.text, known) ? 'out-of-character' : 'not-json')
  const { result, is_error: saidError, note } = parsed.data
  const text = typeof result === 'string' ? result : JSON.stringify(result)
  // Some tools do return nothing.
  if (text.trim() === '' && !known.texts.some((each) => each.trim() === '')) return fail('empty')
  if (soundsLikeModel(text, known)) return fail('out-of-character')
  const isError = saidError === true || looksLikeError(text)
  if (!isError && known.texts.length > 0 && known.texts.every(isStructured) && !isStructured(text)) {
    return fail('wrong-form')
  }
  return { kind: 'result', text, isError, note: (note ?? '').trim().slice(0, longestNote) }
}

/** The results of a tool in messages that are no errors. */
export function listResults(messages: readonly Message[], tool: string): string[] {
  return readTrace({ prefix: [...messages], toolCalls: [] }).results.flatMap((result) =>
    result.tool === tool && !looksLikeError(result.text) ? [result.text] : [],
  )
}

function isStructured(text: string): boolean {
  const json = readJson(text)
  return json.kind === 'json' && typeof json.value === 'object' && json.value !== null
}

// Servers without structured output wrap the object in a code fence; anything more is prose.
function parseObject(text: string): unknown {
  const trimmed = text.trim()
  const fenced = /^```(?:json)?[ \t\r]*\n/.exec(trimmed)
  const inner = fenced !== null && trimmed.endsWith('```') ? trimmed.slice(fenced[0].length, -3) : trimmed
  const json = readJson(inner)
  return json.kind === 'json' ? json.value : undefined
}

/** What a tool says only where it returns what people or models wrote. */
const phrases = [
  /\bas an? (?:ai|artificial intelligence|(?:large )?language model)\b/i,
  /\bi(?:['’]m| am) (?:only |just )?an? (?:ai|(?:large )?language model|simulator)\b/i,
  /\bi (?:can(?:not|['’]t)|am (?:not able|unable) to|won['’]t) (?:assist|help|comply|provide|fulfil|simulate|answer|access|actually)\b/i,
  /\b(?:simulated|mocked|mock|fictional|fictitious|hypothetical|made[- ]up|placeholder) (?:api |tool )?(?:response|result|output|data|answer|call|environment|tool|backend)\b/i,
  /\b(?:this is|in) (?:a|this|the) simulation\b/i,
]
/** At the beginning only: further down it may be what somebody wrote. */
const apology =
  /^\W{0,3}(?:i(?:['’]m| am) (?:very |so )?sorry\b|my apologies\b|i apologi[sz]e\b|(?:sorry|unfortunately), (?:but )?i\b)/i

/** Whether a text speaks as a model does, in words that it was not given. */
function soundsLikeModel(text: string, { given, delimiter }: KnownResults): boolean {
  if (text.includes(delimiter)) return true
  return [...phrases, apology].some((phrase) => {
    const found = phrase.exec(text)?.[0]
    return found !== undefined && !given.includes(found)
  })
}
