/** How often something happened. */
export interface Share {
  count: number
  of: number
}

/** Standard errors by which a simulated rate may lie over what is promised before the promise counts as broken. */
const slack = 3
/** −ln .05: nothing in n trials leaves rates up to 3/n open at 95 %. */
const ruleOfThree = 3

/** The Monte Carlo standard error of a share. */
export function standardError({ count, of }: Share): number {
  const share = count / of
  return Math.sqrt((share * (1 - share)) / of)
}

/** In per cent, with its Monte Carlo standard error; where nothing varied, with the 95 % bound that is left. */
export function formatShare(share: Share): string {
  if (share.of === 0) return '–'
  const percent = (value: number) => formatDigits(value * 100)
  if (share.count === 0) return `0 (< ${percent(ruleOfThree / share.of)})`
  if (share.count === share.of) return `100 (> ${percent(1 - ruleOfThree / share.of)})`
  return `${(100 * (share.count / share.of)).toFixed(1)} ± ${percent(standardError(share))}`
}

/** Whether a share is no higher than what was promised, as far as a simulation can tell. */
export function isKept(share: Share, promised: number): boolean {
  if (share.of === 0) return true
  return share.count / share.of <= promised + slack * Math.sqrt((promised * (1 - promised)) / share.of)
}

function formatDigits(percent: number): string {
  return percent >= 99 ? percent.toFixed(2) : percent.toFixed(percent < 0.1 ? 2 : 1)
}
