import type { Sample, SampledTurn, StratumCounts } from './sample.ts'
import { sizeSample } from './size.ts'
import { reweigh } from './stored-turn.ts'

/**
 * The first turns of a sample: as its order is random, a random part of it. Without strata they keep their
 * weights. With strata each stratum keeps its share of all weight, as far as it still has turns: how many it has
 * here is chance, and the variance within strata, which the bounds are made of, would leave that chance out.
 */
export function takeFirst(sample: Sample, turns: number): Sample {
  const { counts } = sample
  if (turns >= sample.turns.length) return sample
  const first = sample.turns.slice(0, turns)
  const strata = shareAnew(counts.strata, first)
  const shares = new Map(strata.map(({ name, weightShare }) => [name, weightShare]))
  const found = sumByStratum(first)
  const rescaled = first.map((turn) => {
    const share = shares.get(turn.stratum ?? '')
    const total = found.get(turn.stratum)?.weight
    if (share === undefined || total === undefined) return turn
    return reweigh(turn, (turn.weight * share * first.length) / total)
  })
  const known = new Set(counts.uncovered.map(({ name }) => name))
  const lost = strata.filter(({ name, share, drawn }) => share > 0 && drawn === 0 && !known.has(name))
  return {
    turns: rescaled,
    counts: {
      ...counts,
      turnsDrawn: first.length,
      strata,
      uncovered: [...counts.uncovered, ...lost.map(({ name, share }) => ({ name, share }))],
      ...sizeSample(rescaled),
    },
  }
}

/** What each stratum has of the turns, the shares of those without any spread over the others. */
function shareAnew(strata: readonly StratumCounts[], turns: readonly SampledTurn[]): StratumCounts[] {
  const found = sumByStratum(turns)
  const covered = strata
    .filter(({ name }) => found.has(name))
    .reduce((sum, { weightShare }) => sum + weightShare, 0)
  return strata.map((stratum) => {
    const drawn = found.get(stratum.name)?.drawn ?? 0
    return { ...stratum, drawn, weightShare: drawn === 0 ? 0 : stratum.weightShare / covered }
  })
}

function sumByStratum(turns: readonly SampledTurn[]): Map<string | null, { drawn: number; weight: number }> {
  const sums = new Map<string | null, { drawn: number; weight: number }>()
  for (const { stratum, weight } of turns) {
    const known = sums.get(stratum) ?? { drawn: 0, weight: 0 }
    sums.set(stratum, { drawn: known.drawn + 1, weight: known.weight + weight })
  }
  return sums
}
