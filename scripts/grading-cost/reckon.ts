import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type JudgePolicy, resolveGraders } from '../../src/policy/judge-policy.ts'
import { parseRubric } from '../../src/policy/rubric.ts'
import type { GradedItem } from '../../src/report/forecast/graded-items.ts'
import { listGradingCalls, measureData } from '../../src/report/forecast/grading-calls.ts'
import { type EndpointLoad, sumGrading } from '../../src/report/forecast/grading-load.ts'
import { type ModelPrice, priceSpending } from '../../src/report/forecast/price.ts'

const root = resolve(import.meta.dirname, '../..')

/** What the table is reckoned from. */
export interface CostAssumptions {
  /** Characters of a prefix, as a judge reads it, and of a completion. */
  prefixCharacters: number
  answerCharacters: number
  /** The share of the completions that a judge flags in each category, and of those that are graded twice. */
  flaggedShare: number
  twiceShare: number
  /** Examples, not any provider's. */
  prices: { small: Required<Omit<ModelPrice, 'batchShare'>>; large: Required<Omit<ModelPrice, 'batchShare'>> }
}

/** Lengths: the means over the 142 assistant turns of 100 English conversations of OpenAssistant. */
export const exampleAssumptions: CostAssumptions = {
  prefixCharacters: 650,
  answerCharacters: 1120,
  flaggedShare: 0.01,
  twiceShare: 0.05,
  prices: {
    small: { inputUsdPer1m: 0.25, cachedInputUsdPer1m: 0.025, outputUsdPer1m: 2 },
    large: { inputUsdPer1m: 1.25, cachedInputUsdPer1m: 0.125, outputUsdPer1m: 10 },
  },
}

/** The models by the names of their prices. */
export type Model = keyof CostAssumptions['prices']

/** How completions are graded. */
export interface Grading {
  calls: JudgePolicy['calls']
  screen: Model
  confirm: Model | null
}

/** A shipped rubric as it stands. */
export interface ShippedRubric {
  id: string
  published: string | null
  text: string
}

/** The shipped rubrics, by id. */
export function readShippedRubrics(): ShippedRubric[] {
  return readdirSync(resolve(root, 'rubrics'))
    .filter((name) => name.endsWith('.md'))
    .toSorted()
    .map((name) => {
      const text = readFileSync(resolve(root, 'rubrics', name), 'utf8')
      const { id, published } = parseRubric({ file: `rubrics/${name}`, text })
      return { id, published, text }
    })
}

/** What grading so many turns in two arms takes, by model: every rubric applies to every turn. */
export function loadGrading(request: {
  rubrics: readonly ShippedRubric[]
  turns: number
  grading: Grading
  assumptions: CostAssumptions
}): EndpointLoad[] {
  const { rubrics, turns, grading, assumptions } = request
  const judge = describeJudge(grading, assumptions)
  const categories = rubrics.map(({ id }) => ({
    id,
    graders: resolveGraders({ id, rubric: `builtin:${id}` }, judge),
  }))
  const texts = Object.fromEntries(rubrics.map(({ id, text }) => [`builtin:${id}`, text]))
  return sumGrading({
    calls: listGradingCalls({ policy: { categories }, rubrics: texts }),
    items: [describeTurns(turns, assumptions)],
    when: {
      isWorst: false,
      flagged: new Map(rubrics.map(({ id }) => [id, assumptions.flaggedShare])),
      completionCharacters: assumptions.answerCharacters,
    },
  })
}

/** US dollars of what grading takes, with or without a provider's cache of prompts. */
export function priceGrading(request: {
  loads: readonly EndpointLoad[]
  assumptions: CostAssumptions
  isCached: boolean
}): number {
  const { loads, assumptions, isCached } = request
  const none = { promptTokens: 0, completionTokens: 0 }
  const spent = { baseline: none, candidate: none, graders: loads }
  const usd = priceSpending({
    plan: { baseline: '', candidate: '' },
    spent,
    prices: assumptions.prices,
    isCached,
  })
  if (usd === null) throw new Error('a model without a price')
  return usd
}

function describeJudge({ calls, screen, confirm }: Grading, { twiceShare }: CostAssumptions): JudgePolicy {
  const asked = { endpoint: 'judge', temperature: null }
  return {
    ...asked,
    model: screen,
    calls,
    confirm: confirm === null ? null : { ...asked, model: confirm, votes: 3, agree: 'all' },
    secondGradingShare: twiceShare,
    controls: null,
    via: 'live',
  }
}

function describeTurns(turns: number, { prefixCharacters, twiceShare }: CostAssumptions): GradedItem {
  const turn = { id: '', conversation: '', prefix: [], tools: null, weight: 1, stratum: null, slice: {} }
  return {
    gradings: 2 * turns * (1 + twiceShare),
    characters: measureData({ turn }) + prefixCharacters,
    isOpen: true,
    likely: ['all', 'tool-calls', 'reasoning'],
    possible: ['all', 'tool-calls', 'reasoning'],
    categories: null,
    labels: {},
  }
}
