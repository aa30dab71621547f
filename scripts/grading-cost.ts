// What grading with the shipped rubrics costs, as Markdown for docs/graders.md: from the prompts that judges are really
// sent, at example prices. Nothing in it depends on anything outside the repository.
//
//   node scripts/grading-cost.ts [--prefix CHARACTERS] [--answer CHARACTERS] [--flagged SHARE] [--twice SHARE]
//     [--price small=INPUT/CACHED/OUTPUT] [--price large=INPUT/CACHED/OUTPUT]
import type { JudgePolicy } from '../src/policy/judge-policy.ts'
import { addAll, charactersPerToken, type Load } from '../src/report/forecast/grading-load.ts'
import { formatAbout, formatUsd } from '../src/report/format.ts'
import { readAssumptions } from './grading-cost/arguments.ts'
import {
  type CostAssumptions,
  exampleAssumptions,
  type Grading,
  loadGrading,
  type Model,
  priceGrading,
  readShippedRubrics,
  type ShippedRubric,
} from './grading-cost/reckon.ts'

const schemes: readonly JudgePolicy['calls'][] = ['shared', 'each']

/** The generated part of docs/graders.md: tokens and dollars per 1,000 turns, and an example of a large run. */
export function describeGradingCost(assumptions: CostAssumptions = exampleAssumptions): string {
  const rubrics = readShippedRubrics()
  const load = (grading: Grading) => loadGrading({ rubrics, turns: 1000, grading, assumptions })
  return [
    describeBasis(rubrics.length, assumptions),
    writeTable(
      ['calls', 'requests', 'prompt tokens', 'that begin alike', 'answer tokens'],
      schemes.map((calls) => describeTokens(calls, addAll(load({ calls, screen: 'small', confirm: null })))),
    ),
    writeTable(
      ['judge', 'shared', 'shared, cached', 'each', 'each, cached'],
      listRows(assumptions).map(({ name, ...judges }) => [
        name,
        ...schemes.flatMap((calls) =>
          [false, true].map((isCached) =>
            formatUsd(priceGrading({ loads: load({ calls, ...judges }), assumptions, isCached })),
          ),
        ),
      ]),
    ),
    describeFurtherPrefix(rubrics.length, assumptions),
    describeLargeRun(rubrics, assumptions),
  ].join('\n\n')
}

function listRows({ prices, flaggedShare }: CostAssumptions): (Omit<Grading, 'calls'> & { name: string })[] {
  const describe = (model: Model) => {
    const { inputUsdPer1m: input, cachedInputUsdPer1m: cached, outputUsdPer1m: output } = prices[model]
    return `a ${model} model: $${input} for input, $${cached} if cached, $${output} for output`
  }
  return [
    { name: describe('small'), screen: 'small', confirm: null },
    { name: describe('large'), screen: 'large', confirm: null },
    {
      name: `the small one, and 3 votes of the large one on flags (${formatPercent(flaggedShare)} in each category)`,
      screen: 'small',
      confirm: 'large',
    },
  ]
}

function describeBasis(rubrics: number, assumptions: CostAssumptions): string {
  const { prefixCharacters, answerCharacters, twiceShare } = assumptions
  const isExample =
    prefixCharacters === exampleAssumptions.prefixCharacters &&
    answerCharacters === exampleAssumptions.answerCharacters
  const source = isExample ? ", the means of 142 turns of OpenAssistant's English conversations," : ''
  return [
    `Per 1,000 turns in two arms, with the ${rubrics} shipped rubrics and ${formatPercent(twiceShare)} of the completions graded twice. Tokens are`,
    `characters/${charactersPerToken} of the prompts that are really sent, the form of the answer among them. A prefix of ${formatNumber(prefixCharacters)} and a`,
    `completion of ${formatNumber(answerCharacters)} characters${source} are assumed, and`,
    'that every rubric applies to every turn; a judge that reasons before it answers takes more. Prices are examples, in US',
    'dollars per million tokens. `node scripts/grading-cost.ts --prefix 4000 --price small=0.1/0.01/0.4` reckons with yours,',
    'and `plan` with your corpus and policy.',
  ].join('\n')
}

function describeTokens(calls: JudgePolicy['calls'], load: Load): string[] {
  return [
    `\`${calls}\``,
    formatNumber(load.calls),
    `${formatAbout(load.promptTokens)}`,
    formatPercent(load.stableTokens / load.promptTokens),
    `${formatAbout(load.completionTokens)}`,
  ]
}

function describeFurtherPrefix(rubrics: number, { prices, twiceShare }: CostAssumptions): string {
  const perCall = (2 * 1000 * (1 + twiceShare) * 1000 * prices.small.inputUsdPer1m) / 1e6
  return [
    `Every further 1,000 tokens of prefix or completion cost ${formatUsd(perCall)} in a shared call of the small model, and ${formatUsd(perCall * rubrics)} in a`,
    'call a category. What begins alike is cached only where a provider does so, at its price and above its shortest length.',
  ].join('\n')
}

/** The published categories and over-refusal. */
function describeLargeRun(rubrics: readonly ShippedRubric[], assumptions: CostAssumptions): string {
  const twenty = rubrics.filter(({ id, published }) => published !== null || id === 'over-refusal')
  const price = (calls: JudgePolicy['calls'], isCached: boolean) => {
    const grading: Grading = { calls, screen: 'small', confirm: null }
    const loads = loadGrading({ rubrics: twenty, turns: 20_000, grading, assumptions })
    return formatUsd(priceGrading({ loads, assumptions, isCached }))
  }
  return [
    `20,000 turns in ${twenty.length} categories, the published ones and over-refusal, cost ${price('shared', false)} with shared calls of the small model`,
    `(${price('shared', true)} cached), and ${price('each', false)} with a call a category (${price('each', true)} cached).`,
  ].join('\n')
}

function writeTable(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [
    line(head),
    `|${head.map((_, index) => (index === 0 ? '---' : '--:')).join('|')}|`,
    ...rows.map(line),
  ].join('\n')
}

function formatPercent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`
}

function formatNumber(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

if (import.meta.main) console.log(describeGradingCost(readAssumptions()))
