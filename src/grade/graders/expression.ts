import { RE2JS } from 're2js'
import { z } from 'zod'

/** A regular expression that a user writes, in RE2's syntax: it is searched in time linear in the text. */
export const expression = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    try {
      RE2JS.compile(text)
    } catch (cause) {
      context.addIssue({
        code: 'custom',
        message: `not a regular expression in RE2's syntax (no look-around, no back-references): ${cause instanceof Error ? cause.message : String(cause)}`,
      })
    }
  })
