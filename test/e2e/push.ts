import { createHash } from 'node:crypto'
import type { PushRow } from './emulator/github.ts'
import { type FakeRepository, findCommit } from './emulator/github-repository.ts'
import type { ServerClock } from './emulator/server-clock.ts'

/** What is pushed to a branch. */
export interface PushOptions {
  /** On top of what the branch has; `null` removes a file. */
  files?: Record<string, string | null>
  /** A commit that the branch is moved to as it is, in place of a new one. */
  to?: string
  /** `bump`, the pull request's, unless named. */
  branch?: string
  type?: 'push' | 'force_push' | 'pr_merge'
}

/** What a push led to. */
export interface Pushed {
  /** The branch's tip. */
  sha: string
  /** GitHub's merge of the tip with base, as `GITHUB_SHA` names it under `pull_request`. */
  merge: string
  at: string
}

interface Source {
  repository: FakeRepository
  pushes: PushRow[]
  clock: ServerClock
}

/** Moves a branch to a new commit, or to one that there is, and writes down that it was. */
export function pushTo({ repository, pushes, clock }: Source, options: PushOptions): Pushed {
  const { branch = 'bump', type = 'push' } = options
  const before = repository.branches[branch] ?? ''
  const files = applyFiles(findCommit(repository, options.to ?? before)?.files ?? {}, options.files ?? {})
  const number = repository.commits.length
  const sha = options.to ?? addCommit(repository, { name: `push ${number}`, parents: [before], files })
  repository.branches[branch] = sha
  const base = repository.branches[repository.defaultBranch] ?? ''
  const merged = mergeFiles(repository, { base, sha })
  const merge = addCommit(repository, { name: `merge ${number}`, parents: [base, sha], files: merged })
  const at = clock.tick()
  pushes.push({ at, branch, before, after: sha, type })
  return { sha, merge, at }
}

/** What the branch has changed since the first commit of all, on top of what base has by now. */
function mergeFiles(
  repository: FakeRepository,
  { base, sha }: { base: string; sha: string },
): Record<string, string> {
  const first = repository.commits[0]?.files ?? {}
  const merged = { ...findCommit(repository, base)?.files }
  const branch = findCommit(repository, sha)?.files ?? {}
  for (const path of new Set([...Object.keys(first), ...Object.keys(branch)])) {
    const text = branch[path]
    if (text === first[path]) continue
    if (text === undefined) delete merged[path]
    else merged[path] = text
  }
  return merged
}

function addCommit(
  repository: FakeRepository,
  commit: { name: string; parents: string[]; files: Record<string, string> },
): string {
  const { name, ...rest } = commit
  const sha = createHash('sha1').update(name).digest('hex')
  repository.commits.push({ sha, ...rest })
  return sha
}

function applyFiles(
  files: Record<string, string>,
  changes: Record<string, string | null>,
): Record<string, string> {
  const kept = { ...files }
  for (const [path, text] of Object.entries(changes)) {
    if (text === null) delete kept[path]
    else kept[path] = text
  }
  return kept
}
