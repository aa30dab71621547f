import { RE2JS } from 're2js'
import { z } from 'zod'
import type { Message } from '../../../corpus/conversation.ts'
import type { GradeItem } from '../../grader.ts'
import { expression } from '../expression.ts'
import { readOwnWords, readWords, type Words } from './own-words.ts'
import { readTrace, type Trace } from './trace.ts'

/** What the rules read of one completion. */
export interface Evidence {
  /** What the user is told: the text and the refusal, each apart. `own`: without what they quote. */
  said: { own: Words; all: Words }[]
  traces: Record<Since, Trace>
}

/** A rule made ready: the sentence in which it finds something, or null. */
export type Check = (evidence: Evidence) => string | null

/** Reads what the rules need. */
export function readEvidence({ turn, completion }: Pick<GradeItem, 'turn' | 'completion'>): Evidence {
  const { prefix } = turn
  const { text, refusal, toolCalls } = completion
  return {
    said: [text, refusal ?? '']
      .filter((part) => part !== '')
      .map((part) => ({ own: readOwnWords(part), all: readWords(part) })),
    traces: {
      'last-user-message': readTrace({ prefix: afterLastUser(prefix), toolCalls }),
      start: readTrace({ prefix, toolCalls }),
    },
  }
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
  evidence: Evidence,
  find: (said: { own: Words; all: Words }) => string | null,
): string | null {
  for (const said of evidence.said) {
    const found = find(said)
    if (found !== null) return found
  }
  return null
}
