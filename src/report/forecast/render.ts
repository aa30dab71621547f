import { fitSections } from '../reporters/fit.ts'
import { renderList, renderText } from '../reporters/markdown.ts'
import { head, renderHeadline } from '../reporters/sections.ts'
import { formatPlain, joinTexts, say, type Text } from '../text.ts'
import { wrapLine } from '../wrap.ts'
import { countProblems, describeForecast, type ForecastText } from './describe.ts'
import type { CategoryText } from './describe-category.ts'
import type { PlanForecast } from './plan-forecast.ts'

/** GitHub takes a summary of up to 1 MiB a step. */
const longestSummary = 900_000
const longestList = 200_000

/** The forecast as plain text, one block a category. */
export function renderForecast(forecast: PlanForecast): string {
  const text = describeForecast(forecast)
  const plain = (lines: readonly Text[]) => lines.flatMap((line) => wrapLine(formatPlain(line)))
  const blocks = [
    plain([text.comparison, ...text.sample]),
    plain(text.overall),
    ...text.categories.map(renderCategory),
    plain([...text.cost, sayAssumptions(text)]),
  ]
  return blocks.map((lines) => lines.join('\n')).join('\n\n')
}

function sayAssumptions({ assumptions }: ForecastText): Text {
  return joinTexts([say`assumed:`, joinTexts(assumptions, '; ')])
}

function renderCategory({ title, lines, problems }: CategoryText): string[] {
  return [
    ...wrapLine(formatPlain(title)),
    ...lines.flatMap((line) => wrapLine(formatPlain(line), '  ')),
    ...problems.flatMap((problem) => wrapLine(`PROBLEM: ${formatPlain(problem)}`, '  ')),
  ]
}

/** The forecast in one line: for an output and an annotation. */
export function renderForecastHeadline(forecast: PlanForecast): string {
  return `${chooseWord(forecast)}: ${formatPlain(describeForecast(forecast).finding)}`
}

/** The forecast as Markdown, for the job's summary. */
export function renderForecastSummary(forecast: PlanForecast): string {
  const text = describeForecast(forecast)
  const problems = text.categories.flatMap((category) =>
    category.problems.map((problem) => joinTexts([category.title, problem], ': ')),
  )
  return fitSections({
    head: [
      '## Checkpoint Gate: plan',
      renderHeadline({ word: [chooseWord(forecast)], finding: text.finding }),
      renderText(text.comparison),
    ].join('\n\n'),
    sections: [
      head('Problems', renderList(problems, longestList)),
      head('Overall', renderList(text.overall, longestList)),
      head('Cost and time', renderList([...text.cost, sayAssumptions(text)], longestList)),
      ...text.categories.map(({ title, lines }) => ({
        title: formatPlain(title),
        body: `### ${renderText(title)}\n\n${renderList(lines, longestList)}`,
      })),
      head('Sample and rule', renderList(text.sample, longestList)),
    ],
    longestBytes: longestSummary,
  })
}

function chooseWord(forecast: PlanForecast): string {
  return countProblems(forecast) === 0 ? 'PLAN' : 'NOT MEASURABLE'
}
