/** A distribution over whole numbers: `terms[k]` is the probability of `lowest + k`. */
interface Distribution {
  lowest: number
  terms: Float64Array
  /** The probability that was left out. */
  dropped: number
}

/** Less likely values at either end are left out, and their probability is added to the p value. */
const negligible = 1e-40

/** 80 MB; reached only if some conversations differ by thousands of events. */
const mostTerms = 10_000_000

function divideCommon(first: number, second: number): number {
  return second === 0 ? first : divideCommon(second, first % second)
}

/** The differences without zeros, in units of their greatest common divisor. */
function reduceDifferences(differences: readonly number[]): number[] {
  let unit = 0
  for (const difference of differences) {
    if (!Number.isSafeInteger(difference)) throw new RangeError(`not a difference of counts: ${difference}`)
    unit = divideCommon(unit, Math.abs(difference))
  }
  return differences.filter((difference) => difference !== 0).map((difference) => difference / unit)
}

/**
 * Binomial(trials, ½), from the middle outwards and scaled afterwards: ½ to the power of trials may vanish.
 */
function distributeHeads(trials: number): Distribution {
  const middle = Math.floor(trials / 2)
  const terms = new Float64Array(trials + 1)
  let weight = 1
  for (let count = middle; count >= 0; count -= 1) {
    terms[count] = weight
    terms[trials - count] = weight
    weight *= count / (trials - count + 1)
  }
  const total = terms.reduce((sum, term) => sum + term, 0)
  return trim({ lowest: 0, terms: terms.map((term) => term / total), dropped: 0 })
}

function trim({ lowest, terms, dropped }: Distribution): Distribution {
  const from = terms.findIndex((term) => term >= negligible)
  const to = terms.findLastIndex((term) => term >= negligible) + 1
  const sum = (part: Float64Array) => part.reduce((total, term) => total + term, 0)
  return {
    lowest: lowest + from,
    terms: terms.slice(from, to),
    dropped: dropped + sum(terms.subarray(0, from)) + sum(terms.subarray(to)),
  }
}

/** The distribution of a + size·b for independent a and b. */
function addScaled(a: Distribution, { size, b }: { size: number; b: Distribution }): Distribution {
  const length = a.terms.length + size * (b.terms.length - 1)
  if (length > mostTerms) throw new RangeError(`the differences are too large for an exact test: ${size}`)
  const terms = new Float64Array(length)
  for (const [count, weight] of b.terms.entries()) {
    const shift = size * count
    for (let index = 0; index < a.terms.length; index += 1) {
      terms[shift + index] = (terms[shift + index] ?? 0) + weight * (a.terms[index] ?? 0)
    }
  }
  return trim({ lowest: a.lowest + size * b.lowest, terms, dropped: a.dropped + b.dropped })
}

/** The distribution of the sum of those |differences| whose random sign is positive. */
function distributePositive(differences: readonly number[]): Distribution {
  const counts = new Map<number, number>()
  for (const difference of differences) {
    const size = Math.abs(difference)
    counts.set(size, (counts.get(size) ?? 0) + 1)
  }
  let total: Distribution = { lowest: 0, terms: Float64Array.of(1), dropped: 0 }
  // Small sizes first: the intermediate distributions stay short.
  for (const [size, count] of [...counts].sort(([left], [right]) => left - right)) {
    total = addScaled(total, { size, b: distributeHeads(count) })
  }
  return total
}

/**
 * The p value of "the candidate is not worse than the baseline" over conversations with several turns or
 * completions: the exact sign-flip test (Fisher 1935), P(Σ ±|D| ≥ Σ D) with independent fair signs, D being a
 * conversation's candidate events minus its baseline events. Under the hypothesis the arms of a conversation
 * could change places, so D and −D are equally likely whatever the turns of it have in common. With every D
 * ±1 it is `testWorse`. Without differences 1. What is under 1e-40 is rounded up to about that. Throws a
 * RangeError unless all are safe whole numbers, and when they spread over more than 10 million values.
 */
export function testWorseClustered(differences: readonly number[]): number {
  const reduced = reduceDifferences(differences)
  if (reduced.length === 0) return 1
  // Σ ±|D| ≥ Σ D says that the positive part of the sum is at least the observed one.
  const observed = reduced.reduce((sum, difference) => sum + Math.max(0, difference), 0)
  const { lowest, terms, dropped } = distributePositive(reduced)
  const tail = terms.subarray(Math.min(terms.length, Math.max(0, observed - lowest)))
  // From the end inwards: the small terms first.
  return Math.min(
    1,
    tail.reduceRight((sum, term) => sum + term, dropped),
  )
}

/**
 * The p value of "neither arm is worse than the other": P(|Σ ±|D|| ≥ |Σ D|), twice `testWorseClustered` for
 * the arm with more events. 1 when both have as many. Throws as `testWorseClustered`.
 */
export function testUnequalClustered(differences: readonly number[]): number {
  const sum = differences.reduce((total, difference) => total + difference, 0)
  const towardsMore = sum < 0 ? differences.map((difference) => -difference) : differences
  const tail = testWorseClustered(towardsMore)
  return sum === 0 ? 1 : Math.min(1, 2 * tail)
}
