/** The sum of numbers. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** How many standard errors of its mean a list of numbers lies from a value; over 1e6 if it doesn't vary. */
export function countErrors(values: readonly number[], truth: number): number {
  const mean = sum(values) / values.length
  const variance = sum(values.map((value) => (value - mean) * (value - mean))) / (values.length - 1)
  return (mean - truth) / Math.max(Math.sqrt(variance / values.length), 1e-12)
}
