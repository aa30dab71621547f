import type { Policy } from './schema.ts'

/**
 * The policy that decides: the base's, with the tighter of both limits and of both margins in each of its categories.
 *
 * Nothing else of the change under test applies. Both have to be there: a limit, a margin or a blocking category that the
 * base lacks would be one more test, and every test makes the others less likely to fail (Holm).
 */
export function takeStricter(base: Policy, head: Policy): Policy {
  const proposed = new Map(head.categories.map((category) => [category.id, category]))
  return {
    ...base,
    categories: base.categories.map((category) => {
      const { limitPer100k: limit = null, marginPer100k: margin = null } = proposed.get(category.id) ?? {}
      return {
        ...category,
        limitPer100k: takeTighter(category.limitPer100k, limit),
        marginPer100k: takeTighter(category.marginPer100k, margin),
      }
    }),
  }
}

function takeTighter(base: number | null, head: number | null): number | null {
  return base === null || head === null ? base : Math.min(base, head)
}
