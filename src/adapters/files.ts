import { createReadStream } from 'node:fs'
import { readdir, readFile, realpath } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { GateError } from '../errors.ts'
import type { Files, RepositoryFiles } from '../ports.ts'

/** Corpus files from one folder and the rubrics that come with the program. */
export function createFiles(folders: { corpus: string; rubrics: string }): Files {
  return {
    async *openCorpusFile(path) {
      const file = await resolveInside(folders.corpus, path, 'corpus')
      if (file === null) {
        throw new GateError({
          code: 'corpus',
          message: `the corpus file is not in ${folders.corpus}`,
          where: { file: path },
          remedy:
            'put the corpus there before the gate runs, or name its folder (`corpus-dir`, --corpus-dir)',
        })
      }
      yield* createReadStream(file)
    },
    readBuiltinRubric: async (id) => {
      if (!/^[a-z0-9-]+$/.test(id)) return null
      return readOptional(join(folders.rubrics, `${id}.md`))
    },
  }
}

/** The files of a folder as if it were a commit: for work trees and for files given without a repository. */
export function createWorkTree(folder: string): RepositoryFiles {
  return {
    async read(_sha, path) {
      const file = await resolveInside(folder, path, 'policy')
      return file === null ? null : readOptional(file)
    },
    async list(_sha, path) {
      const resolved = await resolveInside(folder, path, 'policy')
      if (resolved === null) return null
      const entries = await readdir(resolved, { withFileTypes: true }).catch(() => null)
      return entries === null
        ? null
        : entries
            .filter((entry) => entry.isFile())
            .map((entry) => entry.name)
            .toSorted()
    },
  }
}

/**
 * The real path of a file inside a folder; `null` when there is none.
 * @throws GateError when the path, or a link on the way, leads out of the folder
 */
async function resolveInside(
  folder: string,
  path: string,
  code: 'corpus' | 'policy',
): Promise<string | null> {
  const base = await realpath(folder).catch(() => resolve(folder))
  const wanted = resolve(base, path)
  const real = await realpath(wanted).catch(() => null)
  for (const candidate of [wanted, real ?? wanted]) {
    const inside = relative(base, candidate)
    if (inside === '..' || inside.startsWith(`..${sep}`) || resolve(inside) === inside) {
      throw new GateError({
        code,
        message: 'the path leads out of its folder',
        where: { file: path },
        remedy: 'name a file inside it, and no link to one outside',
      })
    }
  }
  return real
}

async function readOptional(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EISDIR'))
      return null
    throw error
  })
}
