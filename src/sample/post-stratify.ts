/** How far a stratum may be weighted up, as a multiple of the mean weight before the cap. */
export const weightCap = 5

/** The design effect above which a sample deserves a warning: it is worth less than half its turns. */
export const designEffectWarning = 2

/** The weight of one turn of each stratum, and what the weighting costs. */
export interface PostStratification {
  /** By stratum, with a mean of 1 over the sample; 0 for a stratum without a sample or without a target. */
  weights: number[]
  /** Kish's n·Σw²/(Σw)², at least 1 but for rounding. */
  designEffect: number
}

/**
 * Weights that give each stratum its share of a target: target share over sample share, at most `cap`, scaled to
 * a mean of 1 (Kish 1965 for the design effect). Both lists are counts or shares, by stratum, and need not sum
 * to 1. What the target gives to strata without a sample is left out before the cap. Throws a RangeError for
 * lists of unequal length, anything but finite numbers of at least 0, a cap under 1, or no stratum in both.
 */
export function postStratify(request: {
  sample: readonly number[]
  target: readonly number[]
  cap: number
}): PostStratification {
  const { sample, target, cap } = request
  requireShares({ sample, target })
  if (!(cap >= 1)) throw new RangeError(`a cap must be at least 1, got ${cap}`)
  const sampleTotal = sum(sample)
  const targetTotal = sum(target.filter((_, index) => (sample[index] ?? 0) > 0))
  if (targetTotal === 0) throw new RangeError('no stratum of the target has a sample')
  const capped = sample.map((count, index) => {
    const share = (target[index] ?? 0) / targetTotal
    return count === 0 ? 0 : Math.min(cap, share / (count / sampleTotal))
  })
  const mean = sum(capped.map((weight, index) => weight * (sample[index] ?? 0))) / sampleTotal
  const weights = capped.map((weight) => weight / mean)
  const squares = sum(weights.map((weight, index) => weight * weight * (sample[index] ?? 0)))
  return { weights, designEffect: squares / sampleTotal }
}

function requireShares({ sample, target }: { sample: readonly number[]; target: readonly number[] }): void {
  if (sample.length !== target.length) {
    throw new RangeError(`${sample.length} strata of a sample and ${target.length} of its target`)
  }
  for (const value of [...sample, ...target]) {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`a share must be a finite number of at least 0, got ${value}`)
    }
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
