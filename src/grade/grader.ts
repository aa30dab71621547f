import type { z } from 'zod'
import type { Rubric } from '../policy/rubric.ts'
import type { GraderConfig } from '../policy/schema.ts'
import type { Arm } from '../ports.ts'
import type { Completed } from '../replay/completion.ts'
import type { Endpoint } from '../replay/endpoint.ts'
import type { SampledTurn } from '../sample/draw.ts'
import type { Label } from './label.ts'
import type { GraderUse } from './usage.ts'
import { countVotes, type Votes } from './votes.ts'

/** One completion in one category. */
export interface GradeItem {
  turn: SampledTurn
  arm: Arm
  category: string
  completion: Completed
  /** `second`: a pre-screened completion that the judge is asked of once more. `again`: the second grading. */
  pass: 'first' | 'second' | 'again'
}

/** A label, the votes behind it, and what it took to get it. */
export interface Grading {
  label: Label
  votes: Votes
  uses: GraderUse[]
}

/** Labels completions in one category. */
export interface Grader {
  readonly kind: string
  grade(item: GradeItem): Promise<Grading>
}

/** What a grader may need to be built. */
export interface GraderContext {
  category: string
  /** Its place in the category's chain, from 0. */
  step: number
  /** Every endpoint that a grader of the policy names, by its name. */
  endpoints: ReadonlyMap<string, Endpoint>
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
  listRubrics(config: GraderConfig): string[]
  /** The names of the endpoints that it asks. */
  listEndpoints(config: GraderConfig): string[]
  create(config: GraderConfig, context: GraderContext): Grader
}

/** A grading by code alone: one vote, and nothing spent. */
export function gradeFreely(label: Label): Grading {
  return { label, votes: countVotes([label]), uses: [] }
}

/** The grading of a completion that a category does not apply to: absent, without anyone being asked. */
export const notApplicable: Grading = {
  label: { kind: 'absent' },
  votes: { present: 0, absent: 0, missing: 0 },
  uses: [],
}

/** Names a request about an item: `<turn>|<arm>|<category>` for the first answer to it, a suffix for others. */
export function nameCall(call: {
  item: Pick<GradeItem, 'turn' | 'arm' | 'category' | 'pass'>
  step: number
  vote: number
}): string {
  const { item, step, vote } = call
  const name = `${item.turn.id}|${item.arm}|${item.category}`
  const place = step + vote === 0 ? '' : `|${step + 1}.${vote + 1}`
  return `${name}${place}${item.pass === 'first' ? '' : `|${item.pass}`}`
}
