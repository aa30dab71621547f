import { RE2JS } from 're2js'
import { z } from 'zod'
import { type Message, readText } from '../../../corpus/conversation.ts'
import { readTrace, type Trace, type TracedCall, type TracedResult } from '../../../tools/trace.ts'
import { toMessages } from '../../../tools/trajectory.ts'
import type { GradeItem } from '../../grader.ts'
import { expression } from '../expression.ts'
import { readOwnWords, readWords, type Words } from './own-words.ts'

/** A text that the user is told. */
interface Said {
  own: Words
  all: Words
}

/** What the rules read of one completion. */
export interface Evidence {
  /** What the user is told: the texts and the refusal, each apart. `own`: without what they quote. */
  said: Said[]
  /** What of it the user is told once a result is there. */
  listSaidAfter(result: TracedResult, since: Since): Said[]
  /** The user's messages, in order. */
  asked: string[]
  traces: Record<Since, Trace>
  /** Whether the completion itself makes a call, in its last answer or in a step before. */
  isOwn(call: TracedCall, since: Since): boolean
}

/** A rule made ready: the sentence in which it finds something, or null. */
export type Check = (evidence: Evidence) => string | null

/** Reads what the rules need. */
export function readEvidence({ turn, completion }: Pick<GradeItem, 'turn' | 'completion'>): Evidence {
  const { text, refusal, toolCalls, steps = [] } = completion
  const own = steps.flatMap(toMessages)
  const starts = { 'last-user-message': afterLastUser(turn.prefix), start: turn.prefix }
  const read = (before: Message[]) => readTrace({ prefix: [...before, ...own], toolCalls })
  const said = [...own.map(readSpoken), text, refusal ?? ''].flatMap((part, place) =>
    part === '' ? [] : [{ place, own: readOwnWords(part), all: readWords(part) }],
  )
  return {
    said,
    listSaidAfter: ({ messageIndex }, since) =>
      said.filter(({ place }) => place > messageIndex - starts[since].length),
    asked: turn.prefix.flatMap(({ role, content }) => (role === 'user' ? [readText(content)] : [])),
    traces: { 'last-user-message': read(starts['last-user-message']), start: read(starts.start) },
    isOwn: ({ messageIndex }, since) => messageIndex >= starts[since].length,
  }
}

function readSpoken({ role, content }: Message): string {
  return role === 'assistant' ? readText(content) : ''
}

function afterLastUser(prefix: Message[]): Message[] {
  return prefix.slice(prefix.findLastIndex(({ role }) => role === 'user') + 1)
}

/** From where calls and results count: in this turn alone, or in the whole conversation. */
export const sinceSchema = z.enum(['last-user-message', 'start']).meta({
  description: 'From where calls and results count: after the last user message, or from the start.',
})
type Since = z.infer<typeof sinceSchema>

/** One or more regular expressions. */
export const expressions = z.array(expression).min(1)

/** Tools by name: a name, or a regular expression (RE2) that matches all of it. */
export const toolSchema = expression.meta({
  description: 'The name of the tool, or a regular expression (RE2) for the whole name.',
})

/** Whether a tool is meant; without a name, every tool is. */
export function createToolTest(tool: string | undefined): (name: string) => boolean {
  if (tool === undefined) return () => true
  const compiled = RE2JS.compile(tool)
  return (name) => compiled.matches(name)
}

/** Whether one of the expressions is found, in any case. */
export function createFinder(texts: readonly string[]): (text: string) => boolean {
  const compiled = texts.map((text) => RE2JS.compile(text, RE2JS.CASE_INSENSITIVE))
  return (text) => compiled.some((one) => one.matcher(text).find())
}

/** The first thing found in what the user is told. */
export function findSaid(
  evidence: Pick<Evidence, 'said'>,
  find: (said: Said) => string | null,
): string | null {
  for (const said of evidence.said) {
    const found = find(said)
    if (found !== null) return found
  }
  return null
}
