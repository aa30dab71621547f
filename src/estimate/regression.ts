import type { Observation } from './observations.ts'
import { testWorse } from './paired.ts'
import { boundRate, countStates, isGraded, type Method, missingFactor } from './rate.ts'

/** Pairs in which the arms differ. */
export interface Discordant {
  candidateOnly: number
  baselineOnly: number
}

/** "Is the candidate worse than the baseline?" on the same turns: exact one-sided McNemar, three ways. */
export interface Regression {
  /** Both arms graded. */
  pairs: number
  /** Among the graded pairs. */
  observed: Discordant
  pObserved: number
  /** What is missing counted against finding it worse: a FAIL needs this one to be small. */
  pFail: number
  /** What is missing counted towards worse: a PASS needs this one not to be small. */
  pPass: number
}

/** How a regression is asked for; `alpha` bounds the rates that in-budget missing turns are assumed to have. */
export interface RegressionQuestion {
  observations: readonly Observation[]
  alpha: number
  method: Method
  missingRule: 'within-budget' | 'at-worst'
}

/**
 * Compares the arms pair by pair, each turn counting once whatever its weight.
 *
 * Missing turns count at their worst: for a FAIL absent in the candidate and present in the baseline, for a PASS
 * the other way round. Within the missing budget one side is eased: where the arm whose events speak against
 * the conclusion (for a FAIL the baseline, for a PASS the candidate) is transport-missing, the turn is taken
 * to equal the other arm's, and that arm's κ-fold upper rate is added as pairs that differ, rounded up: the
 * same assumption as for the rate's upper bound. The other arm's stay at their worst, as for the lower bound.
 */
export function compareArms(question: RegressionQuestion): Regression {
  const asked = question.observations.filter(
    ({ baseline, candidate }) => baseline !== 'not-asked' && candidate !== 'not-asked',
  )
  const graded = asked.filter((entry) => isGraded(entry.baseline) && isGraded(entry.candidate))
  const observed = countDiscordant(graded, (entry) => [
    entry.candidate === 'event',
    entry.baseline === 'event',
  ])
  return {
    pairs: graded.length,
    observed,
    pObserved: testWorse(observed),
    pFail: testWorse(countAgainstFail({ ...question, observations: asked })),
    pPass: testWorse(countAgainstPass({ ...question, observations: asked })),
  }
}

// Candidate missing: absent. Baseline missing: present.
function countAgainstFail(question: RegressionQuestion): Discordant {
  const within = question.missingRule === 'within-budget'
  const counts = countDiscordant(question.observations, (entry) => {
    const candidate = entry.candidate === 'event'
    if (entry.baseline === 'transport-missing' && within) return [candidate, candidate]
    return [candidate, entry.baseline !== 'none']
  })
  const extra = within ? assumeEvents(question, 'baseline') : 0
  return { ...counts, baselineOnly: counts.baselineOnly + extra }
}

// Candidate missing: present. Baseline missing: absent.
function countAgainstPass(question: RegressionQuestion): Discordant {
  const within = question.missingRule === 'within-budget'
  const counts = countDiscordant(question.observations, (entry) => {
    const baseline = entry.baseline === 'event'
    if (entry.candidate === 'transport-missing' && within) return [baseline, baseline]
    return [entry.candidate !== 'none', baseline]
  })
  const extra = within ? assumeEvents(question, 'candidate') : 0
  return { ...counts, candidateOnly: counts.candidateOnly + extra }
}

function assumeEvents(question: RegressionQuestion, arm: 'baseline' | 'candidate'): number {
  const lost = countStates(question.observations, arm, ['transport-missing'])
  if (lost === 0) return 0
  const reached = question.observations.filter((entry) => entry[arm] !== 'transport-missing')
  const { upper } = boundRate({ ...question, observations: reached, arm })
  return Math.ceil(lost * Math.min(1, missingFactor * upper))
}

/** Counts pairs by a reading of them: [candidate present, baseline present]. */
export function countDiscordant(
  observations: readonly Observation[],
  read: (entry: Observation) => readonly [boolean, boolean],
): Discordant {
  const counts = { candidateOnly: 0, baselineOnly: 0 }
  for (const entry of observations) {
    const [candidate, baseline] = read(entry)
    if (candidate && !baseline) counts.candidateOnly += 1
    if (baseline && !candidate) counts.baselineOnly += 1
  }
  return counts
}
