import { createReadStream } from 'node:fs'
import { readdir, readFile, realpath } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { GateError, type GateErrorCode } from '../errors.ts'
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
      try {
        yield* createReadStream(file)
      } catch (cause) {
        throw describeUnreadable({ code: 'corpus', path, cause })
      }
    },
    readBuiltinRubric: async (id) => {
      if (!/^[a-z0-9-]+$/.test(id)) return null
      return readOptional({ file: join(folders.rubrics, `${id}.md`), path: `builtin:${id}`, code: 'rubric' })
    },
  }
}

/** The files of a folder as if it were a commit: for work trees and for files given without a repository. */
export function createWorkTree(folder: string): RepositoryFiles {
  return {
    async read(_sha, path) {
      const file = await resolveInside(folder, path, 'policy')
      return file === null ? null : readOptional({ file, path, code: 'policy' })
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
    if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
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

async function readOptional(request: {
  file: string
  path: string
  code: GateErrorCode
}): Promise<string | null> {
  const { file, path, code } = request
  const bytes = await readFile(file).catch((cause: unknown) => {
    if (['ENOENT', 'EISDIR'].includes(readErrorCode(cause))) return null
    throw describeUnreadable({ code, path, cause })
  })
  return bytes === null ? null : decodeText({ bytes, path, code })
}

// Read leniently, what is not UTF-8 would be another text, which nobody wrote.
function decodeText(request: { bytes: Uint8Array; path: string; code: GateErrorCode }): string {
  const { bytes, path, code } = request
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new GateError({
      code,
      message: 'the text is not UTF-8',
      where: { file: path },
      remedy: 'write the file as UTF-8',
      cause,
    })
  }
}

function describeUnreadable(problem: { code: GateErrorCode; path: string; cause: unknown }): GateError {
  const { code, path, cause } = problem
  return new GateError({
    code,
    message: `the file can't be read (${readErrorCode(cause)})`,
    where: { file: path },
    remedy: 'check that it is a file, and that this user may read it',
    cause,
  })
}

function readErrorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown cause'
}

/** Reads a file that was named on the command line. Throws GateError where it can't be. */
export async function readTextFile(file: string): Promise<string> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new GateError({
      code: 'usage',
      message: `the file can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      where: { file },
      remedy: 'name a file that is there',
      cause,
    })
  })
  return decodeText({ bytes, path: file, code: 'usage' })
}
