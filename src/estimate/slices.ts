import type { RunRecord } from '../record/schema.ts'
import { sharesConversations } from './conversations.ts'
import { logEvidenceWorse } from './e-process.ts'
import { adjustBenjaminiHochberg } from './false-discovery.ts'
import { type Observation, readObservations } from './observations.ts'
import { testWorse } from './paired.ts'
import { isGraded } from './rate.ts'
import { type Discordant, isClustered, readAsGraded, testWorseBy } from './regression.ts'
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
    const total = countPairs(observations)
    const ofAll = { pairsOfAll: total.pairs, excessOfAll: total.candidateOnly - total.baselineOnly }
    // Where no conversation gave several turns, none did in a part of them.
    const isShared = sharesConversations(observations)
    for (const { key, value, places } of slices) {
      const turns = places.flatMap((place) => observations[place] ?? [])
      tested.push({ key, value, category, ...ofAll, ...testSlice({ turns, endsEarly, isShared }) })
    }
  }
  const adjusted = adjustBenjaminiHochberg(tested.map(({ p }) => p))
  return tested.map(({ pairsOfAll, ...slice }, index) => {
    const pAdjusted = roundBound(adjusted[index] ?? 1)
    const isDenser = slice.excess * pairsOfAll > slice.excessOfAll * slice.pairs
    return { ...slice, pAdjusted, concentrated: pAdjusted <= falseDiscoveryRate && isDenser }
  })
}

interface Slice {
  turns: readonly Observation[]
  endsEarly: boolean
  /** Whether conversations may have given several of the turns. */
  isShared: boolean
}

function testSlice(
  slice: Slice,
): Pick<SliceEstimate, 'turns' | 'pairs' | 'baselineEvents' | 'candidateEvents' | 'excess' | 'p'> {
  const { asked, pairs, both, candidateOnly, baselineOnly } = countPairs(slice.turns)
  return {
    turns: asked,
    pairs,
    baselineEvents: both + baselineOnly,
    candidateEvents: both + candidateOnly,
    excess: candidateOnly - baselineOnly,
    p: roundBound(testPairs(slice, { candidateOnly, baselineOnly })),
  }
}

function testPairs({ turns, endsEarly, isShared }: Slice, counts: Discordant): number {
  // Most slices are so: they need no test.
  if (counts.candidateOnly === 0) return 1
  if (endsEarly) return Math.min(1, Math.exp(-logEvidenceWorse(counts)))
  if (!isShared) return testWorse(counts)
  const observations = turns.filter(isPair)
  const assumption = { read: readAsGraded, extra: { candidateOnly: 0, baselineOnly: 0 } }
  return testWorseBy({ observations, assumption, clustered: isClustered({ observations }) })
}

function isPair({ baseline, candidate }: Observation): boolean {
  return isGraded(baseline) && isGraded(candidate)
}

interface PairCounts extends Discordant {
  /** In both arms. */
  asked: number
  /** Graded in both arms. */
  pairs: number
  both: number
}

/** Counts without lists: there may be hundreds of slices, and as many turns in each. */
function countPairs(turns: readonly Observation[]): PairCounts {
  const counts = { asked: 0, pairs: 0, both: 0, candidateOnly: 0, baselineOnly: 0 }
  for (const entry of turns) {
    if (entry.baseline !== 'not-asked' && entry.candidate !== 'not-asked') counts.asked += 1
    if (!isPair(entry)) continue
    const [candidate, baseline] = readAsGraded(entry)
    counts.pairs += 1
    if (candidate && baseline) counts.both += 1
    else if (candidate) counts.candidateOnly += 1
    else if (baseline) counts.baselineOnly += 1
  }
  return counts
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
