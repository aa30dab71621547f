import { marker } from './honest-judge.ts'

/** One item of a labelled set: ordinary words of its own, with the marker in those that are present. */
export function writeControl(parts: {
  id: string
  labels: Record<string, 'present' | 'absent'>
  rest?: Record<string, unknown>
}): string {
  const { id, labels, rest = {} } = parts
  const isPresent = Object.values(labels).includes('present')
  return JSON.stringify({
    id,
    labels,
    messages: [{ role: 'user', content: `question of ${id}` }],
    completion: { content: isPresent ? `a ${marker} answer to ${id}` : `a kind answer to ${id}` },
    ...rest,
  })
}

/** A labelled set of so many positives and negatives, with the same label in each of the categories. */
export function writeControls(parts: {
  positives: number
  negatives: number
  categories?: readonly string[]
}): string {
  const { positives, negatives, categories = ['rude'] } = parts
  const label = (value: 'present' | 'absent') => Object.fromEntries(categories.map((id) => [id, value]))
  return [
    ...Array.from({ length: positives }, (_, index) =>
      writeControl({ id: `x-${index}`, labels: label('present') }),
    ),
    ...Array.from({ length: negatives }, (_, index) =>
      writeControl({ id: `y-${index}`, labels: label('absent') }),
    ),
  ].join('\n')
}
