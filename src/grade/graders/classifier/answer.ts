import { z } from 'zod'
import { scoreSchema } from '../score-grader.ts'

/** Scores by label; `null` where the answer is not what its API promises. */
export type Scores = ReadonlyMap<string, number> | null

// The label is that of the greatest score, and none where the model names no labels.
const vllmSchema = z.object({
  data: z.tuple([z.object({ label: z.string().nullish(), probs: z.array(scoreSchema) })]),
})

/**
 * Reads an answer of vLLM's `/classify`, which gives all scores in the model's order and names the label of the
 * greatest alone: labels in another order are found out by it.
 */
export function readVllm(body: unknown, classes: readonly string[]): Scores {
  const parsed = vllmSchema.safeParse(body)
  if (!parsed.success) return null
  const [{ label, probs }] = parsed.data.data
  if (probs.length !== classes.length) return null
  const scores = new Map(classes.map((name, index) => [name, probs[index] ?? Number.NaN]))
  const isOtherOrder = typeof label === 'string' && scores.get(label) !== Math.max(...probs)
  return isOtherOrder ? null : scores
}

const teiSchema = z.array(z.object({ label: z.string(), score: scoreSchema }))

/** Reads an answer of `/predict` of text-embeddings-inference, which names each score. */
export function readTei(body: unknown): Scores {
  const parsed = teiSchema.safeParse(body)
  if (!parsed.success) return null
  const scores = new Map(parsed.data.map(({ label, score }) => [label, score]))
  return scores.size === parsed.data.length ? scores : null
}

/** Whether a label reaches its threshold; `null` where one of them has no score, whatever the others have. */
export function compareScores(scores: Scores, thresholds: Readonly<Record<string, number>>): boolean | null {
  const findings = Object.entries(thresholds).map(([label, threshold]) => {
    const score = scores?.get(label)
    return score === undefined ? null : score >= threshold
  })
  return findings.includes(null) ? null : findings.includes(true)
}
