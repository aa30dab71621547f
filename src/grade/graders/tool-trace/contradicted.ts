import { z } from 'zod'
import { strictObject } from '../../../policy/document.ts'
import type { TracedResult } from '../../../tools/trace.ts'
import { expression } from '../expression.ts'
import {
  type Check,
  createFinder,
  createToolTest,
  expressions,
  findSaid,
  sinceSchema,
  toolSchema,
} from './evidence.ts'
import { printValue, readField } from './json-field.ts'
import { compileWording, findStatement } from './statement.ts'

/** Finds a statement that the newest result rules out. */
export const contradictedSchema = strictObject({
  rule: z.literal('contradicted'),
  tool: toolSchema.optional(),
  field: fieldSchema().optional(),
  equals: z.union([z.string(), z.number(), z.boolean(), z.null()]).optional().meta({
    description: 'What the field of the result is. Needs `field`.',
  }),
  matches: expression.optional().meta({
    description: 'What is found (RE2, in any case) in the field, or without `field` in the whole result.',
  }),
  since: sinceSchema.default('last-user-message'),
  text: expressions.meta({ description: 'What the text says instead (RE2, in any case).' }),
}).superRefine((rule, context) => {
  if ((rule.equals === undefined) === (rule.matches === undefined)) {
    context.addIssue({ code: 'custom', message: 'a contradiction needs either `equals` or `matches`' })
  }
  if (rule.equals !== undefined && rule.field === undefined) {
    context.addIssue({
      code: 'custom',
      message: '`equals` compares a field of the result: name it in `field`, or use `matches`',
      path: ['equals'],
    })
  }
})

/** A place in JSON. */
export function fieldSchema() {
  return z
    .string()
    .regex(
      /^[^.]+(\.[^.]+)*$/,
      'a field is keys and list positions joined by dots, such as "flights.0.price"',
    )
    .meta({
      description: 'A place in JSON: keys and list positions joined by dots, `*` for every element.',
    })
}

/** Makes a rule ready. */
export function compileContradicted(rule: z.infer<typeof contradictedSchema>): Check {
  const isMeant = createToolTest(rule.tool)
  const wording = compileWording(rule.text)
  const says = createValueTest(rule)
  return (evidence) => {
    const answers = keepNewest(evidence.traces[rule.since].results.filter(({ tool }) => isMeant(tool)))
      .map(({ text }) => says(text))
      .filter((answer) => answer !== 'silent')
    // Of several objects that differ, the text may speak of any.
    if (answers.length === 0 || answers.includes('no')) return null
    return findSaid(evidence, ({ own }) => findStatement({ words: own, wording, manner: 'stated' }))
  }
}

// The same call made again replaces the earlier result: what was pending may be paid by now.
function keepNewest(results: TracedResult[]): TracedResult[] {
  return [...new Map(results.map((result) => [`${result.tool}(${result.arguments})`, result])).values()]
}

type ValueTest = (text: string) => 'yes' | 'no' | 'silent'

function createValueTest({ field, equals, matches }: z.infer<typeof contradictedSchema>): ValueTest {
  const find = createFinder(matches === undefined ? [] : [matches])
  if (field === undefined) return (text) => (find(text) ? 'yes' : 'no')
  const fits = (value: unknown) =>
    equals === undefined ? find(printValue(value)) : printValue(value) === String(equals)
  return (text) => {
    const values = readField(text, field)
    if (values.length === 0) return 'silent'
    return values.some(fits) ? 'yes' : 'no'
  }
}
