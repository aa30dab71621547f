import type { CheckpointPolicy } from './checkpoint.ts'

/** What a checkpoint is called. */
export interface CheckpointNames {
  /** What requests ask for. */
  asked: string
  /** What answers may say, beside the plain forms of these. */
  answered: string[]
}

/** The names of a checkpoint, as the policy has its server call it. */
export function nameCheckpoint(
  { servedAs, answersAs }: Pick<CheckpointPolicy, 'servedAs' | 'answersAs'>,
  id: string,
): CheckpointNames {
  const fill = (template: string | null) => template?.replaceAll('{checkpoint}', () => id) ?? null
  const asked = fill(servedAs) ?? id
  return { asked, answered: [...new Set([fill(answersAs) ?? asked, id])] }
}

/** All names of some checkpoints. */
export function listCheckpointNames(
  policy: Pick<CheckpointPolicy, 'servedAs' | 'answersAs'>,
  ids: readonly string[],
): string[] {
  return [...new Set(ids.flatMap((id) => [id, nameCheckpoint(policy, id).asked]))]
}

/** The header of each completion in which the deployment tells its digest; `null` where policy names none. */
export function findDigestHeader({ servedDigest }: Pick<CheckpointPolicy, 'servedDigest'>): string | null {
  return typeof servedDigest === 'object' && servedDigest !== null && 'header' in servedDigest
    ? servedDigest.header
    : null
}
