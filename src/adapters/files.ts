import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { compileGlob, isGlob } from '../corpus/glob.ts'
import { GateError, type GateErrorCode } from '../errors.ts'
import type { Files, RepositoryFiles } from '../ports.ts'
import { fillNewSpace } from './heap.ts'
import { isInside } from './inside.ts'
import { describeUnreadable, readErrorCode, readFileBytes } from './read-bytes.ts'
import type { RemoteCorpus } from './remote-corpus.ts'
import { openScratch } from './scratch.ts'
import { readDatabase } from './tool-files.ts'

/** Corpus files from one folder and the rubrics that come with the program. */
export function createFiles(folders: {
  corpus: string
  rubrics: string
  /** Corpus files that are elsewhere, by their paths. */
  remote?: RemoteCorpus | null
}): Files {
  const { remote } = folders
  const find = async (path: string): Promise<string> => {
    const file = await resolveInside(folders.corpus, path, 'corpus')
    if (file !== null) return file
    throw new GateError({
      code: 'corpus',
      message: `the corpus file is not in ${folders.corpus}`,
      where: { file: path },
      remedy:
        'put the corpus there before the gate runs, or name its folder (`corpus-dir`, --corpus-dir) or its address (`corpus-urls`)',
    })
  }
  return {
    async *openCorpusFile(path, range) {
      // The end of a file is read for its footer.
      if (range !== undefined) fillNewSpace()
      if (remote?.has(path)) yield* remote.open(path, range)
      else yield* readFileBytes({ file: await find(path), path, last: range?.last })
    },
    async *openCorpusStretches(path, stretches) {
      if (remote?.has(path)) yield* remote.openStretches(path, stretches)
      else yield* readFileBytes({ file: await find(path), path, stretches })
    },
    openScratch,
    async openToolDatabase(folder) {
      const place = await resolveInside(folders.corpus, folder, 'corpus')
      return readDatabase(place ?? join(folders.corpus, folder))
    },
    readBuiltinRubric: async (id) => {
      if (!/^[a-z0-9-]+$/.test(id)) return null
      return readOptional({ file: join(folders.rubrics, `${id}.md`), path: `builtin:${id}`, code: 'rubric' })
    },
  }
}

/**
 * The corpus files that words name, by their paths in the folder: a file by its path, and a pattern the files below the
 * folder that it fits, sorted, without hidden ones.
 * @throws GateError for a pattern that fits none
 */
export async function findCorpusFiles(folder: string, words: string[]): Promise<string[]> {
  const found = new Set<string>()
  for (const word of words) {
    // The manifest is read elsewhere, where only paths inside the corpus folder mean anything.
    const path = relative(folder, resolve(folder, word)).split(sep).join('/')
    const literal = !isGlob(path) || (await isFile(join(folder, path)))
    const paths = literal ? [path] : (await listFiles(folder)).filter(compileGlob(path))
    if (paths.length === 0) {
      throw new GateError({
        code: 'corpus',
        message: `no file in ${folder} fits the pattern`,
        where: { file: word },
        remedy: 'correct the pattern, or name the folder that the files are in (--dir)',
      })
    }
    for (const each of paths) found.add(each)
  }
  return [...found]
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const paths: string[] = []
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name)
    const taken = entry.isFile() || (entry.isSymbolicLink() && (await isFile(file)))
    if (taken) paths.push(relative(folder, file).split(sep).join('/'))
  }
  return paths.toSorted()
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  )
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
    if (!isInside(base, candidate)) {
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
