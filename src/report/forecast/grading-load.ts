import type { GradedItem } from './graded-items.ts'
import type { GradingCall } from './grading-calls.ts'

/** Calls of graders and their tokens; of many they need not be whole numbers. */
export interface Load {
  calls: number
  promptTokens: number
  /** Those of the prompts' tokens that begin every request alike. */
  stableTokens: number
  completionTokens: number
}

/** What one endpoint is asked with one model. */
export interface EndpointLoad extends Load {
  endpoint: string
  model: string | null
}

/** What is taken to happen while items are graded. */
export interface GradingCase {
  /** Whether everything is flagged that can be, and every rubric speaks of what it may. */
  isWorst: boolean
  /** The share of turns that a category's graders flag, by category; all where it is not known. */
  flagged: ReadonlyMap<string, number>
  /** Characters of a completion that is still to come. */
  completionCharacters: number
}

/** A rough rule for English text; what a run really uses is in its record. */
export const charactersPerToken = 4
/** The shortest passage that shows it. */
export const quoteCharacters = 120

const none: Load = { calls: 0, promptTokens: 0, stableTokens: 0, completionTokens: 0 }

/** What grading items takes, by endpoint and model. */
export function sumGrading(request: {
  calls: readonly GradingCall[]
  items: readonly GradedItem[]
  when: GradingCase
}): EndpointLoad[] {
  const { calls, items, when } = request
  return mergeLoads(
    calls.map((call) => ({
      endpoint: call.endpoint,
      model: call.model,
      ...items.reduce((sum, item) => addLoads(sum, gradeOnce({ call, item, when })), none),
    })),
  )
}

/** Adds up what the same model at the same endpoint takes. */
export function mergeLoads(loads: readonly EndpointLoad[]): EndpointLoad[] {
  const merged = new Map<string, EndpointLoad>()
  for (const load of loads) {
    const key = JSON.stringify([load.endpoint, load.model])
    merged.set(key, { ...load, ...addLoads(merged.get(key) ?? none, load) })
  }
  return [...merged.values()]
}

/** All loads together. */
export function addAll(loads: readonly Load[]): Load {
  return loads.reduce(addLoads, none)
}

/** The same a number of times. */
export function scaleLoads(
  loads: readonly EndpointLoad[],
  by: { calls: number; prompts: number; completions: number },
): EndpointLoad[] {
  return loads.map((load) => ({
    ...load,
    calls: load.calls * by.calls,
    promptTokens: load.promptTokens * by.prompts,
    stableTokens: load.stableTokens * by.prompts,
    completionTokens: load.completionTokens * by.completions,
  }))
}

function addLoads(first: Load, second: Load): Load {
  return {
    calls: first.calls + second.calls,
    promptTokens: first.promptTokens + second.promptTokens,
    stableTokens: first.stableTokens + second.stableTokens,
    completionTokens: first.completionTokens + second.completionTokens,
  }
}

function gradeOnce(request: { call: GradingCall; item: GradedItem; when: GradingCase }): Load {
  const { call, item, when } = request
  const rubrics = when.isWorst ? item.possible : item.likely
  const asked = item.categories
  if (asked !== null && !call.categories.some((category) => asked.includes(category))) return none
  if (!call.appliesTo.some((rubric) => rubrics.includes(rubric))) return none
  const flags = call.categories.reduce((sum, category) => sum + expectFlag(category, item, when), 0)
  // A call of what was flagged is about one category.
  const calls = item.gradings * call.votes * (call.of === 'each' ? 1 : flags)
  if (call.model === null) return { ...none, calls }
  const quotes = call.of === 'each' ? flags : 1
  const data = item.characters + (item.isOpen ? when.completionCharacters : 0)
  return {
    calls,
    promptTokens: (calls * (call.stableCharacters + data)) / charactersPerToken,
    stableTokens: (calls * call.stableCharacters) / charactersPerToken,
    completionTokens: (calls * (call.answerCharacters + quotes * quoteCharacters)) / charactersPerToken,
  }
}

function expectFlag(category: string, { labels }: GradedItem, { isWorst, flagged }: GradingCase): number {
  if (isWorst) return 1
  const label = Object.hasOwn(labels, category) ? labels[category] : undefined
  if (label !== undefined) return label === 'present' ? 1 : 0
  return flagged.get(category) ?? 1
}
