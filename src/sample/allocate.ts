/** What a stratum asks for and what it can give. */
export interface Demand {
  /** Of the sample, at least 0; only the ratios between strata matter. */
  share: number
  /** The most turns that can be drawn from it. */
  capacity: number
}

/**
 * How many of `turns` each stratum gives: in proportion to its share, by largest remainder (ties go to the
 * earlier stratum). What a stratum can't give is spread over the others in proportion to their shares.
 *
 * Every stratum with a share gives at least one turn as long as there are as many turns as strata, since a
 * stratum without a sample is a part of the traffic that nothing is known of. It gives two, so that its variance
 * can be estimated, as long as that binds no more than half of the turns: beyond that small strata would
 * crowd out the large ones. The sum is `turns`, or all there is.
 */
export function allocateTurns(request: { turns: number; strata: readonly Demand[] }): number[] {
  const { strata } = request
  const capacities = strata.map(({ share, capacity }) => (share > 0 ? capacity : 0))
  const turns = Math.min(request.turns, sum(capacities))
  const floors = chooseFloors(capacities, turns)
  const quotas = fillQuotas({
    turns,
    strata: strata.map(({ share }, index) => ({
      share,
      floor: floors[index] ?? 0,
      capacity: capacities[index] ?? 0,
    })),
  })
  return roundQuotas({ turns, quotas, capacities })
}

function chooseFloors(capacities: readonly number[], turns: number): number[] {
  const two = capacities.map((capacity) => Math.min(2, capacity))
  if (2 * sum(two) <= turns) return two
  const one = capacities.map((capacity) => Math.min(1, capacity))
  return sum(one) <= turns ? one : capacities.map(() => 0)
}

interface Range {
  share: number
  floor: number
  capacity: number
}

/**
 * Real numbers between floor and capacity, in proportion to the shares wherever neither binds, with the sum
 * `turns`. Each round fixes the side on which more is to be corrected, which no later round can undo.
 */
function fillQuotas({ turns, strata }: { turns: number; strata: readonly Range[] }): number[] {
  const fixed = new Map<number, number>()
  for (;;) {
    const free = strata.flatMap((stratum, index) => (fixed.has(index) ? [] : [{ ...stratum, index }]))
    const rest = turns - sum([...fixed.values()])
    const shares = sum(free.map(({ share }) => share))
    const proposed = free.map(({ index, share, floor, capacity }) => {
      const quota = shares === 0 ? 0 : (rest * share) / shares
      return { index, quota, allowed: Math.min(capacity, Math.max(floor, quota)) }
    })
    const excess = sum(proposed.map(({ quota, allowed }) => allowed - quota))
    const wrong = proposed.filter(({ quota, allowed }) => (excess >= 0 ? allowed > quota : allowed < quota))
    if (wrong.length === 0) {
      for (const { index, allowed } of proposed) fixed.set(index, allowed)
      return strata.map((_, index) => fixed.get(index) ?? 0)
    }
    for (const { index, allowed } of wrong) fixed.set(index, allowed)
  }
}

function roundQuotas(request: { turns: number; quotas: number[]; capacities: readonly number[] }): number[] {
  const { turns, quotas, capacities } = request
  const counts = quotas.map((quota) => Math.floor(quota))
  const order = quotas
    .map((quota, index) => ({ index, remainder: quota - Math.floor(quota) }))
    .toSorted((a, b) => b.remainder - a.remainder || a.index - b.index)
  let missing = turns - sum(counts)
  while (missing > 0) {
    for (const { index } of order) {
      const count = counts[index] ?? 0
      if (missing === 0 || count >= (capacities[index] ?? 0)) continue
      counts[index] = count + 1
      missing -= 1
    }
  }
  return counts
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
