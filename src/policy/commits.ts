/** Where one side's checkpoint id comes from. */
export type CheckpointSource = { kind: 'commit'; sha: string } | { kind: 'named'; checkpoint: string }

/** The commits that a run reads from, each read once. */
export interface Commits {
  /** Policy, rubrics and manifest. */
  policy: string
  /** `base`: reviewed before the change under test. `none`: taken as given. */
  trustAnchor: 'base' | 'none'
  baseline: CheckpointSource
  candidate: CheckpointSource
  /** The registration, and the policy as the change would have it. */
  head: string
  /** The tip of the base branch, when the pointer there has to be the baseline's. */
  baseTip: string | null
  /**
   * Where head is a work tree, the commit that it was checked out from, `null` where none is known; absent where head is
   * a commit itself.
   */
  checkedOut?: string | null
}

/** The commit that the change under test is made to: head is this and the change, whatever the base branch is by now. */
export function findStart({ baseline, policy }: Pick<Commits, 'baseline' | 'policy'>): string {
  return baseline.kind === 'commit' ? baseline.sha : policy
}
