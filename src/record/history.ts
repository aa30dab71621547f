import { z } from 'zod'

const runSchema = z.strictObject({ id: z.string(), attempt: z.int().min(1) })

/** `101`, or `101.2` for a run's second attempt: as reports name it, and people who answer for it. */
export function nameRun({ id, attempt }: z.infer<typeof runSchema>): string {
  return attempt === 1 ? id : `${id}.${attempt}`
}

/** An earlier attempt on the candidate, as far as it can still be read. */
export const pastAttemptSchema = z.strictObject({
  /** The workflow run, and which attempt of it. */
  run: runSchema,
  /** When it began, by the clock of who keeps it. */
  startedAt: z.string(),
  /** `null` where what it began with can't be read any more. */
  tier: z.enum(['smoke', 'release']).nullable(),
  planDigest: z.string().nullable(),
  /** In which parts its plan differs from the one at hand, in words; empty for the same plan. */
  changed: z.array(z.string()),
  /** `null`: it has not ended, ended without one, or what it ended with can't be read any more. */
  verdict: z.enum(['pass', 'fail', 'inconclusive']).nullable(),
  ended: z.boolean(),
  /** Every turn of its tier was carried through, or its results ended it. */
  complete: z.boolean(),
  /** Why its verdict can't stand for another run; empty where it can. */
  doubts: z.array(z.string()),
})
export type PastAttempt = z.infer<typeof pastAttemptSchema>

/** How the registration stands against what had been registered when the candidate was first measured. */
export const registrationLockSchema = z.discriminatedUnion('kind', [
  /** No attempt was before this one. */
  z.strictObject({ kind: z.literal('first') }),
  /** The same as then. */
  z.strictObject({ kind: z.literal('kept'), since: z.string() }),
  /** It could not be told. */
  z.strictObject({ kind: z.literal('unknown'), cause: z.string() }),
  /** Changed since, by amendments that are on the base. */
  z.strictObject({ kind: z.literal('amended'), since: z.string(), amendments: z.int() }),
  /** Changed since, in another way: nothing new is measured with it. */
  z.strictObject({
    kind: z.literal('broken'),
    since: z.string(),
    cause: z.enum(['late', 'edited', 'moved', 'unreadable']),
    /** In words that follow "the registration does not count: ". */
    why: z.string(),
  }),
])
export type RegistrationLock = z.infer<typeof registrationLockSchema>

/** Which attempts there were before, and what of them this record is. */
export const recordHistorySchema = z.discriminatedUnion('kind', [
  /** Nothing keeps attempts, as on a terminal. */
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({
    kind: z.literal('kept'),
    /** Which attempt on the candidate this record is of, counted from 1. */
    number: z.int().min(1),
    /** Without the one that this record is of, the earliest first. */
    attempts: z.array(pastAttemptSchema),
    registration: registrationLockSchema,
    /** The attempt whose journal this one continued. */
    continued: runSchema.nullable(),
    /** The run that published this record again, and asked nothing; `null` in the run that measured it. */
    republishedBy: z
      .strictObject({
        ...runSchema.shape,
        /** In which parts its plan differs from the one that was measured, in words; empty for the same plan. */
        changed: z.array(z.string()),
      })
      .nullable(),
  }),
  /** It could not be read, or not be kept that this attempt began. */
  z.strictObject({ kind: z.literal('unknown'), cause: z.string() }),
])
export type RecordHistory = z.infer<typeof recordHistorySchema>

/** A FAIL that people answer for. */
export const acceptanceSchema = z.strictObject({
  /** Who accepted it. */
  by: z.string(),
  /** The diagnosis, as a path of the repository. */
  file: z.string(),
  cause: z.string(),
  mitigation: z.string(),
})
export type Acceptance = z.infer<typeof acceptanceSchema>
