import { z } from 'zod'
import { strictObject } from '../../../policy/document.ts'
import { type Check, createToolTest, expressions, findSaid, sinceSchema, toolSchema } from './evidence.ts'
import { compileWording, findStatement } from './statement.ts'
import { guessClaims } from './tool-claims.ts'

/** Finds the claim that a tool was used which has no call. */
export const neverCalledSchema = strictObject({
  rule: z.literal('never-called'),
  tool: toolSchema,
  claims: expressions.optional().meta({
    description: 'What claims that it was used (RE2, in any case); without it, guessed from the name.',
  }),
  since: sinceSchema.default('start'),
}).superRefine((rule, context) => {
  if (rule.claims === undefined && !isName(rule.tool)) {
    context.addIssue({
      code: 'custom',
      message: `"${rule.tool}" is a pattern, not a name: what claims the use of such tools can't be guessed, so write it in \`claims\``,
      path: ['tool'],
    })
  }
})

/** Makes a rule ready. */
export function compileNeverCalled(rule: z.infer<typeof neverCalledSchema>): Check {
  const isMeant = createToolTest(rule.tool)
  const wording = compileWording(rule.claims ?? guessClaims(rule.tool))
  return (evidence) => {
    const trace = evidence.traces[rule.since]
    if (trace.calls.some(({ tool }) => isMeant(tool))) return null
    const negatable = rule.claims === undefined
    return findSaid(evidence, ({ own }) =>
      findStatement({ words: own, wording, manner: 'stated', negatable }),
    )
  }
}

function isName(tool: string): boolean {
  return /^[\w.:/-]+$/.test(tool) && /[a-z]/i.test(tool)
}
