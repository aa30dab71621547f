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

/** Sums up which units of an arm are reused, one after the other. */
export class ReusedTally {
  #units = 0
  #oldest: string | null = null
  #newest: string | null = null
  readonly #runs = new Map<string, { run: ReusedRun; units: number }>()

  add({ measured }: { measured?: Measured | undefined }): void {
    if (measured?.run === undefined) return
    const { at, run } = measured
    this.#units += 1
    if (this.#oldest === null || at < this.#oldest) this.#oldest = at
    if (this.#newest === null || at > this.#newest) this.#newest = at
    const name = JSON.stringify([run.id, run.attempt])
    const count = this.#runs.get(name) ?? { run, units: 0 }
    count.units += 1
    this.#runs.set(name, count)
  }

  /** Absent where policy lets none be reused, and none is. */
  describe(facts: ReuseFacts | undefined): Reused | undefined {
    if (this.#units === 0 && facts === undefined) return undefined
    const { days, check, notes } = facts ?? { days: null, check: null, notes: [] }
    const runs = [...this.#runs.entries()]
      .toSorted(([a, one], [b, other]) => other.units - one.units || (a < b ? -1 : 1))
      .map(([, { run, units }]) => ({ ...run, units }))
    return { days, units: this.#units, oldest: this.#oldest, newest: this.#newest, runs, check, notes }
  }
}
