import { execFile } from 'node:child_process'
import { posix } from 'node:path'
import { promisify } from 'node:util'
import { GateError } from '../errors.ts'
import type { RepositoryChanges, RepositoryFiles } from '../ports.ts'

const run = promisify(execFile)

/** The files of a local repository at a commit, through git itself. */
export function createGitFiles(folder: string): RepositoryFiles {
  const git = (...words: string[]) => run('git', ['-C', folder, ...words], { maxBuffer: 64 * 1024 * 1024 })
  return {
    async read(sha, path) {
      requireInside(path)
      const kind = await git('cat-file', '-t', `${sha}:./${path}`).catch(() => null)
      if (kind?.stdout.trim() !== 'blob') return null
      return (await git('cat-file', 'blob', `${sha}:./${path}`)).stdout
    },
    async list(sha, path) {
      requireInside(path)
      const kind = await git('cat-file', '-t', `${sha}:./${path}`).catch(() => null)
      if (kind?.stdout.trim() !== 'tree') return null
      // Without --full-tree git would look for the work tree's own folder in that tree once more.
      const { stdout } = await git('ls-tree', '--full-tree', '-z', `${sha}:./${path}`)
      return stdout
        .split('\0')
        .flatMap((line) => (/^100\d{3} blob /.test(line) ? [line.slice(line.indexOf('\t') + 1)] : []))
        .toSorted()
    },
  }
}

/**
 * What a commit and another, or the work tree under its name, differ in, through git itself. Files that git does not
 * track count as added, those that it ignores too: they lie there all the same.
 */
export function createGitChanges(folder: string, workTree: string): RepositoryChanges {
  const git = async (...words: string[]) => {
    const { stdout } = await run('git', ['-C', folder, ...words], { maxBuffer: 64 * 1024 * 1024 })
    return stdout.split('\0').filter((path) => path !== '')
  }
  return {
    async list(from, to, path) {
      // From the top, wherever in the repository the folder is.
      const where = ['--', `:(top,literal)${path}`]
      const options = ['--name-only', '--no-renames', '--no-ext-diff', '--no-textconv', '-z']
      try {
        const [changed, untracked] = await Promise.all([
          git('diff', ...options, from, ...(to === workTree ? [] : [to]), ...where),
          to === workTree ? git('ls-files', '--others', '--full-name', '-z', ...where) : [],
        ])
        return [...new Set([...changed, ...untracked])].toSorted()
      } catch (cause) {
        throw new GateError({
          code: 'platform',
          message: `git can't compare ${path} with ${from.slice(0, 12)}: ${cause instanceof Error ? cause.message : String(cause)}`,
          remedy: 'check that the repository is whole, and run again',
          cause,
        })
      }
    },
  }
}

// As in a work tree: a policy speaks of its own folder only.
function requireInside(path: string): void {
  const normal = posix.normalize(path)
  if (!posix.isAbsolute(normal) && normal !== '..' && !normal.startsWith('../')) return
  throw new GateError({
    code: 'policy',
    message: 'the path leads out of its folder',
    where: { file: path },
    remedy: 'name a file inside it',
  })
}

/** The full id of a commit. */
export async function resolveCommit(folder: string, reference: string): Promise<string> {
  try {
    const { stdout } = await run('git', [
      '-C',
      folder,
      'rev-parse',
      '--verify',
      '--end-of-options',
      `${reference}^{commit}`,
    ])
    return stdout.trim()
  } catch (cause) {
    throw new GateError({
      code: 'usage',
      message: `git knows no commit "${reference}" in ${folder}`,
      remedy: 'fetch it (a shallow clone may lack it), or correct --base',
      cause,
    })
  }
}
