import { z } from 'zod'

/** A run as others name it; without an id where it was on a terminal. */
const runNameSchema = z.strictObject({ id: z.string().nullable(), attempt: z.int().min(1) })
export type ReusedRun = z.infer<typeof runNameSchema>

/** When a unit of the baseline was measured, and by what: kept where policy lets later runs reuse it. */
export const measuredSchema = z.strictObject({
  /** ISO 8601, in UTC. */
  at: z.iso.datetime(),
  /** SHA-256, in hex, of what was asked (`digestRequest`). */
  request: z.string().regex(/^[0-9a-f]{64}$/),
  /** The run that measured it; absent where it is the one at hand. */
  run: runNameSchema.optional(),
})
export type Measured = z.infer<typeof measuredSchema>

/** Where a completion comes from that this run did not ask for. */
export const reusedFromSchema = z.strictObject({ run: runNameSchema, at: z.string() })

/** What an arm has of earlier runs, by policy's leave. */
export const reusedSchema = z.strictObject({
  /** How old, in days, it could be when it was taken over; `null` where policy lets nothing be reused any more. */
  days: z.int().nullable(),
  units: z.int().min(0),
  /** When the first and the last of them were measured; `null` where nothing was reused. */
  oldest: z.string().nullable(),
  newest: z.string().nullable(),
  /** Who measured them, those with the most units first. */
  runs: z.array(z.strictObject({ ...runNameSchema.shape, units: z.int().min(1) })),
  /** The turns that were asked anew before, and what of them differed most from what was kept; `null` where none were. */
  check: z
    .strictObject({
      turns: z.int().min(1),
      /** In words that follow "differs most in". */
      what: z.string(),
      /** Adjusted for all that was compared. */
      p: z.number(),
    })
    .nullable(),
  /** Why what was kept was not reused, a sentence each without its full stop. */
  notes: z.array(z.string()),
})
/** What an arm has of earlier runs. */
export type Reused = z.infer<typeof reusedSchema>

/** What a run found out about what it could reuse. */
export const reuseFactsSchema = reusedSchema.pick({ days: true, check: true, notes: true })
export type ReuseFacts = z.infer<typeof reuseFactsSchema>

/** What jobs that measure together found out: what the first of them compared, and all their notes, each once. */
export function joinReuseFacts(facts: readonly (ReuseFacts | undefined)[]): ReuseFacts | undefined {
  const known = facts.flatMap((one) => (one === undefined ? [] : [one]))
  const [first] = known
  if (first === undefined) return undefined
  const check = known.find((one) => one.check !== null)?.check ?? null
  return { days: first.days, check, notes: [...new Set(known.flatMap(({ notes }) => notes))] }
}

/** Sums up which units of an arm are reused; absent where policy lets none be, and none is. */
export function summarizeReused(
  units: readonly { measured?: Measured | undefined }[],
  facts: ReuseFacts | undefined,
): Reused | undefined {
  const reused = units.flatMap(({ measured }) =>
    measured?.run === undefined ? [] : [{ at: measured.at, run: measured.run }],
  )
  if (reused.length === 0 && facts === undefined) return undefined
  const counts = new Map<string, { run: ReusedRun; units: number }>()
  for (const { run } of reused) {
    const name = JSON.stringify([run.id, run.attempt])
    const count = counts.get(name) ?? { run, units: 0 }
    count.units += 1
    counts.set(name, count)
  }
  const times = reused.map(({ at }) => at).toSorted()
  const { days, check, notes } = facts ?? { days: null, check: null, notes: [] }
  const runs = [...counts.entries()]
    .toSorted(([a, one], [b, other]) => other.units - one.units || (a < b ? -1 : 1))
    .map(([, { run, units: own }]) => ({ ...run, units: own }))
  return {
    days,
    units: reused.length,
    oldest: times[0] ?? null,
    newest: times.at(-1) ?? null,
    runs,
    check,
    notes,
  }
}
