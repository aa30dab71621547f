import type { CategoryEstimate } from '../estimate/estimate.ts'
import { testWorse } from '../estimate/paired.ts'
import { boundProportion } from '../estimate/proportion-bounds.ts'
import type { PlannedCategory } from '../plan/plan.ts'
import { countRivals, type ForecastSetting } from './forecast-setting.ts'
import { findMarginToPass } from './margin-forecast.ts'
import { wantedPower } from './regression-forecast.ts'

/** How much two replays of one checkpoint differ in a category. Rates are proportions. */
export interface Noise {
  category: string
  /** Graded in both replays. */
  pairs: number
  /** Events of one replay alone. */
  firstOnly: number
  secondOnly: number
  /** The share of the pairs that differ, with one-sided bounds at α; `null` without pairs. */
  discordant: { rate: number; lower: number; upper: number } | null
  /** The chance that a run with so many differing pairs finds the same checkpoint worse; 0 where that can't fail it. */
  falseFail: number
  /** The smallest margin that passes with a chance of .8 when nothing changed; `null` where none under 100 % does. */
  marginPer100k: number | null
}

/**
 * Measures the gate by a run of the baseline against itself. Of d differing pairs each is as likely to be the one
 * replay's as the other's, so that the chance of "worse" is the size of McNemar's exact test given d: P(B ≥ b) for
 * B ~ Binomial(d, ½), b the fewest that reject at the first level of Holm's procedure.
 */
export function measureNoise(request: {
  setting: ForecastSetting
  category: PlannedCategory
  estimate: CategoryEstimate
}): Noise {
  const { setting, category, estimate } = request
  const { pairs, observed } = estimate.regression
  const differing = observed.candidateOnly + observed.baselineOnly
  const { alpha } = setting.plan.policy.gate
  return {
    category: category.id,
    pairs,
    firstOnly: observed.baselineOnly,
    secondOnly: observed.candidateOnly,
    discordant:
      pairs === 0
        ? null
        : { rate: differing / pairs, ...boundProportion({ events: differing, trials: pairs, alpha }) },
    falseFail:
      category.role === 'block' && category.regression
        ? computeSize({ differing, alpha: findRegressionLevel(setting, category) })
        : 0,
    marginPer100k:
      pairs === 0
        ? null
        : findMarginToPass({
            setting,
            category,
            // Half a pair more than was seen: among few pairs no difference is no proof that there is none.
            discordant: Math.min(1, (differing + 0.5) / (pairs + 1)),
            power: wantedPower,
          }),
  }
}

/** The chance that one of the categories finds the same checkpoint worse, taken as independent of each other. */
export function combineFalseFails(noises: readonly Pick<Noise, 'falseFail'>[]): number {
  return 1 - noises.reduce((none, { falseFail }) => none * (1 - falseFail), 1)
}

/** The size of the exact test given the number of differing pairs; 0 where so few never reject. */
export function computeSize({ differing, alpha }: { differing: number; alpha: number }): number {
  for (let candidateOnly = Math.ceil(differing / 2); candidateOnly <= differing; candidateOnly += 1) {
    const p = testWorse({ candidateOnly, baselineOnly: differing - candidateOnly })
    if (p <= alpha) return p
  }
  return 0
}

function findRegressionLevel(setting: ForecastSetting, category: PlannedCategory): number {
  return setting.stopping.levels.regressionAlpha / countRivals(setting.plan, category)
}
