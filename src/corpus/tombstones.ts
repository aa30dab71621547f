import { GateError } from '../errors.ts'
import type { SourceText } from '../policy/document.ts'
import type { RepositoryFiles } from '../ports.ts'
import type { Manifest } from './manifest.ts'

/** Ids of conversations, and HMACs of users, that were asked to be forgotten. */
export type Tombstones = ReadonlySet<string>

/** Nobody asked. */
export const noTombstones: Tombstones = new Set()

/** Ids and HMACs are of these letters. */
const entryPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/

/**
 * Parses a list of tombstones: the id of a conversation or the HMAC of a user a line; empty lines and those that begin with
 * `#` are passed over.
 * @throws GateError with the line that is neither
 */
export function parseTombstones({ file, text }: SourceText): Tombstones {
  const found = new Set<string>()
  for (const [index, written] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const entry = written.trim()
    if (entry === '' || entry.startsWith('#')) continue
    if (!entryPattern.test(entry)) {
      throw new GateError({
        code: 'corpus',
        message: 'the line is neither the id of a conversation nor the HMAC of a user',
        where: { file, line: index + 1 },
        remedy: 'write one a line, and nothing else in it; begin a note with #',
      })
    }
    found.add(entry)
  }
  return found
}

/**
 * Reads the list that a manifest names, from the repository: a list that the change under test could write would choose the
 * turns.
 * @throws GateError for a list that is not there or holds something else
 */
export async function readTombstones(request: {
  repository: RepositoryFiles
  sha: string
  manifest: Manifest
  manifestFile: string
}): Promise<Tombstones> {
  const { repository, sha, manifest, manifestFile } = request
  const { tombstones: file } = manifest
  if (file === undefined) return noTombstones
  const text = await repository.read(sha, file)
  if (text !== null) return parseTombstones({ file, text })
  throw new GateError({
    code: 'corpus',
    message: `the list of tombstones "${file}" is not in the repository`,
    where: { file: manifestFile, field: 'tombstones' },
    remedy: 'commit it, if only as an empty file, or correct its path',
  })
}
