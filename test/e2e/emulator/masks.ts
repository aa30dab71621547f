/** The values that a job's log must not show. */
export type Masks = {
  add: (value: string) => void
  apply: (text: string) => string
  /** Every value added so far, each line of a multi-line value on its own too. */
  values: () => string[]
}

/**
 * Masks values, and each in base64, JSON and URI encoding. The runner knows a few more encodings: what is
 * masked here is masked there, so a leak that a test sees may be hidden on GitHub, never the other way round.
 */
export function createMasks(initial: readonly string[]): Masks {
  const values = new Set<string>()
  let needles: string[] = []
  const add = (value: string) => {
    for (const part of [value, ...value.split(/[\r\n]+/)]) if (part.trim() !== '') values.add(part)
    const encoded = new Set([...values].flatMap(encodings).filter((needle) => needle !== ''))
    // The longest first: a secret that contains another is hidden whole.
    needles = [...encoded].sort((a, b) => b.length - a.length)
  }
  for (const value of initial) add(value)
  return {
    add,
    apply: (text) => needles.reduce((masked, needle) => masked.replaceAll(needle, '***'), text),
    values: () => [...values],
  }
}

function encodings(value: string): string[] {
  return [
    value,
    Buffer.from(value).toString('base64'),
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
  ]
}
