import { z } from 'zod'
import { strictObject } from '../../../policy/document.ts'
import { type GraderKind, gradeFreely } from '../../grader.ts'
import { compileContradicted, contradictedSchema } from './contradicted.ts'
import { type Check, readEvidence } from './evidence.ts'
import { compileForbiddenCall, forbiddenCallSchema } from './forbidden-call.ts'
import { compileMislabelled, mislabelledSchema } from './mislabelled.ts'
import { compileNeverCalled, neverCalledSchema } from './never-called.ts'
import { compileSuccessAfterError, successAfterErrorSchema } from './success-after-error.ts'

const ruleSchema = z.discriminatedUnion('rule', [
  neverCalledSchema,
  contradictedSchema,
  mislabelledSchema,
  successAfterErrorSchema,
  forbiddenCallSchema,
])

const configSchema = strictObject({
  kind: z.literal('tool-trace'),
  rules: z.array(ruleSchema).min(1).meta({ description: 'Present if any of these rules finds something.' }),
})

/** Labels by rules that compare what a completion says with the calls and results of its turn. */
export const toolTrace: GraderKind = {
  kind: 'tool-trace',
  configSchema,
  summary: 'rules that compare what the text claims with the tool calls and results of the turn',
  listRubrics: () => [],
  listEndpoints: () => [],
  create(config) {
    const checks = configSchema.parse(config).rules.map(compileRule)
    return {
      kind: 'tool-trace',
      async grade(item) {
        const evidence = readEvidence(item)
        for (const check of checks) {
          const quote = check(evidence)
          if (quote !== null) return gradeFreely({ kind: 'present', quote })
        }
        return gradeFreely({ kind: 'absent' })
      },
    }
  },
}

function compileRule(rule: z.infer<typeof ruleSchema>): Check {
  switch (rule.rule) {
    case 'never-called':
      return compileNeverCalled(rule)
    case 'contradicted':
      return compileContradicted(rule)
    case 'mislabelled':
      return compileMislabelled(rule)
    case 'success-after-error':
      return compileSuccessAfterError(rule)
    case 'forbidden-call':
      return compileForbiddenCall(rule)
  }
}
