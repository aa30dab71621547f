import { createHash } from 'node:crypto'
import { z } from 'zod'
import { planPartsSchema } from '../plan/parts.ts'
import { planSchema } from '../plan/plan.ts'
import type { HistoryKey } from '../ports.ts'

/** What is kept of an attempt before its first request: `attempt.json`. */
export const attemptSchema = z.strictObject({
  version: z.literal(1),
  gateVersion: z.string(),
  run: z.strictObject({ id: z.string(), attempt: z.int().min(1), event: z.string() }),
  tier: z.enum(['smoke', 'release']),
  pointerFile: z.string(),
  baseline: z.string(),
  candidate: z.string(),
  epoch: z.string(),
  /** What it was judged by, and what was judged; `named` where no commit has it. */
  commits: z.strictObject({ policy: z.string(), candidate: z.string() }),
  planDigest: z.string(),
  planParts: planPartsSchema,
  registration: z.strictObject({
    /** `standing`: made by the gate, as the policy lets it. */
    from: z.enum(['file', 'standing']),
    file: z.string(),
    value: planSchema.shape.registration,
  }),
})
/** What an attempt began with. */
export type Attempt = z.infer<typeof attemptSchema>

/** The name of the file. */
export const attemptFile = 'attempt.json'

/** `checkpoint-gate-<16 hex>-r<attempt>`: what a run leaves before it asks anything. Its end is that and `-end`. */
export function nameAttempt({ pointerFile, candidate }: HistoryKey, attempt: number): string {
  const key = createHash('sha256').update(`${pointerFile}\0${candidate}`).digest('hex').slice(0, 16)
  return `checkpoint-gate-${key}-r${attempt}`
}
