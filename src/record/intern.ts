import type { RecordedUnit } from './schema.ts'

/** More different ones are not of the kind that repeats. */
const mostKept = 10_000

/**
 * Makes units that hold what many of them hold alike only once: names of models, sets of labels, and what is empty. A run
 * of 100,000 turns keeps 200,000 of them in memory until its record is written.
 */
export function createInterner(): (unit: RecordedUnit) => RecordedUnit {
  const kept = new Map<string, unknown>()
  const share = <Value>(value: Value): Value => {
    const key = typeof value === 'string' ? value : JSON.stringify(value)
    const known = kept.get(key)
    if (known !== undefined && typeof known === typeof value) return known as Value
    if (kept.size < mostKept) kept.set(key, value)
    return value
  }
  return (unit) => ({
    ...unit,
    completion: shareNames(unit.completion, share),
    // A quote is its completion's own.
    labels: Object.values(unit.labels).some(hasQuote) ? unit.labels : share(unit.labels),
    trails: Object.keys(unit.trails).length === 0 ? share(unit.trails) : unit.trails,
    prescreens: share(unit.prescreens),
    uses:
      unit.uses.length === 0
        ? share(unit.uses)
        : unit.uses.map((use) => ({ ...use, answeredAs: share(use.answeredAs) })),
  })
}

function shareNames(
  completion: RecordedUnit['completion'],
  share: <Value>(value: Value) => Value,
): RecordedUnit['completion'] {
  if (completion.kind !== 'completed') return share(completion)
  const { model, finishReason, systemFingerprint } = completion
  return {
    ...completion,
    model: model === null ? null : share(model),
    finishReason: share(finishReason),
    systemFingerprint: systemFingerprint === null ? null : share(systemFingerprint),
  }
}

function hasQuote(label: RecordedUnit['labels'][string]): boolean {
  return label.kind === 'present' && label.quote !== undefined
}
