import type { z } from 'zod'
import { GateError } from '../errors.ts'
import type { RepositoryFiles } from '../ports.ts'
import type { PolicyChange } from './change.ts'
import {
  type CheckpointPointer,
  findExpectedDigest,
  parseCheckpoint,
  parseExpectedDigest,
} from './checkpoint.ts'
import { type CheckpointSource, type Commits, findStart } from './commits.ts'
import { diffPolicies, makeChange, sortChanges } from './diff.ts'
import { parsePolicy } from './load.ts'
import { diffReferences } from './references.ts'
import type { GraderConfig, Policy } from './schema.ts'
import { takeStricter } from './stricter.ts'

/** The policy that decides. */
export interface ResolvedPolicy {
  /** The base's, with the limits and margins that the change under test makes tighter. */
  policy: Policy
  file: string
  /** The policy is not on the base yet: this change installs the gate. */
  installs: boolean
  /** What the change under test would change of the policy and the files that it refers to, what is looser first. */
  changes: PolicyChange[]
}

interface PolicyRequest {
  repository: RepositoryFiles
  commits: Commits
  file: string
  graderConfig: z.ZodType<GraderConfig>
}

/**
 * Reads the policy from the base, never from the change that it judges; of that, only tighter limits and margins apply.
 * @throws GateError when neither has one
 */
export async function resolvePolicy(request: PolicyRequest): Promise<ResolvedPolicy> {
  const { repository, commits, file, graderConfig } = request
  const base = await repository.read(commits.policy, file)
  const head = commits.head === commits.policy ? base : await repository.read(commits.head, file)
  const text = base ?? head
  if (text === null) {
    throw new GateError({
      code: 'policy',
      message: 'there is no policy',
      where: { file },
      remedy: 'write it (docs/policy.md begins with one that works), or name its path (`policy`, --policy)',
    })
  }
  const policy = parsePolicy({ file, text }, graderConfig)
  const from = findStart(commits)
  const isSame = commits.head === from || commits.head === commits.policy
  if (base === null || isSame) return { policy, file, installs: base === null, changes: [] }
  // Where the base branch has moved on since, a policy that this change has not touched is merely an old one.
  const before = from === commits.policy ? base : await repository.read(from, file)
  const proposed = head === before ? null : readProposal({ base: policy, head, request })
  const references = await diffReferences({ repository, policy, from, to: commits.head })
  return {
    policy: proposed?.effective ?? policy,
    file,
    installs: false,
    changes: sortChanges([...(proposed?.changes ?? []), ...references]),
  }
}

/** What the change under test makes of the policy. Nothing in it can stop the base's from deciding. */
function readProposal(parts: { base: Policy; head: string | null; request: PolicyRequest }): {
  effective: Policy
  changes: PolicyChange[]
} {
  const { base, head, request } = parts
  const { file, graderConfig } = request
  const whole = { what: 'policy', of: file }
  if (head === null) {
    return { effective: base, changes: [makeChange({ kind: 'removed', ...whole, effect: 'looser' })] }
  }
  try {
    const policy = parsePolicy({ file, text: head }, graderConfig)
    return { effective: takeStricter(base, policy), changes: diffPolicies(base, policy) }
  } catch (error) {
    return {
      effective: base,
      changes: [makeChange({ kind: 'unreadable', ...whole, to: describeCause(error) })],
    }
  }
}

function describeCause(error: unknown): string {
  if (!(error instanceof GateError)) return error instanceof Error ? error.message : String(error)
  const { line } = error.where ?? {}
  return `${line === undefined ? '' : `line ${line}: `}${error.message}`.slice(0, 300)
}

/** The checkpoints that are compared. */
export interface Checkpoints {
  baseline: string
  candidate: string
  /** What their weights have for a digest; `null` where policy asks for none, and for one that was named by hand. */
  digests: { baseline: string | null; candidate: string | null }
}

/** One side's checkpoint. */
interface Pointed {
  id: string
  /** The text of the file that names it; `null` where it was named by hand. */
  text: string | null
}

/**
 * Reads both sides' checkpoint ids, and the digests of their weights where policy asks for them.
 * @throws GateError when one is not there, when the base branch has moved on to another checkpoint, or when other weights
 * have the same id
 */
export async function resolveCheckpoints(request: {
  repository: RepositoryFiles
  commits: Commits
  pointer: CheckpointPointer
}): Promise<Checkpoints> {
  const { repository, commits, pointer } = request
  const read = (source: CheckpointSource) => readCheckpoint({ repository, source, pointer })
  const [baseline, candidate] = await Promise.all([read(commits.baseline), read(commits.candidate)])
  const digests = readDigests({ pointer, baseline, candidate })
  if (commits.baseTip !== null && candidate.id !== baseline.id) {
    const tip = await read({ kind: 'commit', sha: commits.baseTip })
    const digest = readDigest(pointer, tip)
    if (tip.id !== baseline.id || digest !== digests.baseline) {
      const isId = tip.id !== baseline.id
      throw new GateError({
        code: 'checkpoint',
        message: isId
          ? `the base branch serves "${tip.id}" by now, this change was made against "${baseline.id}"`
          : `the base branch serves other weights as "${tip.id}" by now than this change was made against`,
        where: { file: pointer.file, field: (isId ? pointer.path : pointer.digest) ?? undefined },
        remedy: 'update the branch, so that the candidate is compared with what is really served',
      })
    }
  }
  return { baseline: baseline.id, candidate: candidate.id, digests }
}

/** A change that leaves the id alone is not held up by what its file lacks: it may be the one that adds it. */
function readDigests(parts: {
  pointer: CheckpointPointer
  baseline: Pointed
  candidate: Pointed
}): Checkpoints['digests'] {
  const { pointer, baseline, candidate } = parts
  if (baseline.id !== candidate.id) {
    return { baseline: readDigest(pointer, baseline), candidate: readDigest(pointer, candidate) }
  }
  const read = ({ text }: Pointed) => (text === null ? null : findExpectedDigest(pointer, text))
  const digests = { baseline: read(baseline), candidate: read(candidate) }
  if (digests.baseline === null || digests.candidate === null || digests.baseline === digests.candidate)
    return digests
  // Registrations, attempts and endpoints go by the id: two weights of one id could not be told apart.
  throw new GateError({
    code: 'checkpoint',
    message: `the digest of the weights changes, and the id "${candidate.id}" does not`,
    where: { file: pointer.file, field: pointer.digest ?? undefined },
    remedy: 'give the new weights an id of their own',
  })
}

function readDigest(pointer: CheckpointPointer, { text }: Pointed): string | null {
  return text === null ? null : parseExpectedDigest(pointer, text)
}

async function readCheckpoint(request: {
  repository: RepositoryFiles
  source: CheckpointSource
  pointer: CheckpointPointer
}): Promise<Pointed> {
  const { repository, source, pointer } = request
  if (source.kind === 'named') return { id: source.checkpoint, text: null }
  const text = await repository.read(source.sha, pointer.file)
  if (text === null) {
    throw new GateError({
      code: 'checkpoint',
      message: `the file of the checkpoint id is not there at ${source.sha.slice(0, 12)}`,
      where: { file: pointer.file },
      remedy: 'add it, or correct `checkpoint.file` in the policy',
    })
  }
  return { id: parseCheckpoint(pointer, text), text }
}
