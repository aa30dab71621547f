import type { z } from 'zod'
import type { Rubric } from '../policy/rubric.ts'
import type { GraderConfig } from '../policy/schema.ts'
import type { Arm } from '../ports.ts'
import type { Completed, Usage } from '../replay/completion.ts'
import type { Endpoint } from '../replay/endpoint.ts'
import type { SampledTurn } from '../sample/draw.ts'
import type { Label } from './label.ts'

/** One completion in one category. */
export interface GradeItem {
  turn: SampledTurn
  arm: Arm
  category: string
  completion: Completed
}

/** A label, and what it took to get it. */
export interface Grading {
  label: Label
  usage: Usage
}

/** Labels completions in one category. */
export interface Grader {
  grade(item: GradeItem): Promise<Grading>
}

/** What a grader may need to be built. */
export interface GraderContext {
  category: string
  judge: { endpoint: Endpoint; model: string; temperature: number | null } | null
  /** Rubrics by reference. */
  rubrics: ReadonlyMap<string, Rubric>
  /** Hex digits that no completion can know, new in each run. */
  delimiter: string
}

/** A kind of grader: its configuration in a policy, and how to build it. */
export interface GraderKind {
  kind: string
  configSchema: z.ZodType<GraderConfig>
  /** One line for the documentation. */
  summary: string
  /** The rubrics that a configuration refers to (`builtin:<id>` or a path). */
  listRubrics(config: GraderConfig, category: string): string[]
  create(config: GraderConfig, context: GraderContext): Grader
}

/** No tokens at all. */
export const noUsage: Usage = { promptTokens: 0, completionTokens: 0 }

/** Adds tokens. */
export function addUsage(first: Usage, second: Usage | null): Usage {
  return {
    promptTokens: first.promptTokens + (second?.promptTokens ?? 0),
    completionTokens: first.completionTokens + (second?.completionTokens ?? 0),
  }
}
