import { z } from 'zod'
import { parseSource, type SourceText, strictObject } from '../policy/document.ts'

/** The manifest: what a corpus consists of. It goes into git; the conversations do not. */
export const manifestSchema = strictObject({
  version: z.literal(1).meta({ description: 'The version of this format.' }),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a name is 1 to 64 letters, digits, ".", "_" or "-"')
    .meta({ description: "The corpus's name: a part of the seed of every draw." }),
  files: z
    .array(
      strictObject({
        path: z
          .string()
          .min(1)
          .meta({ description: 'Relative to the corpus folder; `.jsonl` or `.jsonl.gz`.' }),
        sha256: z
          .string()
          .regex(/^[0-9a-f]{64}$/, 'a SHA-256 is 64 hex digits')
          .meta({ description: "Of the file's bytes, as they lie there." }),
        conversations: z.int().min(0),
        turns: z
          .int()
          .min(0)
          .meta({ description: 'Assistant messages that answer a user or a tool directly.' }),
      }),
    )
    .min(1),
})

/** What a corpus consists of. */
export type Manifest = z.infer<typeof manifestSchema>

/** Parses a corpus manifest. */
export function parseManifest(source: SourceText): Manifest {
  return parseSource(source, manifestSchema, 'corpus')
}
