import { parseDocument } from 'yaml'
import { z } from 'zod'
import { GateError } from '../errors.ts'

/** The field of a policy that says where the served checkpoint's id is written. */
export interface CheckpointPointer {
  file: string
  path: string | null
  /** Where in that file the digest of its weights is; `null` where policy asks for none. */
  digest: string | null
}

/** Where a deployment tells the digest of what it serves: a header of each completion, a field of its list, or Ollama. */
export const servedDigestSchema = z.union([
  z.strictObject({ header: z.string() }),
  z.strictObject({ models: z.string() }),
  z.literal('ollama'),
])
export type ServedDigest = z.infer<typeof servedDigestSchema>

/** The policy's keys about the checkpoint, in which `{checkpoint}` stands for its id. */
export const checkpointPolicySchema = z.strictObject({
  file: z.string(),
  path: z.string().nullable(),
  /** The name that requests ask for; `null`: the id. */
  servedAs: z.string().nullable(),
  /** The name that answers have; `null`: the one that was asked for. */
  answersAs: z.string().nullable(),
  digest: z.string().nullable(),
  servedDigest: servedDigestSchema.nullable(),
})
export type CheckpointPolicy = z.infer<typeof checkpointPolicySchema>

/**
 * Reads the checkpoint id from the text of the pointer file.
 * @returns the id: 1 to 256 printable characters without spaces. Counts are kept by it, and no object keeps `__proto__`.
 */
export function parseCheckpoint(pointer: CheckpointPointer, text: string): string {
  const value =
    pointer.path === null ? text.trim() : readField({ file: pointer.file, path: pointer.path, text })
  const isText = typeof value === 'string' && /^[\x21-\x7e]{1,256}$/.test(value)
  if (isText && value !== '__proto__') return value
  throw new GateError({
    code: 'checkpoint',
    message:
      value === undefined
        ? 'the checkpoint id is not there'
        : isText
          ? 'the checkpoint id "__proto__" is a name of the language'
          : 'the checkpoint id is not a text of 1 to 256 printable characters',
    where: { file: pointer.file, field: pointer.path ?? undefined },
    remedy: 'write the id there, in quotes if it looks like a number, or correct `checkpoint` in the policy',
  })
}

/**
 * Reads the digest of the checkpoint's weights from the text of the pointer file.
 * @returns the digest as it is compared; `null` where policy asks for none
 */
export function parseExpectedDigest(pointer: CheckpointPointer, text: string): string | null {
  const { file, digest: path } = pointer
  if (path === null) return null
  const value = readField({ file, path, text })
  const digest = toDigest(value)
  if (digest !== null) return digest
  throw new GateError({
    code: 'checkpoint',
    message:
      value === undefined
        ? "the digest of the checkpoint's weights is not there"
        : "the digest of the checkpoint's weights is not a text of 8 to 256 printable characters",
    where: { file, field: path },
    remedy: 'write the digest there, in quotes, or correct `checkpoint.digest` in the policy',
  })
}

/** The same, `null` also where the file has none. */
export function findExpectedDigest(pointer: CheckpointPointer, text: string): string | null {
  const { file, digest: path } = pointer
  return path === null ? null : toDigest(readField({ file, path, text }))
}

function toDigest(value: unknown): string | null {
  const digest = typeof value === 'string' ? normalizeDigest(value) : ''
  return /^[\x21-\x7e]{8,256}$/.test(digest) ? digest : null
}

/** A digest as it is compared: without `sha256:`, in small letters. */
export function normalizeDigest(digest: string): string {
  return digest
    .trim()
    .toLowerCase()
    .replace(/^sha256:/, '')
}

function readField(request: { file: string; path: string; text: string }): unknown {
  const document = parseDocument(request.text, { uniqueKeys: true, version: '1.2' })
  const problem = document.errors[0]
  if (problem !== undefined) {
    throw new GateError({
      code: 'checkpoint',
      message: `not valid YAML or JSON: ${problem.message}`,
      where: { file: request.file, line: problem.linePos?.[0].line, column: problem.linePos?.[0].col },
      remedy: 'mend the file, or leave `checkpoint.path` out of the policy if the whole file is the id',
    })
  }
  return document.getIn(request.path.split('.'))
}
