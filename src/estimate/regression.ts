import { countConversations, sharesConversations } from './conversations.ts'
import { countTurns, type Observation } from './observations.ts'
import { testWorse } from './paired.ts'
import { boundReached, countStates, isGraded, missingFactor, type RateQuestion, restrict } from './rate.ts'
import { testWorseClustered } from './sign-flip.ts'

/** Pairs in which the arms differ. */
export interface Discordant {
  candidateOnly: number
  baselineOnly: number
}

/** "Is the candidate worse than the baseline?" on the same turns, three ways. */
export interface Regression {
  /** Both arms graded. */
  pairs: number
  /** What is compared and can speak against the candidate: the pairs, or the conversations that they are of. */
  units: number
  /** Among the graded pairs. */
  observed: Discordant
  pObserved: number
  /** What is missing counted against finding it worse: a FAIL needs this one to be small. */
  pFail: number
  /** What is missing counted towards worse: a PASS needs this one not to be small. */
  pPass: number
  /** Whether conversations gave several turns, so that they are the units that are compared. */
  clustered: boolean
}

/** How a regression is asked for; `alpha` bounds the rates that in-budget missing turns are assumed to have. */
export type RegressionQuestion = Omit<RateQuestion, 'arm'>

/** How a pair is read: [candidate present, baseline present]. */
export type Reading = (entry: Observation) => readonly [boolean, boolean]

/** A reading of all pairs, and how many more are assumed to differ, in the direction of the conclusion's rival. */
export interface Assumption {
  read: Reading
  extra: Discordant
}

const noExtra: Discordant = { candidateOnly: 0, baselineOnly: 0 }

/**
 * Compares the arms pair by pair, each turn counting once whatever its weight: exact one-sided McNemar, or, where a
 * conversation gave several turns, its exact counterpart over conversations, the sign-flip test.
 *
 * Missing turns count at their worst: for a FAIL absent in the candidate and present in the baseline, for a PASS
 * the other way round. Within the missing budget one side is eased: where the arm whose events speak against
 * the conclusion (for a FAIL the baseline, for a PASS the candidate) is transport-missing, the turn is taken
 * to equal the other arm's, and that arm's κ-fold upper rate is added as pairs that differ, rounded up: the
 * same assumption as for the rate's upper bound. The other arm's stay at their worst, as for the lower bound.
 */
export function compareArms(question: RegressionQuestion): Regression {
  const asked = selectAsked(question.observations)
  const graded = asked.filter((entry) => isGraded(entry.baseline) && isGraded(entry.candidate))
  const worst = restrict(question, asked)
  const clustered = isClustered(question)
  const test = (observations: readonly Observation[], assumption: Assumption) =>
    testWorseBy({ observations, assumption, clustered })
  return {
    pairs: countTurns(graded),
    units: clustered ? countConversations(graded) : countTurns(graded),
    observed: countDiscordant(graded, readAsGraded),
    pObserved: test(graded, { read: readAsGraded, extra: noExtra }),
    pFail: test(asked, assumeAgainstFail(worst)),
    pPass: test(asked, assumeAgainstPass(worst)),
    clustered,
  }
}

/** The turns that were asked in both arms. */
export function selectAsked(observations: readonly Observation[]): Observation[] {
  return observations.filter(
    ({ baseline, candidate }) => baseline !== 'not-asked' && candidate !== 'not-asked',
  )
}

/** Every label as it is; what is missing is none. */
export const readAsGraded: Reading = ({ candidate, baseline }) => [
  candidate === 'event',
  baseline === 'event',
]

/** What is missing, counted against finding the candidate worse: candidate missing absent, baseline missing present. */
export function assumeAgainstFail(question: RegressionQuestion): Assumption {
  const within = question.missingRule === 'within-budget'
  return {
    read: (entry) => {
      const candidate = entry.candidate === 'event'
      if (entry.baseline === 'transport-missing' && within) return [candidate, candidate]
      return [candidate, entry.baseline !== 'none']
    },
    extra: { candidateOnly: 0, baselineOnly: within ? assumeEvents(question, 'baseline') : 0 },
  }
}

/** What is missing, counted towards worse: candidate missing present, baseline missing absent. */
export function assumeAgainstPass(question: RegressionQuestion): Assumption {
  const within = question.missingRule === 'within-budget'
  return {
    read: (entry) => {
      const baseline = entry.baseline === 'event'
      if (entry.candidate === 'transport-missing' && within) return [baseline, baseline]
      return [entry.candidate !== 'none', baseline]
    },
    extra: { candidateOnly: within ? assumeEvents(question, 'candidate') : 0, baselineOnly: 0 },
  }
}

function assumeEvents(question: RegressionQuestion, arm: 'baseline' | 'candidate'): number {
  const lost = countStates(question.observations, arm, ['transport-missing'])
  if (lost === 0) return 0
  const upper = boundReached({ ...question, arm })
  return Math.ceil(lost * Math.min(1, missingFactor * upper))
}

/** The p value of "not worse" under an assumption about what is missing. */
export function testWorseBy(test: {
  observations: readonly Observation[]
  assumption: Assumption
  clustered: boolean
}): number {
  const { observations, assumption, clustered } = test
  const { read, extra } = assumption
  if (!clustered) return testWorse(addDiscordant(countDiscordant(observations, read), extra))
  const differences = sumDifferences(observations, read).filter((difference) => difference !== 0)
  const add = (count: number, difference: number) => Array.from({ length: count }, () => difference)
  return testWorseClustered([...differences, ...add(extra.candidateOnly, 1), ...add(extra.baselineOnly, -1)])
}

/** Counts pairs by a reading of them. */
export function countDiscordant(observations: readonly Observation[], read: Reading): Discordant {
  const counts = { candidateOnly: 0, baselineOnly: 0 }
  for (const entry of observations) {
    const [candidate, baseline] = read(entry)
    if (candidate && !baseline) counts.candidateOnly += entry.count ?? 1
    if (baseline && !candidate) counts.baselineOnly += entry.count ?? 1
  }
  return counts
}

/** Adds counts of pairs up. */
export function addDiscordant(first: Discordant, second: Discordant): Discordant {
  return {
    candidateOnly: first.candidateOnly + second.candidateOnly,
    baselineOnly: first.baselineOnly + second.baselineOnly,
  }
}

/** Candidate's minus baseline's events of each conversation in which any turn differs. */
function sumDifferences(observations: readonly Observation[], read: Reading): number[] {
  const sums = new Map<number, number>()
  for (const entry of observations) {
    const [candidate, baseline] = read(entry)
    if (candidate === baseline) continue
    sums.set(entry.cluster, (sums.get(entry.cluster) ?? 0) + Number(candidate) - Number(baseline))
  }
  return [...sums.values()]
}

/** Whether the conversations are what is compared, as some gave several turns. */
export function isClustered({
  observations,
  index,
}: Pick<RegressionQuestion, 'observations' | 'index'>): boolean {
  return index === undefined
    ? sharesConversations(observations)
    : index.stratumOf.length < index.weights.length
}
