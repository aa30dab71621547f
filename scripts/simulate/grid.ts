import { type Cell, makeCell, type TrueRates } from './cell.ts'

/** 1 %, the limit of every cell that has one, in events per 100,000 turns. */
export const limitPer100k = 1000
/** True rates as multiples of the limit. */
const multiples = [0, 0.5, 1, 2]

/** Replicates that take about as long for every size of sample. */
function countReplicates(turns: number): number {
  return turns >= 10_000 ? 400 : 2000
}

/** The same rate in both arms. */
export function sameInBoth(per100k: number): TrueRates {
  return { baseline: per100k, candidate: per100k }
}

/** A limit of 1 % for every size, and true rate, of a list. Names end in both, such as `1000/0.5Y`. */
export function cross(
  parts: Partial<Cell> & { group: string; name: string },
  over: { turns?: number[]; multiples?: number[] } = {},
): Cell[] {
  return (over.turns ?? [1000, 10_000]).flatMap((turns) =>
    (over.multiples ?? multiples).map((multiple) =>
      makeCell({
        turns,
        trueRates: [sameInBoth(multiple * limitPer100k)],
        limitPer100k,
        replicates: countReplicates(turns),
        ...parts,
        name: `${parts.name}/${turns}/${multiple}Y`,
      }),
    ),
  )
}
