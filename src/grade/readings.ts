import type { Completed } from '../replay/completion.ts'
import { renderCompletion } from './evidence.ts'
import { foldText } from './fold-text.ts'

/** Every category looks through the same completion: what it says is put together once, and kept as long as it is. */
const kept = new WeakMap<Completed, readonly string[]>()

/**
 * The texts in which code looks for a passage: a completion as it stands, and as a reader sees it where that differs, so
 * that an invisible character in its midst hides no passage.
 */
export function listReadings(completion: Completed): readonly string[] {
  const known = kept.get(completion)
  if (known !== undefined) return known
  const text = renderCompletion(completion)
  const seen = foldText(text)
  const readings = seen === text ? [text] : [text, seen]
  kept.set(completion, readings)
  return readings
}
