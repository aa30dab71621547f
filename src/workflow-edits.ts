import { GateError } from './errors.ts'
import { type Commits, findStart } from './policy/commits.ts'
import type { RepositoryChanges } from './ports.ts'

/** What says how the gate is run, and which gate: what is in here can undo everything that the policy says. */
export const workflowFolders = ['.github/workflows', '.github/actions']

/** Which files that say how the gate is run the change under test edits; `unknown` where it can't be told, and why not. */
export type WorkflowEdits = { kind: 'known'; files: string[] } | { kind: 'unknown'; cause: string }

interface Source {
  changes: RepositoryChanges
  commits: Commits
}

/**
 * The paths of workflows and actions that the change under test edits, sorted. Commits are compared with what the change
 * was made to, so that what others have merged since is not taken for a part of it.
 * @throws GateError when it can't be told
 */
export async function listWorkflowEdits({ changes, commits }: Source): Promise<string[]> {
  const from = findStart(commits)
  if (from === commits.head) return []
  const found = await Promise.all(workflowFolders.map((folder) => changes.list(from, commits.head, folder)))
  return found.flat().toSorted()
}

/** The same for a run that measures nothing: it stays green where it can't be told. */
export async function findWorkflowEdits(source: Source): Promise<WorkflowEdits> {
  try {
    return { kind: 'known', files: await listWorkflowEdits(source) }
  } catch (error) {
    if (error instanceof GateError) return { kind: 'unknown', cause: error.message }
    throw error
  }
}
