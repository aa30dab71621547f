import { z } from 'zod'
import { strictObject } from '../../../policy/document.ts'
import { looksLikeError } from '../../../tools/error-result.ts'
import type { TracedResult } from '../../../tools/trace.ts'
import { defaultAdmissions, defaultSuccesses } from './default-wording.ts'
import { type Check, createFinder, createToolTest, expressions, findSaid, toolSchema } from './evidence.ts'
import { compileWording, findStatement } from './statement.ts'

/** Finds success that is claimed when the last results hold an error, and nothing is said of it. */
export const successAfterErrorSchema = strictObject({
  rule: z.literal('success-after-error'),
  tool: toolSchema.optional(),
  errors: expressions.optional().meta({
    description:
      'What makes a result an error (RE2, in any case, in the whole result); replaces the defaults.',
  }),
  success: expressions.optional().meta({
    description: 'What claims success (RE2, in any case); replaces the defaults.',
  }),
  admissions: expressions.optional().meta({
    description: 'What owns up to the error (RE2, in any case); replaces the defaults.',
  }),
})

/** Makes a rule ready. */
export function compileSuccessAfterError(rule: z.infer<typeof successAfterErrorSchema>): Check {
  const isMeant = createToolTest(rule.tool)
  const isError = rule.errors === undefined ? looksLikeError : createFinder(rule.errors)
  const success = compileWording(rule.success ?? defaultSuccesses)
  const admissions = compileWording(rule.admissions ?? defaultAdmissions)
  return (evidence) => {
    const results = evidence.traces['last-user-message'].results.filter(({ tool }) => isMeant(tool))
    const last = findLast(results)
    const end = last.at(-1)
    if (end === undefined || !last.some(({ text }) => isError(text))) return null
    // What was said before the tool had failed neither owns up to that nor hides it.
    const after = { said: evidence.listSaidAfter(end, 'last-user-message') }
    // An admission may be a quotation: what the tool said, word for word.
    const admitted = findSaid(after, ({ all }) =>
      findStatement({ words: all, wording: admissions, manner: 'admitted' }),
    )
    if (admitted !== null) return null
    return findSaid(after, ({ own }) => findStatement({ words: own, wording: success, manner: 'stated' }))
  }
}

// Calls that are made together have their results together, and the completion answers all of them.
function findLast(results: TracedResult[]): TracedResult[] {
  const batch = results.at(-1)?.batch
  return results.filter((result) => result.batch === batch)
}
