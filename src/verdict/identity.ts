import type { Plan } from '../plan/plan.ts'
import { normalizeDigest } from '../policy/checkpoint.ts'
import { type CheckpointNames, findDigestHeader, nameCheckpoint } from '../policy/checkpoint-names.ts'
import type { Arm } from '../ports.ts'
import type { RecordSummary } from '../record/schema.ts'
import { isNameOf } from '../replay/model-name.ts'
import type { Probe } from '../replay/probe.ts'
import type { IdentityLevel, Verdict } from './schema.ts'

/** What speaks against an arm's answers being those of its checkpoint. */
export type IdentityProblem =
  | { kind: 'several-names'; names: string[] }
  /** The other arm's checkpoint answered, by its name or by its digest. */
  | { kind: 'other-arm'; name: string }
  | { kind: 'other-name'; name: string }
  | { kind: 'unnamed'; answers: number; of: number }
  /** What the endpoint lists was not the same all along. */
  | { kind: 'changed'; what: 'entry' | 'digest' | 'gone' }
  | { kind: 'digest-differs'; expected: string | null; digests: string[] }
  /** Policy asks for a digest, and some answers, or the list before or after, came without. */
  | { kind: 'undigested'; some: boolean }

/** How far it is known which checkpoint answered for an arm, and what speaks against it. */
export interface Identity {
  level: IdentityLevel
  problems: IdentityProblem[]
}

type Measured = Pick<RecordSummary, 'plan' | 'arms'>

const arms = ['baseline', 'candidate'] as const

/** Why an arm was not answered by the one checkpoint that it stands for, in words for `verdict.json`. */
export function findIdentityProblems(summary: Measured): string[] {
  return arms.flatMap((arm) =>
    assessIdentity(summary, arm).problems.map((problem) => `${arm}: ${describeProblem(arm, problem)}`),
  )
}

/** Judges all that says which checkpoint answered for an arm. Pure; an arm without answers has no problem of its own. */
export function assessIdentity(summary: Measured, arm: Arm): Identity {
  const digest = judgeDigest(summary, arm)
  const named = judgeNames({ summary, arm, isVerified: digest.isVerified })
  const listed = judgeList(summary.arms[arm].identity.probes)
  // What every answer carries with it outweighs a list.
  const isCarried = digest.isVerified && findDigestHeader(summary.plan.policy.checkpoint) !== null
  const changes = listed.change === null || isCarried ? [] : [listed.change]
  const problems = [...named.problems, ...digest.problems, ...changes]
  if (problems.length > 0 || countAnswers(summary, arm) === 0) return { level: 'none', problems }
  if (digest.isVerified) return { level: 'verified', problems }
  return { level: listed.isSteady ? 'probed' : 'asserted', problems }
}

/** The levels of both arms. */
export function listLevels(summary: Measured): Verdict['identity'] {
  return {
    candidate: assessIdentity(summary, 'candidate').level,
    baseline: assessIdentity(summary, 'baseline').level,
  }
}

function countAnswers({ arms }: Measured, arm: Arm): number {
  const { models, identity } = arms[arm]
  return Object.values(models).reduce((sum, count) => sum + count, identity.unnamed)
}

function judgeNames(request: { summary: Measured; arm: Arm; isVerified: boolean }): {
  problems: IdentityProblem[]
} {
  const { summary, arm, isVerified } = request
  const { models, identity } = summary.arms[arm]
  const names = Object.keys(models)
  const whose = names.map((name) => ({ name, of: chooseArm(summary.plan, arm, name) }))
  const problems: IdentityProblem[] = []
  const foreign = whose.filter(({ of }) => of !== 'own')
  if (names.length > 1 && (foreign.length > 0 || !isVerified)) problems.push({ kind: 'several-names', names })
  else
    for (const { name, of } of foreign)
      problems.push({ kind: of === 'other' ? 'other-arm' : 'other-name', name })
  if (identity.unnamed > 0 && !isVerified) {
    problems.push({ kind: 'unnamed', answers: identity.unnamed, of: countAnswers(summary, arm) })
  }
  return { problems }
}

/** Whose name it is: where both arms could have it, that of the id that it has the more in common with. */
function chooseArm({ policy, ...plan }: Plan, arm: Arm, name: string): 'own' | 'other' | 'nobody' {
  const other = arm === 'baseline' ? plan.candidate : plan.baseline
  const own = measureMatch(nameCheckpoint(policy.checkpoint, plan[arm]), name)
  const others = measureMatch(nameCheckpoint(policy.checkpoint, other), name)
  if (own === 0 && others === 0) return 'nobody'
  return own >= others ? 'own' : 'other'
}

function measureMatch({ answered }: CheckpointNames, name: string): number {
  if (answered.includes(name)) return Number.POSITIVE_INFINITY
  return Math.max(0, ...answered.filter((id) => isNameOf(id, name)).map((id) => id.length))
}

/** Whether what an endpoint lists stayed the same, before the first request and after the last of each part. */
function judgeList(probes: readonly Probe[]): { isSteady: boolean; change: IdentityProblem | null } {
  const [first, ...rest] = probes.flatMap((probe) => (probe.kind === 'listed' ? [probe] : []))
  if (first === undefined) return { isSteady: false, change: null }
  const isSteady = rest.length > 0 && rest.length + 1 === probes.length
  // One that could not be had at one of the times says nothing.
  if (new Set(listServedDigests(probes)).size > 1)
    return { isSteady: false, change: { kind: 'changed', what: 'digest' } }
  if (rest.some(({ name, entrySha256 }) => name !== first.name || entrySha256 !== first.entrySha256))
    return { isSteady: false, change: { kind: 'changed', what: 'entry' } }
  const start = probes.findIndex(({ kind }) => kind === 'listed')
  const isGone = probes.slice(start).some(({ kind }) => kind === 'unlisted')
  return { isSteady, change: isGone ? { kind: 'changed', what: 'gone' } : null }
}

/** Compares what the deployment tells of the weights with what the repository expects of them. */
function judgeDigest(summary: Measured, arm: Arm): { isVerified: boolean; problems: IdentityProblem[] } {
  const { plan } = summary
  if (plan.policy.checkpoint.servedDigest === null || countAnswers(summary, arm) === 0) {
    return { isVerified: false, problems: [] }
  }
  const { told, isWhole } = readDigests(summary, arm)
  const expected = plan.digests[arm]
  if (expected === null) return { isVerified: false, problems: judgeUnexpected(summary, arm, told) }
  const problems: IdentityProblem[] = []
  if (told.some((digest) => digest !== expected))
    problems.push({ kind: 'digest-differs', expected, digests: told })
  if (!isWhole) problems.push({ kind: 'undigested', some: told.length > 0 })
  return { isVerified: problems.length === 0, problems }
}

/** Of a checkpoint that was named by hand nothing is expected, but that it is one, and not the other arm's. */
function judgeUnexpected({ plan }: Measured, arm: Arm, told: string[]): IdentityProblem[] {
  if (told.length > 1) return [{ kind: 'digest-differs', expected: null, digests: told }]
  const other = arm === 'baseline' ? 'candidate' : 'baseline'
  const isOther = told[0] !== undefined && told[0] === plan.digests[other] && plan[arm] !== plan[other]
  return isOther ? [{ kind: 'other-arm', name: plan[other] }] : []
}

/** The digests that the deployment told, and whether it told them of every answer, or before and after. */
function readDigests({ plan, arms }: Measured, arm: Arm): { told: string[]; isWhole: boolean } {
  const { digests, undigested, probes } = arms[arm].identity
  const normalize = (all: string[]) => [...new Set(all.map(normalizeDigest))].toSorted()
  if (findDigestHeader(plan.policy.checkpoint) !== null) {
    return {
      told: normalize(Object.keys(digests)),
      isWhole: undigested === 0 && Object.keys(digests).length > 0,
    }
  }
  const listed = listServedDigests(probes)
  return { told: normalize(listed), isWhole: listed.length > 1 && listed.length === probes.length }
}

function listServedDigests(probes: readonly Probe[]): string[] {
  return probes.flatMap((probe) =>
    probe.kind === 'listed' && probe.servedDigest !== null ? [probe.servedDigest] : [],
  )
}

function describeProblem(arm: Arm, problem: IdentityProblem): string {
  switch (problem.kind) {
    case 'several-names':
      return `${problem.names.length} models answered`
    case 'other-arm':
      return `the ${arm === 'candidate' ? 'baseline' : 'candidate'} answered`
    case 'other-name':
      return 'another model answered'
    case 'unnamed':
      return `${problem.answers} of ${problem.of} answers name no model`
    case 'changed':
      return 'what its endpoint lists changed during the run'
    case 'digest-differs':
      return problem.expected === null ? 'the digest changed during the run' : 'the digest is another'
    case 'undigested':
      return problem.some ? 'the digest is missing in part' : 'the deployment tells no digest'
  }
}
