import { posix } from 'node:path'
import type { SourceText } from '../policy/document.ts'
import { readDocuments } from '../policy/read-documents.ts'
import type { RepositoryChanges, RepositoryFiles } from '../ports.ts'
import { peekCandidate } from '../registration/load.ts'
import type { FileChange } from '../report/registration/review.ts'

/** A file of the registrations' folder that is not the same in both commits. */
export interface ChangedFile {
  file: string
  change: FileChange
  before: SourceText | null
  after: SourceText | null
}

interface ChangesRequest {
  repository: RepositoryFiles
  changes: RepositoryChanges
  from: string
  to: string
  folder: string
}

/**
 * The registrations that differ between two commits, in the order of their paths, and all that the later one has. A file
 * that is gone and a new one for the same candidate are one that was renamed.
 */
export async function listChangedRegistrations(
  request: ChangesRequest,
): Promise<{ changed: ChangedFile[]; all: SourceText[] }> {
  const { repository, from, to, folder } = request
  const all = await readDocuments({ repository, sha: to, folder })
  if (from === to) return { changed: [], all }
  const paths = await listPaths(request, all)
  const files = await Promise.all(
    paths.map(async (file): Promise<ChangedFile[]> => {
      const after = all.find((source) => source.file === file) ?? null
      const text = await repository.read(from, file)
      const before = text === null ? null : { file, text }
      if (before?.text === after?.text) return []
      const kind = before === null ? 'added' : after === null ? 'removed' : 'changed'
      return [{ file, change: { kind }, before, after }]
    }),
  )
  return { changed: joinRenamed(files.flat()), all }
}

async function listPaths(request: ChangesRequest, all: readonly SourceText[]): Promise<string[]> {
  const { repository, changes, from, to, folder } = request
  const isDocument = (path: string) => posix.dirname(path) === folder && /\.(ya?ml|json)$/.test(path)
  const found = await changes.list(from, to, folder)
  // Where it can't be told what in the folder differs, everything is looked at.
  if (!found.includes(folder)) return found.filter(isDocument)
  const before = ((await repository.list(from, folder)) ?? []).map((name) => `${folder}/${name}`)
  return [...new Set([...all.map(({ file }) => file), ...before])].filter(isDocument).toSorted()
}

function joinRenamed(files: readonly ChangedFile[]): ChangedFile[] {
  const left = new Set(files.filter(({ change }) => change.kind === 'removed'))
  const joined = files.map((entry): ChangedFile => {
    const candidate = entry.change.kind === 'added' ? readCandidate(entry.after) : null
    const old = [...left].find(({ before }) => candidate !== null && readCandidate(before) === candidate)
    if (old === undefined) return entry
    left.delete(old)
    return { ...entry, before: old.before, change: { kind: 'renamed', from: old.file } }
  })
  return joined.filter((entry) => entry.change.kind !== 'removed' || left.has(entry))
}

/** The candidate that a file names; `null` where there is no file, or it can't be told. */
export function readCandidate(source: SourceText | null): string | null {
  return source === null ? null : peekCandidate(source)
}
