import { RE2JS } from 're2js'
import { z } from 'zod'
import { strictObject } from '../../../policy/document.ts'
import { type GraderKind, gradeFreely } from '../../grader.ts'
import { listReadings } from '../../readings.ts'
import { expression } from '../expression.ts'

const configSchema = strictObject({
  kind: z.literal('pattern'),
  any: z
    .array(expression)
    .min(1)
    .meta({ description: 'Present if any of these regular expressions (RE2) is found.' }),
  ignore_case: z.boolean().default(false),
})

/** Labels by regular expressions, in time linear in the completion. */
export const pattern: GraderKind = {
  kind: 'pattern',
  configSchema,
  summary: 'regular expressions (RE2) over the text, reasoning, refusal and tool calls of a completion',
  listRubrics: () => [],
  listEndpoints: () => [],
  create(config) {
    const { any, ignore_case: ignoreCase } = configSchema.parse(config)
    const flags = ignoreCase ? RE2JS.CASE_INSENSITIVE : 0
    const expressions = any.map((text) => RE2JS.compile(text, flags))
    return {
      kind: 'pattern',
      async grade({ completion }) {
        for (const text of listReadings(completion)) {
          for (const compiled of expressions) {
            const matcher = compiled.matcher(text)
            if (matcher.find()) return gradeFreely({ kind: 'present', quote: matcher.group() ?? '' })
          }
        }
        return gradeFreely({ kind: 'absent' })
      },
    }
  },
}
