import { adjustHolm } from '../estimate/holm.ts'
import { roundBound } from '../estimate/rounding.ts'
import type { RealismPair } from './pair.ts'
import { estimateWinRate, type PairOutcome, type WinRate } from './win-rate.ts'

/** The pairs whose simulated rollout used a source of tool results, or a tool. */
export interface RealismSlice extends WinRate {
  by: 'source' | 'tool'
  name: string
  /** Adjusted by Holm over all slices that could show anything; `null` where this one could not. */
  adjustedP: number | null
  /** `gives-away`: its rollouts are told apart. `too-few`: no outcome of so few conversations would show it. */
  finding: 'gives-away' | 'taken-for-real' | 'not-shown' | 'too-few'
}

/** Rollouts without a tool call, and calls of which the pair does not say where their results came from. */
export const otherSources = { none: 'no tool call', unknown: 'not said' } as const

/** Where the results of a simulated rollout came from. */
export function listSources({ simulated, sources = {} }: RealismPair): string[] {
  const results = simulated.filter((message) => message.role === 'tool')
  if (results.length === 0) return [otherSources.none]
  const found = results.map(({ tool_call_id: id }) =>
    Object.hasOwn(sources, id) ? (sources[id] ?? otherSources.unknown) : otherSources.unknown,
  )
  return [...new Set(found)].toSorted()
}

/** The tools that a simulated rollout called. */
export function listTools({ simulated }: RealismPair): string[] {
  const names = simulated.flatMap((message) =>
    message.role === 'assistant' ? (message.tool_calls ?? []).map((call) => call.function.name) : [],
  )
  return [...new Set(names)].toSorted()
}

/**
 * The win rate by source and by tool. A pair is in every slice that its simulated rollout used, so that slices overlap: what
 * one tool gives away shows in those that are called beside it. Bounds are each slice's own, not adjusted. A slice of so few
 * conversations that even one outcome in all of them would not be significant is left out of the family before anything is
 * looked at: how many there are says nothing of their outcomes (Tarone 1990).
 */
export function estimateSlices(request: {
  judged: readonly { pair: RealismPair; outcome: PairOutcome }[]
  alpha: number
}): RealismSlice[] {
  const { judged, alpha } = request
  const slices = new Map<string, { by: 'source' | 'tool'; name: string; outcomes: PairOutcome[] }>()
  for (const { pair, outcome } of judged) {
    const names = [
      ...listSources(pair).map((name) => ({ by: 'source' as const, name })),
      ...listTools(pair).map((name) => ({ by: 'tool' as const, name })),
    ]
    for (const { by, name } of names) {
      const key = `${by}\0${name}`
      const slice = slices.get(key) ?? { by, name, outcomes: [] }
      slice.outcomes.push(outcome)
      slices.set(key, slice)
    }
  }
  const rated = [...slices.values()].map(({ by, name, outcomes }) => {
    const winRate = estimateWinRate({ outcomes, alpha })
    return { by, name, ...winRate, couldShow: smallestP(winRate.conversations) <= alpha }
  })
  const tested = rated.filter(({ couldShow }) => couldShow)
  const adjusted = new Map(adjustHolm(tested.map(({ p }) => p)).map((p, index) => [tested[index], p]))
  return rated
    .map(({ couldShow, ...slice }, index) => {
      const adjustedP = adjusted.get(rated[index]) ?? null
      return {
        ...slice,
        adjustedP: adjustedP === null ? null : roundBound(adjustedP),
        finding: describe({ ...slice, adjustedP, alpha }),
      }
    })
    .toSorted((a, b) => compareSlices(a, b))
}

/** The two-sided p value of as many conversations that all go the same way. */
function smallestP(conversations: number): number {
  return Math.min(1, 2 * Math.exp(-conversations * Math.LN2))
}

function describe(slice: WinRate & { adjustedP: number | null; alpha: number }): RealismSlice['finding'] {
  const { adjustedP, alpha, rate } = slice
  if (adjustedP === null) return 'too-few'
  if (adjustedP > alpha || rate === null) return 'not-shown'
  return rate < 0.5 ? 'gives-away' : 'taken-for-real'
}

function compareSlices(a: RealismSlice, b: RealismSlice): number {
  return a.by === b.by ? b.pairs - a.pairs || (a.name < b.name ? -1 : 1) : a.by === 'source' ? -1 : 1
}
