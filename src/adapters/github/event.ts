import { z } from 'zod'
import { GateError } from '../../errors.ts'
import type { Commits } from '../../policy/commits.ts'

const sha = z.string().regex(/^[0-9a-f]{40,64}$/)
const repository = z.object({ full_name: z.string() })

const payloads = {
  pull_request: z.object({
    pull_request: z.object({
      number: z.int(),
      base: z.object({ ref: z.string(), repo: repository }),
      head: z.object({ ref: z.string(), sha, repo: repository.nullish() }),
    }),
  }),
  merge_group: z.object({ merge_group: z.object({ head_sha: sha, base_ref: z.string() }) }),
  push: z.object({ before: sha, after: sha }),
  workflow_dispatch: z.object({ repository: z.object({ default_branch: z.string() }) }),
}

/** A commit as far as the gate needs it. */
export interface CommitInfo {
  sha: string
  parents: string[]
}

/** What an event means for the gate. */
export interface ResolvedEvent {
  commits: Commits
  pullRequest: number | null
  /** The change comes from a fork: no secrets, a token that can only read. */
  fork: boolean
  /** The last commit of the pull request's branch; `null` without one. */
  headSha: string | null
  /** The branch of this repository that the pull request is of; `null` where there is none. */
  headBranch: string | null
}

/** What is known when the action starts. */
export interface EventContext {
  name: string
  payload: unknown
  /** `GITHUB_SHA`: under `pull_request`, the merge commit. */
  sha: string
  /** The input `candidate`, for runs started by hand. */
  candidate: string | null
  getCommit: (reference: string) => Promise<CommitInfo | null>
}

/**
 * Which commits a run reads from. The policy always comes from before the change under test.
 * @throws GateError for an event that the gate can't judge
 */
export async function resolveEvent(context: EventContext): Promise<ResolvedEvent> {
  switch (context.name) {
    case 'pull_request':
      return resolvePullRequest(context)
    case 'merge_group': {
      const { merge_group: group } = parsePayload(payloads.merge_group, context)
      const tip = await requireCommit(context, group.base_ref.replace(/^refs\//, ''))
      return ofChange({ baseline: tip.sha, candidate: group.head_sha, policy: tip.sha, baseTip: null })
    }
    case 'push': {
      const { before, after } = parsePayload(payloads.push, context)
      if (/^0+$/.test(before))
        throw refuse(
          'the branch is new: there is no commit before this push to compare with',
          'open a pull request, or start the workflow by hand with a candidate',
        )
      const base = await requireCommit(context, before)
      return ofChange({ baseline: base.sha, candidate: after, policy: base.sha, baseTip: null })
    }
    case 'workflow_dispatch':
      return resolveDispatch(context)
    default:
      throw refuse(
        `the gate does not judge "${context.name}" events`,
        context.name === 'pull_request_target'
          ? 'use `pull_request`: under `pull_request_target` the commit under test is not the one that would be merged'
          : 'run it on pull_request, merge_group, push or workflow_dispatch',
      )
  }
}

async function resolvePullRequest(context: EventContext): Promise<ResolvedEvent> {
  const { pull_request: pull } = parsePayload(payloads.pull_request, context)
  const [merge, tip] = await Promise.all([
    requireCommit(context, context.sha),
    requireCommit(context, `heads/${pull.base.ref}`),
  ])
  const fork = pull.head.repo?.full_name !== pull.base.repo.full_name
  const parent = merge.parents[0]
  if (parent === undefined)
    throw refuse(
      'the commit under test has no parent',
      'the gate compares a change with what it is based on: rebase the branch',
    )
  return {
    ...ofChange({ baseline: parent, candidate: merge.sha, policy: tip.sha, baseTip: tip.sha }),
    pullRequest: pull.number,
    fork,
    headSha: pull.head.sha,
    headBranch: fork ? null : pull.head.ref,
  }
}

async function resolveDispatch(context: EventContext): Promise<ResolvedEvent> {
  const { repository: repo } = parsePayload(payloads.workflow_dispatch, context)
  if (context.candidate === null)
    throw refuse('no candidate was named', 'give the input `candidate`: the id of the checkpoint to judge')
  const tip = await requireCommit(context, `heads/${repo.default_branch}`)
  const { commits, ...rest } = ofChange({
    baseline: tip.sha,
    candidate: tip.sha,
    policy: tip.sha,
    baseTip: null,
  })
  return { ...rest, commits: { ...commits, candidate: { kind: 'named', checkpoint: context.candidate } } }
}

function ofChange(change: {
  baseline: string
  candidate: string
  policy: string
  baseTip: string | null
}): ResolvedEvent {
  return {
    commits: {
      policy: change.policy,
      trustAnchor: 'base',
      baseline: { kind: 'commit', sha: change.baseline },
      candidate: { kind: 'commit', sha: change.candidate },
      head: change.candidate,
      baseTip: change.baseTip,
    },
    pullRequest: null,
    fork: false,
    headSha: null,
    headBranch: null,
  }
}

async function requireCommit(context: EventContext, reference: string): Promise<CommitInfo> {
  const commit = await context.getCommit(reference)
  if (commit !== null) return commit
  throw refuse(
    `the commit ${reference} can't be found`,
    'check that it was not force-pushed away, and that the token has `contents: read`',
  )
}

function parsePayload<S extends z.ZodType>(schema: S, context: EventContext): z.infer<S> {
  const parsed = schema.safeParse(context.payload)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw refuse(
    `the event's payload is not that of ${context.name}: ${issue?.path.join('.')}: ${issue?.message}`,
    "report this with the run's log",
  )
}

function refuse(message: string, remedy: string): GateError {
  return new GateError({ code: 'platform', message, remedy })
}
