import { formatCount } from './text.ts'

/** What a rate is shown in: per 100,000 turns below 0.1 %. */
export type Unit = '%' | 'per 100k'

const digitsKept = 12

/** The unit for a rate and whatever stands beside it: the first that is not zero decides. */
export function chooseUnit(...per100k: readonly number[]): Unit {
  const first = per100k.find((value) => value !== 0) ?? 0
  return first !== 0 && Math.abs(first) < 100 ? 'per 100k' : '%'
}

/** A rate in a unit: `0.24 %`, `3.3 per 100k`. */
export function formatIn(unit: Unit, per100k: number): string {
  return `${formatNumber(unit, per100k)} ${unit}`
}

/** A rate in a unit with every digit of it. */
export function formatExact(unit: Unit, per100k: number): string {
  return `${scale(unit, per100k)} ${unit}`
}

/** The number of a rate that stands beside its unit. */
export function formatTick(unit: Unit, per100k: number): string {
  return String(scale(unit, per100k))
}

/** Two rates in one unit: `0.05 to 0.3 %`, every digit of both. */
export function formatInterval(unit: Unit, [low, high]: readonly [number, number]): string {
  return `${scale(unit, low)} to ${formatExact(unit, high)}`
}

/** A limit with every digit of it; beside rates in another unit in both. */
export function formatLimit(per100k: number, beside?: Unit): string {
  const unit = chooseUnit(per100k)
  const limit = formatExact(unit, per100k)
  return beside === undefined || beside === unit ? limit : `${limit} (${formatExact(beside, per100k)})`
}

/**
 * A bound with as many digits as it takes to see on which side of the limit it lies: "at most 1.02 %" beside
 * a limit of 1 %, where two digits would say "at most 1 %".
 */
export function formatBound(unit: Unit, per100k: number, limitPer100k: number | null): string {
  if (limitPer100k === null) return formatIn(unit, per100k)
  const side = Math.sign(per100k - limitPer100k)
  for (let digits = countDigits(unit, per100k); ; digits += 1) {
    const shown = Number(per100k.toPrecision(digits))
    if (digits >= digitsKept || Math.sign(shown - limitPer100k) === side) {
      return `${scale(unit, shown)} ${unit}`
    }
  }
}

/** `+5.5 points`, or `+12 per 100k` beside rates in that unit. */
export function formatDifference(unit: Unit, per100k: number): string {
  const shown = formatSigned(unit, per100k)
  if (unit === 'per 100k') return `${shown} ${unit}`
  return `${shown} ${/^[+−]1$/.test(shown) ? 'point' : 'points'}`
}

/** Two differences in one unit: `−0.24 to +0.2 points`. */
export function formatDifferences(unit: Unit, [low, high]: readonly [number, number]): string {
  return `${formatSigned(unit, low)} to ${formatDifference(unit, high)}`
}

/** A margin with every digit of it, as differences are shown: `1 point`, `20 per 100k`; beside another unit in both. */
export function formatMargin(per100k: number, beside?: Unit): string {
  const unit = chooseUnit(per100k)
  const size = scale(unit, per100k)
  const margin = unit === '%' ? `${size} ${size === 1 ? 'point' : 'points'}` : `${size} ${unit}`
  return unit === '%' && beside === 'per 100k' ? `${margin} (${formatExact(beside, per100k)})` : margin
}

/** One rate over another with its bounds: `2.4 times (1.1 to 5.2)`; what is infinite is left out, `null` if all is. */
export function formatRatio(bounds: {
  ratio: number | null
  lower: number
  upper: number | null
}): string | null {
  const { ratio, lower, upper } = bounds
  const show = (factor: number) => {
    const rounded = Number(factor.toPrecision(factor >= 10 ? 3 : 2))
    return rounded >= 1000 ? formatCount(rounded) : String(rounded)
  }
  if (ratio === null) return lower > 0 ? `at least ${show(lower)} times` : null
  return `${show(ratio)} times (${upper === null ? `at least ${show(lower)}` : `${show(lower)} to ${show(upper)}`})`
}

/** `p = 0.013`, `p = 2.1e-9`: two digits, with an exponent below 1e-4. */
export function formatP(p: number): string {
  if (p < 1e-300) return 'p < 1e-300'
  const shown = Number(p.toPrecision(2))
  return `p = ${shown < 1e-4 ? shown.toExponential() : String(shown)}`
}

/** An error rate: `0.05`, `0.00833`. */
export function formatLevel(alpha: number): string {
  return String(Number(alpha.toPrecision(3)))
}

/** US dollars: `$0.42`, `$11`, `$1,240`. */
export function formatUsd(usd: number): string {
  if (usd === 0) return '$0'
  if (usd < 0.01) return 'less than $0.01'
  return usd < 9.995 ? `$${usd.toFixed(2)}` : `$${formatCount(Math.round(usd))}`
}

/** `42 s`, `12 min 30 s`, `3 h 5 min`. */
export function formatDuration(elapsedMs: number): string {
  const seconds = Math.round(elapsedMs / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** A share of a whole as a percentage: `2 %`, `0.5 %`; `–` of nothing. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return '–'
  const percent = (100 * part) / whole
  return `${Number(percent.toPrecision(percent >= 10 ? 3 : 2))} %`
}

/** How sure a one-sided bound is: `95 %` at α = .05. */
export function formatConfidence(alpha: number): string {
  return `${Number((100 * (1 - alpha)).toPrecision(6))} %`
}

/** `1 category`, `2 categories`. */
export function countThings(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

/** `a`, `a and b`, `a, b and c`. */
export function joinWords(words: readonly string[]): string {
  return words.join(', ').replace(/, (?=[^,]*$)/, ' and ')
}

/** An estimate of a count: rounded up to two digits. */
export function formatAbout(count: number): string {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, count))) - 1)
  return formatCount(Math.ceil(count / step) * step)
}

function formatSigned(unit: Unit, per100k: number): string {
  const sign = per100k === 0 ? '' : per100k > 0 ? '+' : '−'
  return sign + formatNumber(unit, Math.abs(per100k))
}

function formatNumber(unit: Unit, per100k: number): string {
  return String(scale(unit, Number(per100k.toPrecision(countDigits(unit, per100k)))))
}

// 70 / 1000 and the like have digits of their own that nobody wrote.
function scale(unit: Unit, per100k: number): number {
  return Number((unit === '%' ? per100k / 1000 : per100k).toPrecision(digitsKept))
}

/** Two digits, three from 10 on. */
function countDigits(unit: Unit, per100k: number): number {
  return Math.abs(scale(unit, per100k)) >= 10 ? 3 : 2
}
