import { z } from 'zod'
import { strictObject } from '../../../policy/document.ts'
import { expression } from '../expression.ts'
import { fieldSchema } from './contradicted.ts'
import { type Check, createFinder, createToolTest, expressions, findSaid, toolSchema } from './evidence.ts'
import { printValue, readField } from './json-field.ts'
import { compileWording, findStatement } from './statement.ts'

/** Finds one use of a tool that is passed off as another. */
export const mislabelledSchema = strictObject({
  rule: z.literal('mislabelled'),
  tool: toolSchema,
  field: fieldSchema().optional(),
  matches: expression.meta({
    description:
      'What is found (RE2, in any case) in that field of the arguments, or without `field` in all of them.',
  }),
  text: expressions.meta({ description: 'What the text presents it as (RE2, in any case).' }),
})

/** Makes a rule ready. */
export function compileMislabelled(rule: z.infer<typeof mislabelledSchema>): Check {
  const isMeant = createToolTest(rule.tool)
  const find = createFinder([rule.matches])
  const wording = compileWording(rule.text)
  const { field } = rule
  const fits = (written: string) =>
    field === undefined ? find(written) : readField(written, field).some((value) => find(printValue(value)))
  return (evidence) => {
    const calls = evidence.traces['last-user-message'].calls.filter(
      (call) => isMeant(call.tool) && fits(call.arguments),
    )
    if (calls.length === 0) return null
    // The text above a call says what it is about to do: "Let me search for that."
    const isOwn = calls.some((call) => evidence.isOwn(call, 'last-user-message'))
    const manner = isOwn ? 'announced' : 'stated'
    return findSaid(evidence, ({ own }) => findStatement({ words: own, wording, manner }))
  }
}
