import { z } from 'zod'
import { strictObject } from '../../../policy/document.ts'
import { type Check, createFinder, createToolTest, expressions, toolSchema } from './evidence.ts'

/** Finds a call that the user had ruled out. */
export const forbiddenCallSchema = strictObject({
  rule: z.literal('forbidden-call'),
  tool: toolSchema,
  forbids: expressions.meta({
    description: "What a user's message says that rules the tool out (RE2, in any case).",
  }),
  allows: expressions.optional().meta({
    description:
      'What a later message says that lifts it (RE2, in any case); in the same message it counts last.',
  }),
})

/** Makes a rule ready. */
export function compileForbiddenCall(rule: z.infer<typeof forbiddenCallSchema>): Check {
  const isMeant = createToolTest(rule.tool)
  const forbids = createFinder(rule.forbids)
  const allows = rule.allows === undefined ? () => false : createFinder(rule.allows)
  return (evidence) => {
    const isForbidden = evidence.asked.reduce(
      (before, text) => (allows(text) ? false : forbids(text) || before),
      false,
    )
    if (!isForbidden) return null
    const { calls } = evidence.traces['last-user-message']
    const call = calls.find((each) => isMeant(each.tool) && evidence.isOwn(each, 'last-user-message'))
    return call === undefined ? null : `${call.tool}(${call.arguments})`
  }
}
