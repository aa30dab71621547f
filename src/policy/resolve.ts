import type { z } from 'zod'
import { GateError } from '../errors.ts'
import type { RepositoryFiles } from '../ports.ts'
import { type CheckpointPointer, parseCheckpoint } from './checkpoint.ts'
import type { CheckpointSource, Commits } from './commits.ts'
import { parsePolicy } from './load.ts'
import type { GraderConfig, Policy } from './schema.ts'

/** The policy that decides. */
export interface ResolvedPolicy {
  policy: Policy
  file: string
  /** The policy is not on the base yet: this change installs the gate. */
  installs: boolean
  /** The change under test has another policy, which applies after the merge. */
  differsInHead: boolean
}

/**
 * Reads the policy from the base, never from the change that it judges.
 * @throws GateError when neither has one
 */
export async function resolvePolicy(request: {
  repository: RepositoryFiles
  commits: Commits
  file: string
  graderConfig: z.ZodType<GraderConfig>
}): Promise<ResolvedPolicy> {
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
  return {
    policy: parsePolicy({ file, text }, graderConfig),
    file,
    installs: base === null,
    differsInHead: base !== null && head !== base,
  }
}

/** The checkpoints that are compared. */
export interface Checkpoints {
  baseline: string
  candidate: string
}

/**
 * Reads both sides' checkpoint ids.
 * @throws GateError when one is not there, or when the base branch has moved on to another checkpoint
 */
export async function resolveCheckpoints(request: {
  repository: RepositoryFiles
  commits: Commits
  pointer: CheckpointPointer
}): Promise<Checkpoints> {
  const { repository, commits, pointer } = request
  const read = (source: CheckpointSource) => readCheckpoint({ repository, source, pointer })
  const [baseline, candidate] = await Promise.all([read(commits.baseline), read(commits.candidate)])
  if (commits.baseTip !== null && candidate !== baseline) {
    const tip = await read({ kind: 'commit', sha: commits.baseTip })
    if (tip !== baseline) {
      throw new GateError({
        code: 'checkpoint',
        message: `the base branch serves "${tip}" by now, this change was made against "${baseline}"`,
        where: { file: pointer.file, field: pointer.path ?? undefined },
        remedy: 'update the branch, so that the candidate is compared with what is really served',
      })
    }
  }
  return { baseline, candidate }
}

async function readCheckpoint(request: {
  repository: RepositoryFiles
  source: CheckpointSource
  pointer: CheckpointPointer
}): Promise<string> {
  const { repository, source, pointer } = request
  if (source.kind === 'named') return source.checkpoint
  const text = await repository.read(source.sha, pointer.file)
  if (text === null) {
    throw new GateError({
      code: 'checkpoint',
      message: `the file of the checkpoint id is not there at ${source.sha.slice(0, 12)}`,
      where: { file: pointer.file },
      remedy: 'add it, or correct `checkpoint.file` in the policy',
    })
  }
  return parseCheckpoint(pointer, text)
}
