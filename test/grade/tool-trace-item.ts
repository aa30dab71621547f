import type { Message } from '../../src/corpus/conversation.ts'
import { containsQuote, renderCompletion } from '../../src/grade/evidence.ts'
import type { GradeItem, GraderContext } from '../../src/grade/grader.ts'
import { toolTrace } from '../../src/grade/graders/tool-trace/tool-trace.ts'
import { makeItem } from '../support/grading.ts'

/** A step of a conversation: what a user says, a call, a result of the call before it, or what the assistant says. */
export type Step =
  | { user: string }
  | { says: string }
  | { calls: string; with?: string; id?: string }
  | { gives: string; id?: string }

/** A prefix from steps; a result answers the newest call unless an id says otherwise. */
export function makePrefix(steps: readonly Step[]): Message[] {
  let newest = 'none'
  return steps.map((step, index): Message => {
    if ('user' in step) return { role: 'user', content: step.user }
    if ('says' in step) return { role: 'assistant', content: step.says }
    if ('gives' in step) return { role: 'tool', content: step.gives, tool_call_id: step.id ?? newest }
    newest = step.id ?? `call-${index}`
    return { role: 'assistant', content: null, tool_calls: [makeCall(step.calls, step.with ?? '{}', newest)] }
  })
}

/** A call of a tool. */
export function makeCall(name: string, written = '{}', id = 'own') {
  return { id, type: 'function' as const, function: { name, arguments: written } }
}

/** A turn whose completion says `text` after a user's question and these steps. */
export function makeTurn(
  text: string,
  steps: readonly Step[] = [],
  calls: ReturnType<typeof makeCall>[] = [],
) {
  const prefix = makePrefix([{ user: 'Please do it.' }, ...steps])
  return { ...makeItem({ text, toolCalls: calls }, { prefix }), pass: 'first' } as GradeItem
}

/**
 * The label of a completion under these rules: `absent`, or the quote. Throws where the quote isn't found in the
 * completion as graders see it, or where anything was asked.
 */
export async function findIn(item: GradeItem, ...rules: object[]): Promise<string> {
  const grader = toolTrace.create({ kind: 'tool-trace', rules }, {} as GraderContext)
  const { label, uses, votes } = await grader.grade(item)
  if (uses.length > 0 || votes.missing > 0) throw new Error('it asked someone')
  if (label.kind === 'absent') return 'absent'
  if (label.kind !== 'present' || label.quote === undefined)
    throw new Error(`a label without a quote: ${label.kind}`)
  if (!renderCompletion(item.completion).includes(label.quote))
    throw new Error(`not verbatim: ${label.quote}`)
  if (!containsQuote(renderCompletion(item.completion), label.quote))
    throw new Error(`no quote: ${label.quote}`)
  return label.quote
}
