import { findDigestHeader, nameCheckpoint } from '../policy/checkpoint-names.ts'
import type { Arm } from '../ports.ts'
import type { RecordSummary } from '../record/schema.ts'
import { assessIdentity, type IdentityProblem } from '../verdict/identity.ts'
import { countThings, formatShare } from './format.ts'
import { joinTexts, say, type Text, verbatim } from './text.ts'

const arms: readonly Arm[] = ['candidate', 'baseline']
const shownNames = 3
const shownDigits = 16
const again = 'then measure again from the start.'

/** What speaks against the answers being those of the checkpoints, with what to do, the candidate's first. */
export function listIdentityProblems(record: RecordSummary): Text[] {
  return arms.flatMap((arm) =>
    assessIdentity(record, arm).problems.map((problem) => sayProblem({ record, arm, problem })),
  )
}

function sayProblem(request: { record: RecordSummary; arm: Arm; problem: IdentityProblem }): Text {
  const { record, arm, problem } = request
  const id = verbatim(record.plan[arm])
  switch (problem.kind) {
    case 'several-names':
      return saySeveralNames(record, arm)
    case 'other-arm':
      return say`${verbatim(problem.name)}, the ${arm === 'candidate' ? 'baseline' : 'candidate'}, answered at the ${arm}'s endpoint, so that ${id} was not measured. Serve it there or correct the address, ${again}`
    case 'other-name':
      return say`${verbatim(problem.name)} answered as the ${arm}, which is no name of ${id}. Serve it there or correct the address; where its server calls it so, say so in the policy (${verbatim('checkpoint.answers_as')}); ${again}`
    case 'unnamed':
      return sayUnnamed({ record, arm, problem })
    case 'changed':
      return sayChanged(record, arm, problem.what)
    case 'digest-differs':
      return sayDigests({ record, arm, problem })
    case 'undigested':
      return sayUndigested({ record, arm, problem })
  }
}

function saySeveralNames({ arms }: RecordSummary, arm: Arm): Text {
  const models = Object.entries(arms[arm].models).toSorted(([, a], [, b]) => b - a)
  const shown = models.slice(0, shownNames).map(([model, count]) => say`${verbatim(model)} ${count}`)
  const rest = models.length > shownNames ? say`${models.length - shownNames} more` : []
  const list = joinTexts([...shown, rest], ', ')
  return say`${models.length} models answered as the ${arm} (${list}), so that no one checkpoint was measured. Pin its endpoint to one, ${again}`
}

function sayUnnamed(request: {
  record: RecordSummary
  arm: Arm
  problem: Extract<IdentityProblem, { kind: 'unnamed' }>
}): Text {
  const { record, arm, problem } = request
  const { answers, of } = problem
  const id = verbatim(record.plan[arm])
  const which =
    answers === of
      ? say`No answer of the ${arm} names a`
      : say`${answers} of ${of} answers of the ${arm} name no`
  const remedy =
    record.arms[arm].source.kind === 'recorded'
      ? say`Write the model that answered into ${verbatim('response.body.model')} of each line`
      : say`Have its server fill ${verbatim('model')} in, or tell a digest (${verbatim('checkpoint.served_digest')} in the policy)`
  return say`${which} model, so that nothing says that ${id} was measured. ${remedy}, ${again}`
}

function sayChanged(
  { plan }: RecordSummary,
  arm: Arm,
  what: Extract<IdentityProblem, { kind: 'changed' }>['what'],
): Text {
  const id = verbatim(nameCheckpoint(plan.policy.checkpoint, plan[arm]).asked)
  const changed = {
    entry: say`What the ${arm}'s endpoint lists of ${id} changed during the run`,
    digest: say`The digest that the ${arm}'s endpoint lists of ${id} changed during the run`,
    gone: say`The ${arm}'s endpoint listed ${id} before the run, and does not any more`,
  }[what]
  return say`${changed}, so that it may have been replaced meanwhile. Leave the deployment as it is while it is measured, ${again}`
}

function sayDigests(request: {
  record: RecordSummary
  arm: Arm
  problem: Extract<IdentityProblem, { kind: 'digest-differs' }>
}): Text {
  const { record, arm, problem } = request
  const { plan } = record
  const shown = problem.digests.slice(0, shownNames).map((digest) => say`${shorten(digest)}`)
  const rest = problem.digests.length > shownNames ? say`${problem.digests.length - shownNames} more` : []
  const told = joinTexts([...shown, rest], ', ')
  if (problem.expected === null) {
    return say`The ${arm}'s deployment told ${problem.digests.length} digests (${told}), so that no one checkpoint was measured. Pin its endpoint to one, ${again}`
  }
  const other = arm === 'candidate' ? 'baseline' : 'candidate'
  const isOther = problem.digests.length === 1 && problem.digests[0] === plan.digests[other]
  return say`The ${arm}'s deployment told the digest ${told}${isOther ? `, which is the ${other}'s,` : ''} where ${verbatim(plan.policy.checkpoint.file)} has ${shorten(problem.expected)} for ${verbatim(plan[arm])}. Deploy these weights or correct the digest, ${again}`
}

function sayUndigested(request: {
  record: RecordSummary
  arm: Arm
  problem: Extract<IdentityProblem, { kind: 'undigested' }>
}): Text {
  const { record, arm, problem } = request
  const { plan, arms } = record
  const { undigested } = arms[arm].identity
  const header = findDigestHeader(plan.policy.checkpoint)
  const place = header === null ? 'before and after' : 'with every answer'
  const what = !problem.some
    ? say`told no digest`
    : header === null
      ? say`did not tell its digest both before and after`
      : say`told no digest with ${countThings(undigested, 'answer', 'answers')}`
  const recorded = arms[arm].source.kind === 'recorded' ? ' A recording can tell none.' : ''
  return say`The ${arm}'s deployment ${what}, and the policy asks for it ${place} (${verbatim('checkpoint.served_digest')}), so that nothing verifies that ${verbatim(plan[arm])} was measured.${recorded} Have the deployment tell it, ${again}`
}

/** How far it is known which checkpoint answered for an arm, and what that rests on: `probed (all 400 answers …)`. */
export function sayIdentity(record: RecordSummary, arm: Arm): Text {
  const { level, problems } = assessIdentity(record, arm)
  switch (level) {
    case 'none':
      return problems.length > 0
        ? say`not known (something speaks against it)`
        : say`not known (nothing answered)`
    case 'asserted':
      return say`asserted (${sayNamed(record, arm)}; ${sayUnprobed(record, arm)}${sayUnexpected(record, arm)})`
    case 'probed':
      return say`probed (${sayNamed(record, arm)}; its endpoint lists it, the same before and after${sayListedDigest(record, arm)}${sayUnexpected(record, arm)})`
    case 'verified':
      return say`verified (${sayVerified(record, arm)})`
  }
}

function sayUnexpected({ plan }: RecordSummary, arm: Arm): Text {
  const isNamed = plan.policy.checkpoint.servedDigest !== null && plan.digests[arm] === null
  return isNamed ? say`; named by hand, so that no digest is expected` : []
}

function sayNamed({ arms }: RecordSummary, arm: Arm): Text {
  const answers = Object.values(arms[arm].models).reduce((sum, count) => sum + count, 0)
  return answers === 1 ? say`its answer names it` : say`all ${answers} answers name it`
}

function sayUnprobed({ arms }: RecordSummary, arm: Arm): Text {
  const { source, identity } = arms[arm]
  const { probes } = identity
  if (source.kind === 'recorded') return say`a recording lists nothing`
  if (probes.some(({ kind }) => kind === 'unlisted')) return say`its endpoint does not list it`
  if (probes.some(({ kind }) => kind === 'failed')) return say`what its endpoint lists could not be read`
  if (probes.some(({ kind }) => kind === 'not-offered')) return say`its endpoint has no list of models`
  return say`its endpoint was not asked for its list both before and after`
}

function sayListedDigest({ arms }: RecordSummary, arm: Arm): Text {
  const digests = arms[arm].identity.probes.flatMap((probe) =>
    probe.kind === 'listed' && probe.servedDigest !== null ? [probe.servedDigest] : [],
  )
  return digests[0] === undefined ? [] : say`, with the digest ${shorten(digests[0])}`
}

function sayVerified({ plan }: RecordSummary, arm: Arm): Text {
  const told =
    findDigestHeader(plan.policy.checkpoint) === null ? say`its endpoint lists` : say`every answer carries`
  return say`${told} the digest ${shorten(plan.digests[arm] ?? '')} that ${verbatim(plan.policy.checkpoint.file)} has for it`
}

/** The same of both arms, a sentence each. */
export function listIdentities(record: RecordSummary): Text[] {
  return arms.map((arm) => say`Which ${arm} answered: ${sayIdentity(record, arm)}.`)
}

/** One digest for two checkpoints, or one name: then nothing may have been compared. */
export function saySameWeights({ plan, arms }: RecordSummary): Text | null {
  if (plan.baseline === plan.candidate) return null
  const { baseline, candidate } = plan.digests
  if (baseline !== null && baseline === candidate) {
    return say`Both checkpoints have the digest ${shorten(baseline)} in ${verbatim(plan.policy.checkpoint.file)}: the same weights under two names were compared.`
  }
  if (baseline !== null && candidate !== null) return null
  const names = new Set([...Object.keys(arms.baseline.models), ...Object.keys(arms.candidate.models)])
  const [name] = names
  const isBoth = [arms.baseline, arms.candidate].every(({ models }) => Object.keys(models).length === 1)
  if (names.size !== 1 || name === undefined || !isBoth) return null
  return say`Both arms were answered by ${verbatim(name)}. Unless the endpoints name every checkpoint so, the candidate was not measured.`
}

/** What serves it, as the endpoint names that by itself: shown, and never decides. */
export function sayFingerprints({ arms }: RecordSummary, arm: Arm): Text {
  const prints = Object.entries(arms[arm].systemFingerprints).toSorted(([, a], [, b]) => b - a)
  const all = prints.reduce((sum, [, count]) => sum + count, 0)
  if (all === 0) return []
  const shown = prints
    .slice(0, shownNames)
    .map(([print, count]) => say`${verbatim(print)} ${formatShare(count, all)}`)
  const rest = prints.length > shownNames ? say`${prints.length - shownNames} more` : []
  return say`, ${verbatim('system_fingerprint')} ${joinTexts([...shown, rest], ', ')}`
}

function shorten(digest: string): ReturnType<typeof verbatim> {
  return verbatim(digest.length > shownDigits ? `${digest.slice(0, shownDigits)}…` : digest)
}
