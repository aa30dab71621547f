import { boundSummary, type ClusterSummary, indexClusters, summarizeIndexed } from './clustered-bounds.ts'
import { countPlaces } from './conversations.ts'
import { boundCalibration } from './judge-error.ts'
import { testOverMargin, testWithinMargin } from './margin-test.ts'
import { countTurns, type Observation } from './observations.ts'
import { boundDifferenceClustered, type ClusterColumns } from './paired-clusters.ts'
import { isGraded, type Method, restrict } from './rate.ts'
import {
  type Assumption,
  addDiscordant,
  assumeAgainstFail,
  assumeAgainstPass,
  countDiscordant,
  type Reading,
  type RegressionQuestion,
  readAsGraded,
  selectAsked,
} from './regression.ts'
import { findSmallestAlpha } from './search.ts'

/** "Is the candidate's rate higher than the baseline's by more than a margin?" on the same turns. */
export interface MarginEstimate {
  marginPer100k: number
  /** A PASS needs this one to be small: what is missing and the judge's errors counted towards the excess. */
  pWithin: number
  /** Where it is not: the same without the judge's errors, and the same of the graded pairs alone. */
  otherwise: { asLabelled: number; graded: number } | null
  /** A FAIL needs this one to be small: what is missing counted against the excess. */
  pOver: number
}

/** Of α, what each of the two bounds of a calibration takes; the test of the difference gets the rest. */
const calibrationShare = 0.1

/**
 * Tests a difference against a margin (non-inferiority of matched pairs): the exact unconditional test where turns are
 * independent and count alike, else the clustered ratio estimator's t bound.
 *
 * A judge with sensitivity Se and false-positive rate F shows of a true difference Δ only Δ·(Se − F), so that the
 * margin it is compared with shrinks by the lower bound of Se − F (STATISTICS: judge error inside the difference). Of
 * α, a tenth each goes to the bounds of Se and F, and p is put on the scale of the whole: p/.8.
 */
export function estimateMargin(question: RegressionQuestion & { marginPer100k: number }): MarginEstimate {
  const { judge, alpha, method, marginPer100k } = question
  const margin = marginPer100k / 100_000
  const asked = selectAsked(question.observations)
  const graded = asked.filter((entry) => isGraded(entry.baseline) && isGraded(entry.candidate))
  const worst = restrict(question, asked)
  const within = (turns: readonly Observation[], assumption: Assumption, scale: number) =>
    testMargin({ turns, assumption, method, margin: margin * scale, side: 'within' })
  const asLabelled: Assumption = { read: readAsGraded, extra: { candidateOnly: 0, baselineOnly: 0 } }
  const shown = judge === null ? 1 : boundShown(judge.calibration, alpha)
  const correct = (p: number) => (judge === null ? p : Math.min(1, p / (1 - 2 * calibrationShare)))
  const withErrors = (turns: readonly Observation[], assumption: Assumption) =>
    shown <= 0 ? 1 : correct(within(turns, assumption, shown))
  const assumed = assumeAgainstPass(worst)
  const pWithin = withErrors(asked, assumed)
  return {
    marginPer100k,
    pWithin,
    otherwise:
      pWithin <= alpha
        ? null
        : { asLabelled: within(asked, assumed, 1), graded: withErrors(graded, asLabelled) },
    pOver: testMargin({ turns: asked, assumption: assumeAgainstFail(worst), method, margin, side: 'over' }),
  }
}

/**
 * Whether `pWithin` is at most α where nothing is missing, without the search for p itself: for a forecast, which asks
 * for many samples.
 */
export function isWithinMargin(question: RegressionQuestion & { marginPer100k: number }): boolean {
  const { judge, alpha, method, marginPer100k, observations: turns } = question
  const shown = judge === null ? 1 : boundShown(judge.calibration, alpha)
  const margin = (marginPer100k / 100_000) * shown
  const level = judge === null ? alpha : alpha * (1 - 2 * calibrationShare)
  if (turns.length === 0 || shown <= 0) return false
  const assumption: Assumption = { read: readAsGraded, extra: { candidateOnly: 0, baselineOnly: 0 } }
  const request = { turns, assumption, method, margin, side: 'within' as const }
  if (method === 'exact' || margin >= 1) return testMargin(request) <= level
  return compareClustered({ ...request, read: readAsGraded })(level)
}

/** The share of a true difference that the judge shows at least. */
function boundShown(
  calibration: Parameters<typeof boundCalibration>[0]['calibration'],
  alpha: number,
): number {
  const { sensitivityLower, falsePositiveUpper } = boundCalibration({
    calibration,
    alpha: alpha * calibrationShare,
  })
  return sensitivityLower - falsePositiveUpper
}

function testMargin(request: {
  turns: readonly Observation[]
  assumption: Assumption
  method: Method
  margin: number
  side: 'within' | 'over'
}): number {
  const { turns, assumption, method, margin, side } = request
  if (turns.length === 0) return 1
  if (margin >= 1) return side === 'within' ? 0 : 1
  if (method === 'exact') {
    const counts = addDiscordant(countDiscordant(turns, assumption.read), assumption.extra)
    const { candidateOnly, baselineOnly } = counts
    const pairs = Math.max(countTurns(turns), candidateOnly + baselineOnly)
    // On the other side of the margin nothing is shown, and p need not be searched for.
    const excess = (candidateOnly - baselineOnly) / pairs
    if (side === 'within' ? excess >= margin : excess <= margin) return 1
    const test = side === 'within' ? testWithinMargin : testOverMargin
    return test({ ...counts, pairs, margin })
  }
  return findSmallestAlpha(compareClustered({ ...request, read: assumption.read }))
}

interface ClusteredQuestion {
  turns: readonly Observation[]
  read: Reading
  assumption: Assumption
  margin: number
  side: 'within' | 'over'
}

/** Whether the clustered bound at an α lies on the side of the margin. */
function compareClustered(request: ClusteredQuestion): (alpha: number) => boolean {
  const { turns, read, assumption, margin, side } = request
  const clusters = sumClusters({ turns, read })
  // Pairs that are assumed to differ, as a part of the whole weight.
  const shift = (assumption.extra.candidateOnly - assumption.extra.baselineOnly) / turns.length
  let summary: ClusterSummary | null = null
  return (alpha) => {
    const bounds = boundDifferenceClustered({ clusters, alpha })
    // With so few conversations that differ there is no variance to speak of; the difference is no greater than
    // the rate of the turns that only the candidate has.
    if (bounds === null) {
      if (side === 'over') return false
      summary ??= summarizeCandidateOnly(turns, read)
      return boundSummary({ summary, alpha }).upper + shift <= margin
    }
    return side === 'within' ? bounds.upper + shift <= margin : bounds.lower + shift > margin
  }
}

/** The rate of the turns that only the candidate has. */
function summarizeCandidateOnly(turns: readonly Observation[], read: Reading): ClusterSummary {
  const events = new Uint8Array(turns.length)
  turns.forEach((entry, turn) => {
    const [candidate, baseline] = read(entry)
    events[turn] = Number(candidate && !baseline)
  })
  return summarizeIndexed({ index: indexClusters(turns), events })
}

/** Weight and weighted difference of each conversation. */
export function sumClusters(request: {
  turns: readonly Observation[]
  read: Reading
  weigh?: (entry: Observation) => number
}): ClusterColumns {
  const { turns, read, weigh = ({ weight }) => weight } = request
  const places = countPlaces(turns)
  const [differences, weights] = [new Float64Array(places), new Float64Array(places)]
  const isThere = new Uint8Array(places)
  for (const entry of turns) {
    const [candidate, baseline] = read(entry)
    const { cluster } = entry
    const weight = weigh(entry)
    isThere[cluster] = 1
    differences[cluster] = (differences[cluster] ?? 0) + weight * (Number(candidate) - Number(baseline))
    weights[cluster] = (weights[cluster] ?? 0) + weight
  }
  // Clusters are numbered over the whole record: one without a turn among these leaves a hole.
  const isOf = (_: number, cluster: number) => isThere[cluster] === 1
  return { differences: differences.filter(isOf), turns: weights.filter(isOf) }
}
