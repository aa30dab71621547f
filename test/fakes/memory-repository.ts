import type { RepositoryChanges, RepositoryFiles } from '../../src/ports.ts'

/** Commits by name, each with its files' texts by path. */
export type MemoryCommits = Record<string, Record<string, string>>

/** A repository in memory. A commit that a test did not give is an error of the test. */
export function createMemoryRepository(commits: MemoryCommits): RepositoryFiles {
  const find = (sha: string): Record<string, string> => {
    const files = commits[sha]
    if (files === undefined) throw new Error(`the test has no commit "${sha}"`)
    return files
  }
  return {
    read: async (sha, path) => find(sha)[path] ?? null,
    async list(sha, folder) {
      const names = Object.keys(find(sha))
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1))
        .filter((name) => !name.includes('/'))
        .toSorted()
      return names.length === 0 ? null : names
    },
  }
}

/** What two commits in memory differ in. */
export function createMemoryChanges(commits: MemoryCommits): RepositoryChanges {
  return {
    async list(from, to, folder) {
      const [before, after] = [commits[from], commits[to]]
      if (before === undefined || after === undefined) throw new Error(`the test has no "${from}" or "${to}"`)
      return [...new Set([...Object.keys(before), ...Object.keys(after)])]
        .filter((path) => path.startsWith(`${folder}/`) && before[path] !== after[path])
        .toSorted()
    },
  }
}
