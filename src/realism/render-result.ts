import type {
  AutomaticRealism,
  DiscriminatorResult,
  RealismResult,
  WrittenWinRate,
} from '../policy/realism-result.ts'
import { isNameOf } from '../replay/model-name.ts'
import { countThings, formatP, formatShare } from '../report/format.ts'
import { formatCount } from '../report/text.ts'
import { wrapLine } from '../report/wrap.ts'
import { safeText } from '../safe-text.ts'

type Control = DiscriminatorResult['control']
type Slice = DiscriminatorResult['slices'][number]

const widestName = 48

/** A measurement of realism as plain text for a terminal. */
export function renderRealism(result: RealismResult): string {
  const { discriminator, automatic, limits, pairs } = result
  const blocks = [
    [
      `${countThings(pairs.used, 'pair', 'pairs')} of ${formatCount(pairs.total)} in ${safeText(pairs.file)}, measured ${result.measured_at}`,
    ],
    ...(discriminator === null ? [] : listDiscriminator(discriminator, limits)),
    ...listAutomatic(automatic, limits),
    [
      'Win rate: how often the simulated rollout was taken for the real one; 50 % is what can’t be told apart. Bounds are one-sided 95 % bounds, each.',
    ],
  ]
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => block.flatMap((line) => (line.includes('  ') ? [line] : wrapLine(line))).join('\n'))
    .join('\n\n')
}

function listDiscriminator(measured: DiscriminatorResult, limits: RealismResult['limits']): string[][] {
  const { model, answered_as: names, requests, position, missing, identical, slices } = measured
  const answered = Object.entries(names).map(([name, count]) => `${safeText(name)} (${formatCount(count)})`)
  const strangers = Object.keys(names).filter((name) => !isNameOf(model, name))
  const lost = Object.entries(missing).map(([cause, count]) => `${cause} ${formatCount(count)}`)
  return [
    [
      `Discriminator: ${safeText(model)}, answered as ${answered.length === 0 ? 'nobody' : answered.join(', ')}; ${countThings(requests, 'request', 'requests')}`,
      ...(strangers.length === 0
        ? []
        : [
            'Warning: some answers come under another name than was asked for: whose they are, nobody can tell.',
          ]),
      sayVerdict(measured, limits),
      sayWinRate(measured.win_rate),
      `${sayExact(measured.win_rate)} Both orders of a pair are one observation.`,
      ...(identical === 0
        ? []
        : [`${countThings(identical, 'pair', 'pairs')} of identical rollouts, tied without a request.`]),
      `The rollout shown first was chosen ${formatCount(position.first)} of ${formatCount(position.choices)} times (${formatShare(position.first, position.choices)}).`,
      ...(lost.length === 0 ? [] : [`Without a choice: ${lost.join(', ')}.`]),
      sayControl(measured.control),
    ],
    renderSlices(slices),
  ]
}

function listAutomatic(measured: AutomaticRealism, limits: RealismResult['limits']): string[][] {
  const { permutation_p: p, permutations, features, folds, telling } = measured
  const heads = ['feature', 'coefficient', 'real', 'simulated']
  const rows = telling.map(({ name, coefficient, real, simulated }) => [
    safeText(name, 2 * widestName),
    formatSmall(coefficient),
    formatSmall(real),
    formatSmall(simulated),
  ])
  return [
    [
      'Automatic: a logistic regression on features, no model',
      sayVerdict(measured, limits),
      sayWinRate(measured.win_rate),
      `${countThings(features, 'feature', 'features')}, ${formatCount(folds)}-fold cross-validation by conversation, ${countThings(permutations, 'permutation', 'permutations')}: ${formatP(p)}, one-sided.`,
      sayControl(measured.control),
    ],
    rows.length === 0 ? [] : renderTable([heads, ...rows]),
    rows.length === 0
      ? []
      : [
          'Coefficients are log odds of "real" for one standard step up; lengths and counts are logarithms of 1 + them. Where the regression does not tell them apart they mean nothing by themselves.',
        ],
  ]
}

function sayVerdict(
  { verdict, reason }: Pick<DiscriminatorResult, 'verdict' | 'reason'>,
  limits: RealismResult['limits'],
): string {
  const within = `${percent(limits.lower)} to ${percent(limits.upper)}`
  const why = {
    'within-limits': `both bounds lie within ${within}`,
    'taken-for-simulated': 'simulated rollouts are taken for simulated ones more often than by chance',
    'taken-for-real': 'simulated rollouts are taken for the real ones more often than real ones are',
    blind: 'degraded rollouts were not detected, so that this proves nothing',
    'no-control': 'no rollout could be degraded, so that nothing shows that differences would be found',
    'no-answers': 'no pair has an answer in both orders',
    'too-few': `neither told apart from chance, nor shown to lie within ${within}: more pairs may tell`,
  }[reason]
  return `${verdict.toUpperCase()}: ${why}.`
}

function sayWinRate(winRate: WrittenWinRate): string {
  const { rate, won, tied, lost, missing, pairs, conversations } = winRate
  const shown = rate === null ? 'none' : percent(rate)
  const gone = missing === 0 ? '' : `, ${formatCount(missing)} missing`
  return `Win rate ${shown} (${sayBounds(winRate)}) of ${countThings(pairs, 'pair', 'pairs')} in ${countThings(conversations, 'conversation', 'conversations')}: ${formatCount(won)} won, ${formatCount(tied)} tied, ${formatCount(lost)} lost${gone}.`
}

function sayExact({ p, method, effective_pairs: size }: WrittenWinRate): string {
  const bounds =
    method === 'exact'
      ? 'bounds by Clopper and Pearson'
      : `bounds by Korn and Graubard, clustered by conversation: worth ${formatCount(Math.round(size))} independent pairs`
  return `Against 50 %: ${formatP(p)}, exact and two-sided; ${bounds}.`
}

function sayControl(control: Control): string {
  if (control === null) return 'Control: there was none.'
  const { rate, lower, pairs, by_kind: kinds } = control
  const shown = rate === null ? 'none' : percent(rate)
  const parts = kinds.map(
    ({ kind, detected, pairs: own }) => `${kind} ${formatCount(detected)} of ${formatCount(own)}`,
  )
  return `Control: ${shown} of ${formatCount(pairs)} degraded rollouts detected, at least ${percent(lower)} (${parts.join(', ')}).`
}

const findings: Record<Slice['finding'], string> = {
  'gives-away': 'gives the simulation away',
  'taken-for-real': 'taken for real more often than real ones',
  'not-shown': '–',
  'too-few': 'too few to tell',
}

function renderSlices(slices: readonly Slice[]): string[] {
  if (slices.length === 0) return []
  const heads = ['of results or tool', 'pairs', 'win rate', 'bounds', 'adjusted p', 'finding']
  const rows = slices.map((slice) => [
    `${slice.by} ${safeText(slice.name, widestName)}`,
    formatCount(slice.pairs),
    slice.rate === null ? '–' : percent(slice.rate),
    sayBounds(slice),
    slice.adjusted_p === null ? '–' : formatSmall(slice.adjusted_p),
    findings[slice.finding],
  ])
  return [
    ...renderTable([heads, ...rows]),
    'Slices overlap: a pair is in each that its simulated rollout used. p adjusted by Holm over all of them, bounds not.',
  ]
}

function sayBounds({ lower, upper }: { lower: number; upper: number }): string {
  return `${percent(lower)} to ${percent(upper)}`
}

/** Rates here are large: tenths of a percent tell 45.0 from 44.9. */
function percent(proportion: number): string {
  return `${(100 * proportion).toFixed(1)} %`
}

function formatSmall(value: number): string {
  return String(Number(value.toPrecision(2)))
}

/** Rows of cells as lines, their columns two spaces apart: the first cell to the left, numbers to the right. */
function renderTable(rows: readonly string[][]): string[] {
  const last = (rows[0]?.length ?? 0) - 1
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => [...(row[column] ?? '')].length)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const gap = ' '.repeat((widths[column] ?? 0) - [...cell].length)
        return column === 0 || (column === last && !/^[-\d]/.test(cell)) ? cell + gap : gap + cell
      })
      .join('  ')
      .trimEnd(),
  )
}
