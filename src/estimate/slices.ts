import type { RunRecord } from '../record/schema.ts'
import { logEvidenceWorse } from './e-process.ts'
import { adjustBenjaminiHochberg } from './false-discovery.ts'
import { type Observation, readObservations } from './observations.ts'
import { isGraded } from './rate.ts'
import { countDiscordant, isClustered, readAsGraded, selectAsked, testWorseBy } from './regression.ts'
import { roundBound } from './rounding.ts'

/** One category among the turns with one value of a metadata key: unregistered and exploratory, it decides nothing. */
export interface SliceEstimate {
  key: string
  value: string
  category: string
  /** Asked in both arms. */
  turns: number
  /** Of those, graded in both. */
  pairs: number
  /** Among the pairs. */
  baselineEvents: number
  candidateEvents: number
  /** The candidate's events beyond the baseline's: in the slice, and over all pairs of the category. */
  excess: number
  excessOfAll: number
  /** Of "the candidate is not worse here". */
  p: number
  /** Over all slices of all categories. */
  pAdjusted: number
  /** The candidate is worse here, and by more than it is elsewhere. */
  concentrated: boolean
}

/** The share of slices said to be worse that may not be. */
const falseDiscoveryRate = 0.05

type Tested = Omit<SliceEstimate, 'pAdjusted' | 'concentrated'> & { pairsOfAll: number }

/**
 * Compares the arms in every slice of every category: exact one-sided McNemar on the pairs that were graded in both
 * arms, sign-flip where a conversation gave several turns. Adjusted by Benjamini & Hochberg over all of them.
 *
 * Where results may have ended the run, p is 1/E of the evidence that stays valid whenever one looks
 * (`logEvidenceWorse`); the adjustment is then the e-BH procedure (Wang & Ramdas 2022), which needs no
 * independence either.
 */
export function estimateSlices(record: RunRecord): SliceEstimate[] {
  const slices = listSlices(record)
  if (slices.length === 0) return []
  const endsEarly = record.summary.earlyStoppingOff === null
  const tested: Tested[] = []
  for (const [category, { observations }] of readObservations(record)) {
    const all = selectPairs(observations)
    const total = countDiscordant(all, readAsGraded)
    const ofAll = { pairsOfAll: all.length, excessOfAll: total.candidateOnly - total.baselineOnly }
    for (const { key, value, places } of slices) {
      const turns = selectAsked(places.flatMap((place) => observations[place] ?? []))
      tested.push({ key, value, category, ...ofAll, ...testSlice(turns, endsEarly) })
    }
  }
  const adjusted = adjustBenjaminiHochberg(tested.map(({ p }) => p))
  return tested.map(({ pairsOfAll, ...slice }, index) => {
    const pAdjusted = roundBound(adjusted[index] ?? 1)
    const isDenser = slice.excess * pairsOfAll > slice.excessOfAll * slice.pairs
    return { ...slice, pAdjusted, concentrated: pAdjusted <= falseDiscoveryRate && isDenser }
  })
}

function testSlice(
  turns: readonly Observation[],
  endsEarly: boolean,
): Pick<SliceEstimate, 'turns' | 'pairs' | 'baselineEvents' | 'candidateEvents' | 'excess' | 'p'> {
  const pairs = selectPairs(turns)
  const counts = countDiscordant(pairs, readAsGraded)
  const both = pairs.filter((pair) => readAsGraded(pair).every((present) => present)).length
  return {
    turns: turns.length,
    pairs: pairs.length,
    baselineEvents: both + counts.baselineOnly,
    candidateEvents: both + counts.candidateOnly,
    excess: counts.candidateOnly - counts.baselineOnly,
    p: roundBound(testPairs(pairs, endsEarly)),
  }
}

function testPairs(pairs: readonly Observation[], endsEarly: boolean): number {
  const counts = countDiscordant(pairs, readAsGraded)
  // Most slices are so: they need no test.
  if (counts.candidateOnly === 0) return 1
  if (endsEarly) return Math.min(1, Math.exp(-logEvidenceWorse(counts)))
  const assumption = { read: readAsGraded, extra: { candidateOnly: 0, baselineOnly: 0 } }
  return testWorseBy({ observations: pairs, assumption, clustered: isClustered({ observations: pairs }) })
}

function selectPairs(observations: readonly Observation[]): Observation[] {
  return observations.filter(({ baseline, candidate }) => isGraded(baseline) && isGraded(candidate))
}

/** The slices with the places of their turns in the sample's order, by key and value. */
function listSlices(record: RunRecord): { key: string; value: string; places: number[] }[] {
  const slices = new Map<string, { key: string; value: string; places: number[] }>()
  record.turns.forEach(({ slice }, place) => {
    for (const [key, value] of Object.entries(slice)) {
      const name = JSON.stringify([key, value])
      const known = slices.get(name)
      if (known === undefined) slices.set(name, { key, value, places: [place] })
      else known.places.push(place)
    }
  })
  return [...slices].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, slice]) => slice)
}
