import { z } from 'zod'
import type { CheckpointPolicy } from './checkpoint.ts'
import { strictObject } from './document.ts'
import { path } from './schema-parts.ts'

const placeholder = '{checkpoint}'
const template = z.string().regex(/^[\x21-\x7e]{1,256}$/, 'a name has 1 to 256 printable characters')

const servedDigest = z.union(
  [
    strictObject({
      header: z
        .string()
        .regex(/^[A-Za-z0-9-]{1,64}$/, 'a header has a name of letters, digits and "-"')
        // What this header says is kept in the record.
        .refine((name) => !/cookie|auth/i.test(name), 'such a header holds a secret: name one of its own')
        .meta({ description: 'A header of every completion.' }),
    }),
    strictObject({
      models: z
        .string()
        .min(1)
        .max(64)
        .meta({ description: "A field of the model's entry in the answer of `GET /models`." }),
    }),
    z.literal('ollama'),
  ],
  { error: 'expected `header: <name>`, `models: <field>` or `ollama`' },
)

/** Which checkpoint it is about: where its id is, how its server calls it, and what its weights have for a digest. */
export function createCheckpointSchema() {
  return strictObject({
    file: path.meta({
      description: 'The file of the repository that holds the id of the served checkpoint.',
    }),
    path: z.string().min(1).optional().meta({
      description:
        'Where in that YAML or JSON file: keys joined by dots. Without it the whole file is the id.',
    }),
    served_as: template.optional().meta({
      description:
        'The name that requests ask for, where it is not the id itself: `acme/{checkpoint}` (docs/endpoints.md).',
    }),
    answers_as: template.optional().meta({
      description: 'The name that answers have, where the server gives them another than it was asked for.',
    }),
    digest: z.string().min(1).optional().meta({
      description:
        'Where in the same file the digest of the weights is: what `served_digest` is compared with.',
    }),
    served_digest: servedDigest.optional().meta({
      description:
        'Where the deployment tells the digest of what it serves (docs/endpoints.md): `header: <name>`, `models: <field>` or `ollama`.',
    }),
  }).superRefine((written, context) => {
    const refuse = (key: keyof typeof written, message: string) =>
      context.addIssue({ code: 'custom', message, path: [key] })
    const { served_as: asked, answers_as: answered, digest, served_digest: served } = written
    if (asked !== undefined && !asked.includes(placeholder))
      refuse('served_as', `without ${placeholder} both checkpoints would be asked for by one name`)
    if (answered !== undefined && !answered.includes(placeholder) && digest === undefined)
      refuse(
        'answers_as',
        `without ${placeholder} every checkpoint has one name: only a \`digest\` tells them apart`,
      )
    if (digest !== undefined && written.path === undefined)
      refuse('digest', 'the whole file is the id, as there is no `path`')
    if (digest !== undefined && served === undefined)
      refuse(
        'digest',
        'nothing is compared with it: say where the deployment tells its own (`served_digest`)',
      )
    if (served !== undefined && digest === undefined)
      refuse('served_digest', 'it is compared with nothing: say where the expected one is (`digest`)')
  })
}

type WrittenCheckpoint = z.infer<ReturnType<typeof createCheckpointSchema>>

/** The same by the names that the rest of the code uses. */
export function toCheckpoint(written: WrittenCheckpoint): CheckpointPolicy {
  const {
    file,
    path: field,
    served_as: servedAs,
    answers_as: answersAs,
    digest,
    served_digest: served,
  } = written
  return {
    file,
    path: field ?? null,
    servedAs: servedAs ?? null,
    answersAs: answersAs ?? null,
    digest: digest ?? null,
    servedDigest: served ?? null,
  }
}
