import { boundProportion } from '../estimate/proportion-bounds.ts'
import { roundBound } from '../estimate/rounding.ts'
import { chooseVocabulary, type Features, readFeatures } from './features.ts'
import { fitLogistic, project, type Rows } from './logistic.ts'
import type { RealismPair } from './pair.ts'
import { createRandomFor, shuffleByHash } from './seed.ts'
import { estimateWinRate, type PairOutcome, type WinRate } from './win-rate.ts'

/** Held-out parts; fewer where there are fewer conversations. */
const mostFolds = 5
/** A standardised weight has a prior standard deviation of 1/√penalty: ⅓, as the log of odds. */
const penalty = 9
/** How many features are listed. */
const mostListed = 10

/** What a feature tells the automatic version. */
export interface TellingFeature {
  name: string
  /** Log odds of "real" for one standard step (the root mean square of the differences) up. */
  coefficient: number
  /** Means of the feature over real and simulated rollouts; lengths and counts are logarithms of 1 + them. */
  real: number
  simulated: number
}

/** What a logistic regression on features makes of pairs: no model is asked. */
export interface AutomaticResult {
  winRate: WinRate
  /** By pair. */
  outcomes: PairOutcome[]
  /** The chance of a win rate as low if real and simulated could change places, by permutation of conversations. */
  permutationP: number
  permutations: number
  folds: number
  /** How many features differ within any pair. */
  features: number
  telling: TellingFeature[]
}

/**
 * Picks the real one of each pair by a regression that was fitted on the other conversations, and tests whether it does so
 * more often than by chance: the fit and its cross-validation are made again with the two rollouts of random conversations
 * exchanged, which keeps everything else. The bounds are those of `estimateWinRate` at no more pairs than these exchanges show
 * the choices to be worth.
 * With fewer than two conversations every pair is tied.
 */
export function discriminateByFeatures(request: {
  pairs: readonly RealismPair[]
  alpha: number
  seed: string
  permutations: number
}): AutomaticResult {
  const { pairs, alpha, seed, permutations } = request
  const table = tabulate(pairs)
  const folds = assignFolds(pairs, seed)
  const held = { rows: table.rows, folds }
  const plain = pairs.map(() => 1)
  const wins = crossValidate(held, plain)
  const outcomes = pairs.map(({ conversation }, index): PairOutcome => {
    const value = wins[index] ?? 0.5
    return { conversation, taken: [value > 0, value === 1] }
  })
  const drawn = permute({ held, pairs, permutations, random: createRandomFor(seed, 'permutations') })
  const total = sum(wins)
  const asLow = drawn.filter((own) => own <= total).length
  return {
    outcomes,
    winRate: widenBounds(estimateWinRate({ outcomes, alpha }), { drawn, alpha }),
    permutationP: roundBound((asLow + 1) / (permutations + 1)),
    permutations,
    folds: new Set(folds).size,
    features: table.names.length,
    telling: listTelling(table),
  }
}

/** The sums of wins with the two rollouts of random conversations exchanged. */
function permute(parts: {
  held: Held
  pairs: readonly RealismPair[]
  permutations: number
  random: () => number
}): number[] {
  const { held, pairs, permutations, random } = parts
  const conversations = [...new Set(pairs.map(({ conversation }) => conversation))].toSorted()
  return Array.from({ length: permutations }, () => {
    const exchanged = new Set(conversations.filter(() => random() < 0.5))
    return sum(
      crossValidate(
        held,
        pairs.map(({ conversation }) => (exchanged.has(conversation) ? -1 : 1)),
      ),
    )
  })
}

/**
 * Choices of one fit are not independent. How much less they are worth shows where real and simulated are exchanged: there
 * the rate is ½, and as many independent pairs would spread it by ½/√n.
 */
function widenBounds(winRate: WinRate, parts: { drawn: readonly number[]; alpha: number }): WinRate {
  const { drawn, alpha } = parts
  const { pairs, rate, lower, upper, effectivePairs } = winRate
  if (rate === null || drawn.length < 2) return winRate
  const middle = sum(drawn) / drawn.length
  const squares = sum(drawn.map((own) => (own - middle) * (own - middle))) / (drawn.length - 1)
  const worth = squares === 0 ? effectivePairs : (pairs * pairs) / 4 / squares
  if (worth >= effectivePairs) return winRate
  const wide = boundProportion({ events: rate * worth, trials: worth, alpha })
  return {
    ...winRate,
    lower: Math.min(lower, roundBound(wide.lower)),
    upper: Math.max(upper, roundBound(wide.upper)),
    effectivePairs: roundBound(worth),
  }
}

interface Table {
  names: string[]
  /** Real less simulated, each feature divided by the root mean square of its differences. */
  rows: Rows
  means: { real: number; simulated: number }[]
}

/** Features that differ in no pair tell nothing and are left out. */
function tabulate(pairs: readonly RealismPair[]): Table {
  const vocabulary = chooseVocabulary(pairs)
  const read = pairs.map(({ real, simulated }) => ({
    real: readFeatures(real, vocabulary),
    simulated: readFeatures(simulated, vocabulary),
  }))
  const mean = (side: 'real' | 'simulated', name: string) =>
    sum(read.map((features) => readValue(features[side], name))) / Math.max(1, read.length)
  const differ = (name: string) =>
    read.map(({ real, simulated }) => readValue(real, name) - readValue(simulated, name))
  const columns = Object.keys(read[0]?.real ?? {}).flatMap((name) => {
    const differences = differ(name)
    const size = Math.sqrt(sum(differences.map((own) => own * own)) / Math.max(1, read.length))
    return size === 0 ? [] : [{ name, values: differences.map((own) => own / size) }]
  })
  return {
    names: columns.map(({ name }) => name),
    rows: pairs.map((_, row) => Float64Array.from(columns, ({ values }) => values[row] ?? 0)),
    means: columns.map(({ name }) => ({ real: mean('real', name), simulated: mean('simulated', name) })),
  }
}

function readValue(features: Features, name: string): number {
  return Object.hasOwn(features, name) ? (features[name] ?? 0) : 0
}

/** By pair: which part it is held out in; a conversation is held out as a whole. */
function assignFolds(pairs: readonly RealismPair[], seed: string): number[] {
  const names = [...new Set(pairs.map(({ conversation }) => conversation))].map((id) => ({ id }))
  const count = Math.min(mostFolds, names.length)
  const folds = new Map(shuffleByHash(names, `${seed}\0folds`).map(({ id }, index) => [id, index % count]))
  return pairs.map(({ conversation }) => folds.get(conversation) ?? 0)
}

/** The rows, and which part each is held out in. */
interface Held {
  rows: Rows
  folds: readonly number[]
}

/** By pair: 1 where the simulated rollout is taken for the real one, 0 where it is not, ½ where nothing tells them apart. */
function crossValidate(held: Held, signs: readonly number[]): number[] {
  const { rows, folds } = held
  const wins = rows.map(() => 0.5)
  for (const fold of new Set(folds)) {
    const kept = rows.flatMap((_, index) => (folds[index] === fold ? [] : [index]))
    if (kept.length === 0) continue
    const weights = fitLogistic({
      rows: kept.map((index) => rows[index] ?? new Float64Array()),
      signs: kept.map((index) => signs[index] ?? 1),
      penalty,
    })
    for (const [index, row] of rows.entries()) {
      if (folds[index] !== fold) continue
      const score = (signs[index] ?? 1) * project(weights, row)
      wins[index] = score > 0 ? 0 : score < 0 ? 1 : 0.5
    }
  }
  return wins
}

function listTelling({ names, rows, means }: Table): TellingFeature[] {
  const weights = fitLogistic({ rows, signs: rows.map(() => 1), penalty })
  return names
    .map((name, index) => ({
      name,
      coefficient: roundBound(weights[index] ?? 0),
      real: roundBound(means[index]?.real ?? 0),
      simulated: roundBound(means[index]?.simulated ?? 0),
    }))
    .toSorted((a, b) => Math.abs(b.coefficient) - Math.abs(a.coefficient))
    .slice(0, mostListed)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
