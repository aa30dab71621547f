import type { Prescreen } from '../grade/prescreen.ts'
import type { Arm } from '../ports.ts'
import type { CompletionLine, CompletionLines } from './schema.ts'
import { nameUnit } from './unit-name.ts'

/** Which of the completions of a record are not left to one opinion of a judge. */
export class Prescreened {
  /** How many completions there are. */
  readonly completions: Record<Arm, number> = { baseline: 0, candidate: 0 }
  /** Why some are not left to one opinion, by unit. */
  readonly reasons = new Map<string, readonly Prescreen[]>()

  add({ turn, arm, completion, prescreens = [] }: CompletionLine): void {
    if (completion.kind !== 'completed') return
    this.completions[arm] += 1
    if (prescreens.length > 0) this.reasons.set(nameUnit({ turn, arm }), prescreens)
  }
}

/** What is known of it, or is found by going through all completions. */
export function findPrescreened(lines: CompletionLines): Prescreened {
  if (lines.prescreened !== undefined) return lines.prescreened
  const found = new Prescreened()
  for (const line of lines) found.add(line)
  return found
}
