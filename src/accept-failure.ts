import { acceptFailure, findDiagnosis } from './history/diagnosis.ts'
import { findOwners, ownersFiles } from './history/owners.ts'
import type { Commits } from './policy/commits.ts'
import { readDocuments } from './policy/read-documents.ts'
import type { Policy } from './policy/schema.ts'
import type { RepositoryFiles, Reviews } from './ports.ts'
import type { Acceptance } from './record/history.ts'

/** Where people say that they answer for a FAIL. */
export interface AcceptancePorts {
  repository: RepositoryFiles
  /** `null` where nobody reviews. */
  reviews: Reviews | null
}

/** Who answers for every FAIL of a candidate: by a diagnosis on the base, or one that its owner approved, where policy lets that be. */
export async function findAcceptance(parts: {
  ports: AcceptancePorts
  policy: Policy
  commits: Commits
  candidate: string
  /** By the names of the attempts that failed. */
  runs: readonly string[]
}): Promise<Acceptance | null> {
  const { ports, policy, commits, candidate, runs } = parts
  const { repository, reviews } = ports
  const load = async (sha: string) =>
    findDiagnosis(await readDocuments({ repository, sha, folder: policy.diagnoses }), candidate)
  const accepted = acceptFailure(await load(commits.policy), runs)
  if (accepted !== null || policy.acceptDiagnosis === 'base' || reviews === null) return accepted
  const proposed = await load(commits.head)
  if (proposed === null || acceptFailure(proposed, runs) === null) return null
  const owners = new Set(findOwners(await readOwners(repository, commits.policy), proposed.file))
  if (owners.size === 0) return null
  const approvers = await reviews.listApprovers()
  const reviewer = approvers.find((login) => owners.has(login.toLowerCase()))
  return reviewer === undefined ? null : acceptFailure(proposed, runs, reviewer)
}

async function readOwners(repository: RepositoryFiles, sha: string): Promise<string> {
  for (const file of ownersFiles) {
    const text = await repository.read(sha, file)
    if (text !== null) return text
  }
  return ''
}
