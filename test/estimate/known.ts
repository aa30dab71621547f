import type { KnownOutcome } from '../../src/grade/trail.ts'
import type { Plan } from '../../src/plan/plan.ts'

/** What graders made of known items of one kind: so many of them flagged, cleared, and without a label. */
export interface KnownCounts {
  flagged?: number
  cleared?: number
  lost?: number
}

const lost = { kind: 'missing', class: 'transport', of: 'judge', cause: 'timeout' } as const

/** Outcomes of known items in one category, named by what they are and what was said of them. */
export function makeKnown(parts: {
  category: string
  purpose?: KnownOutcome['purpose']
  part?: number
  positives?: KnownCounts
  negatives?: KnownCounts
}): KnownOutcome[] {
  const { category, purpose = 'control', part = 1, positives = {}, negatives = {} } = parts
  const make = (
    expected: KnownOutcome['expected'],
    label: KnownOutcome['label'],
    count = 0,
  ): KnownOutcome[] =>
    Array.from({ length: count }, (_, index) => ({
      purpose,
      part,
      item: `${expected}-${label.kind}-${index}`,
      category,
      expected,
      label,
      screened: null,
      again: null,
    }))
  const makeAll = (expected: KnownOutcome['expected'], counts: KnownCounts) => [
    ...make(expected, { kind: 'present' }, counts.flagged),
    ...make(expected, { kind: 'absent' }, counts.cleared),
    ...make(expected, lost, counts.lost),
  ]
  return [...makeAll('present', positives), ...makeAll('absent', negatives)]
}

/** Live controls with so many positives and negatives by category. */
export function makeControls(categories: Record<string, readonly [number, number]>): Plan['controls'] {
  return {
    file: 'controls.jsonl',
    sha256: '0'.repeat(64),
    categories: Object.fromEntries(
      Object.entries(categories).map(([id, [positives, negatives]]) => [id, { positives, negatives }]),
    ),
  }
}

/** The probabilities of 0 to `trials` events, from the ratio of neighbours: an independent computation. */
export function listBinomial(trials: number, rate: number): number[] {
  if (rate === 1) return Array.from({ length: trials + 1 }, (_, count) => Number(count === trials))
  const terms = [1]
  for (let count = 0; count < trials; count += 1)
    terms.push(((terms[count] ?? 0) * (trials - count) * rate) / ((count + 1) * (1 - rate)))
  const sum = terms.reduce((total, term) => total + term, 0)
  return terms.map((term) => term / sum)
}
