import { z } from 'zod'

/** One case of the vectors. */
export type Vector = z.infer<typeof vectorSchema>
export type Values = Record<string, number | null>
/** What the product computes for a vector, and what the vector expects, under the same names. */
export type Check = (vector: Vector) => { actual: Values; expected: Values }

export const number = z.number()
export const vectorSchema = z.object({
  id: z.string(),
  fn: z.string(),
  args: z.unknown(),
  expected: z.unknown(),
  relTol: number,
})

export function nameList(names: readonly string[], values: readonly (number | null)[]): Values {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? null]))
}

/** `[lower, upper]` as a vector expects it. */
export function parseBounds(vector: Vector): Values {
  return nameList(['lower', 'upper'], z.array(number).length(2).parse(vector.expected))
}

export function pickBounds({ lower, upper }: { lower: number; upper: number }): Values {
  return { lower, upper }
}
