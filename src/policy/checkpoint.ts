import { parseDocument } from 'yaml'
import { GateError } from '../errors.ts'

/** The field of a policy that says where the served checkpoint's id is written. */
export interface CheckpointPointer {
  file: string
  path: string | null
}

/**
 * Reads the checkpoint id from the text of the pointer file.
 * @returns the id: 1 to 256 printable characters without spaces
 */
export function parseCheckpoint(pointer: CheckpointPointer, text: string): string {
  const value =
    pointer.path === null ? text.trim() : readField({ file: pointer.file, path: pointer.path, text })
  if (typeof value === 'string' && /^[\x21-\x7e]{1,256}$/.test(value)) return value
  throw new GateError({
    code: 'checkpoint',
    message:
      value === undefined
        ? 'the checkpoint id is not there'
        : 'the checkpoint id is not a text of 1 to 256 printable characters',
    where: { file: pointer.file, field: pointer.path ?? undefined },
    remedy: 'write the id there, in quotes if it looks like a number, or correct `checkpoint` in the policy',
  })
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
