import { z } from 'zod'
import { type PlanParts, planPartsSchema } from '../plan/parts.ts'
import { digestValue } from '../plan/plan.ts'
import { probeSchema } from '../replay/probe.ts'

/** The files of a baseline that is kept for later runs: what it is, and its units, a line each as journals have them. */
export const baselineFiles = { header: 'baseline.json', units: 'baseline.jsonl' } as const

/** What is said of a kept baseline. */
export const baselineHeaderSchema = z.strictObject({
  version: z.literal(1),
  gateVersion: z.string(),
  /** The run that kept it; without an id on a terminal. */
  run: z.strictObject({ id: z.string().nullable(), attempt: z.int().min(1) }),
  /** What the run was judged by, and what it judged; `named` where no commit has it. */
  commits: z.strictObject({
    policy: z.string(),
    candidate: z.string(),
    trustAnchor: z.enum(['base', 'none']),
  }),
  planParts: planPartsSchema,
  retainText: z.enum(['none', 'artifact']),
  /** What the endpoint said that it serves, each answer once. */
  probes: z.array(probeSchema),
  units: z.int().min(1),
})
/** What is said of a kept baseline. */
export type BaselineHeader = z.infer<typeof baselineHeaderSchema>

/** What a baseline's labels don't depend on: everything else has to be the same. */
const irrelevant: ReadonlySet<string> = new Set([
  'candidate',
  'registration',
  'policy',
  'limits',
  'controls',
  'calibrations',
] satisfies (keyof PlanParts)[])

/**
 * SHA-256, in hex, of all that makes a baseline's units the same measurement: the repository, the checkpoint with the digest
 * of its weights, the draw and the corpus, how it is asked, and the graders with their rubrics. A new part of the plan counts.
 */
export function digestBaseline(parts: PlanParts): string {
  const relevant = Object.entries(parts).filter(([name]) => !irrelevant.has(name))
  return digestValue(Object.fromEntries(relevant))
}

/** `checkpoint-gate-baseline-<16 hex>-r<attempt>`: the artifact of a baseline that a run keeps. */
export function nameBaseline(key: string, attempt: number): string {
  return `checkpoint-gate-baseline-${key.slice(0, 16)}-r${attempt}`
}
