import { z } from 'zod'
import { type CallDefect, callDefects, type ToolSource, toolSources } from '../../src/replay/completion.ts'
import type { ChainAnswer } from '../../src/tools/chain.ts'

const count = z.int().min(0)
const fillCounts = <Name extends string>(names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>

/** How calls of one tool were answered. Every call is in exactly one of `sources`. */
const toolCountsSchema = z.strictObject({
  /** `null`: all that were not offered, whose names models make up. */
  tool: z.string().nullable(),
  calls: count,
  sources: z.record(z.enum(toolSources), count),
  defects: z.record(z.enum(callDefects), count),
  errors: count,
  cut: count,
})

export const answerCountsSchema = z.array(toolCountsSchema)
/** How tool calls were answered, by tool: sorted by name, those that were not offered first. */
export type AnswerCounts = z.infer<typeof answerCountsSchema>
type ToolCounts = AnswerCounts[number]

/** What is counted of an answer. */
export interface CountedAnswer {
  tool: string
  source: ToolSource
  isError: boolean
  defect: CallDefect | null
  isCut: boolean
}

/** What is counted of an answer of the chain. */
export function describeAnswer(tool: string, { result, defect, isCut }: ChainAnswer): CountedAnswer {
  return { tool, source: result.source, isError: result.isError, defect, isCut }
}

/** Counts answers. */
export function countAnswers(answers: Iterable<CountedAnswer>): AnswerCounts {
  const counted = new Map<string | null, ToolCounts>()
  for (const { tool: name, source, isError, defect, isCut } of answers) {
    const tool = defect === 'unknown-tool' ? null : name
    const counts = counted.get(tool) ?? createCounts(tool)
    counted.set(tool, counts)
    counts.calls += 1
    counts.sources[source] += 1
    if (defect !== null) counts.defects[defect] += 1
    if (isError) counts.errors += 1
    if (isCut) counts.cut += 1
  }
  return sortCounts(counted.values())
}

/** The sums of two counts, such as those of two trajectories. */
export function addAnswerCounts(one: AnswerCounts, other: AnswerCounts): AnswerCounts {
  const sums = new Map(one.map((counts) => [counts.tool, counts]))
  for (const more of other) {
    const counts = sums.get(more.tool)
    sums.set(more.tool, counts === undefined ? more : addCounts(counts, more))
  }
  return sortCounts(sums.values())
}

function createCounts(tool: string | null): ToolCounts {
  return {
    tool,
    calls: 0,
    sources: fillCounts(toolSources),
    defects: fillCounts(callDefects),
    errors: 0,
    cut: 0,
  }
}

function addCounts(one: ToolCounts, other: ToolCounts): ToolCounts {
  return {
    tool: one.tool,
    calls: one.calls + other.calls,
    sources: addEach(one.sources, other.sources),
    defects: addEach(one.defects, other.defects),
    errors: one.errors + other.errors,
    cut: one.cut + other.cut,
  }
}

function addEach<Name extends string>(
  one: Record<Name, number>,
  other: Record<Name, number>,
): Record<Name, number> {
  const names = Object.keys(one) as Name[]
  return Object.fromEntries(names.map((name) => [name, one[name] + other[name]])) as Record<Name, number>
}

function sortCounts(counts: Iterable<ToolCounts>): AnswerCounts {
  return [...counts].toSorted((one, other) => {
    if (one.tool === null || other.tool === null) return one.tool === null ? -1 : 1
    return one.tool < other.tool ? -1 : 1
  })
}
