import { z } from 'zod'
import { callDefects, type Step, type ToolResult, toolSources } from '../replay/completion.ts'

/** Tool calls of one kind that were answered alike. */
export const answeredCallsSchema = z.strictObject({
  /** `null` for a tool that was not offered: its name is a text of the model's. */
  tool: z.string().nullable(),
  source: z.enum(toolSources),
  /** Why the tool itself could not have carried them out; `null`: it could. */
  defect: z.enum(callDefects).nullable(),
  calls: z.int().min(1),
  /** How many of them were answered by an error. */
  errors: z.int().min(0),
  /** How many of the results were cut off for their length; absent for none. */
  cut: z.int().min(1).optional(),
})
/** Tool calls of one kind that were answered alike. */
export type AnsweredCalls = z.infer<typeof answeredCallsSchema>

/** What is kept of a trajectory whether or not text is: how long it was, and what its calls were answered with. */
export const trajectorySchema = z.strictObject({
  /** Answers before the last one. */
  steps: z.int().min(0),
  answered: z.array(answeredCallsSchema),
})
export type Trajectory = z.infer<typeof trajectorySchema>

// As a model wrote it, which need not be what a corpus may hold: no name, for one.
export const toolCallSchema = z.strictObject({
  id: z.string(),
  type: z.literal('function'),
  function: z.strictObject({ name: z.string(), arguments: z.string() }),
})

/** A step as it is kept where policy keeps text. */
export const stepSchema = z.strictObject({
  text: z.string(),
  reasoning: z.string().nullable(),
  toolCalls: z.array(toolCallSchema),
  results: z.array(
    z.strictObject({
      callId: z.string(),
      text: z.string(),
      isError: z.boolean(),
      source: z.enum(toolSources),
      defect: z.enum(callDefects).optional(),
      isCut: z.literal(true).optional(),
    }),
  ),
})

/** Counts what the calls of a trajectory were answered with. */
export function summarizeSteps(steps: readonly Step[]): Trajectory {
  const answered = steps.flatMap(({ toolCalls, results }) =>
    results.map((result, index) => describeCall(result, toolCalls[index]?.function.name ?? '')),
  )
  return { steps: steps.length, answered: addAnswered(answered) }
}

function describeCall(
  { source, defect = undefined, isError, isCut = undefined }: ToolResult,
  name: string,
): AnsweredCalls {
  return {
    tool: defect === 'unknown-tool' ? null : name,
    source,
    defect: defect ?? null,
    calls: 1,
    errors: isError ? 1 : 0,
    ...(isCut === true ? { cut: 1 } : {}),
  }
}

/** Adds counts up, those of each kind together, sorted by tool, source and defect. */
export function addAnswered(counts: Iterable<AnsweredCalls>): AnsweredCalls[] {
  const sums = new Map<string, AnsweredCalls>()
  for (const count of counts) {
    const key = JSON.stringify([count.tool ?? '', count.tool === null, count.source, count.defect])
    const sum = sums.get(key)
    sums.set(
      key,
      sum === undefined
        ? { ...count }
        : {
            ...sum,
            calls: sum.calls + count.calls,
            errors: sum.errors + count.errors,
            ...addCut(sum, count),
          },
    )
  }
  return [...sums].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum)
}

function addCut(one: AnsweredCalls, other: AnsweredCalls): { cut?: number } {
  const cut = (one.cut ?? 0) + (other.cut ?? 0)
  return cut === 0 ? {} : { cut }
}
