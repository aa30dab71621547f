import { z } from 'zod'
import { parseSource, type SourceText, strictObject } from '../policy/document.ts'
import { formatSchema } from './readers/index.ts'
import { shapeSchema } from './shapes/index.ts'

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 is 64 hex digits')

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
        path: z.string().min(1).meta({ description: 'Relative to the corpus folder.' }),
        format: formatSchema.optional().meta({
          description:
            'How the file is stored. Without it, by its name: `.gz`, `.zst` and `.parquet`, and JSON lines for any other.',
        }),
        shape: shapeSchema.optional().meta({
          description:
            'How its rows hold conversations; without it, as the documentation of the corpus says.',
        }),
        sha256: sha256Schema.meta({ description: "Of the file's bytes, as they lie there." }),
        conversations: z.int().min(0),
        turns: z
          .int()
          .min(0)
          .meta({ description: 'Assistant messages that answer a user or a tool directly.' }),
        left_out: z.int().min(1).optional().meta({
          description:
            'Rows of a log that hold no conversation which can be replayed, such as spans of tools.',
        }),
      }),
    )
    .min(1),
  index: strictObject({
    path: z.string().min(1).meta({ description: 'Relative to the corpus folder.' }),
    sha256: sha256Schema,
  })
    .optional()
    .meta({
      description:
        'A list of the conversations and of where they are, which `corpus index` writes: with it a run reads only what it draws.',
    }),
  consent: z.literal('required').optional().meta({
    description:
      'Only conversations with `consent: true` are replayed. Without it, all but those with `consent: false`.',
  }),
  tombstones: z.string().min(1).optional().meta({
    description:
      'Path in the repository of a list of conversations that are never replayed: ids and users, one a line.',
  }),
})

/** What a corpus consists of. */
export type Manifest = z.infer<typeof manifestSchema>
/** What a corpus has in one file. */
export type CorpusFile = Manifest['files'][number]

/** Parses a corpus manifest. */
export function parseManifest(source: SourceText): Manifest {
  return parseSource(source, manifestSchema, 'corpus')
}
