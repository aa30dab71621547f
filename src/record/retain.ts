import type { MeasuredUnit } from '../grade/grade.ts'
import type { Label } from '../grade/label.ts'
import type { Completion } from '../replay/completion.ts'
import type { CompletionSummary, RecordedUnit } from './schema.ts'

/** What is kept of a measured unit: text only where policy allows it. */
export function summarizeUnit(unit: MeasuredUnit, retainText: 'none' | 'artifact'): RecordedUnit {
  const keepText = retainText === 'artifact'
  const labels = Object.entries(unit.labels).map(([category, label]) => [
    category,
    summarizeLabel(label, keepText),
  ])
  return {
    turn: unit.turn,
    arm: unit.arm,
    completion: summarizeCompletion(unit.completion, keepText),
    labels: Object.fromEntries(labels),
    trails: unit.trails,
    prescreens: unit.prescreens,
    uses: unit.uses,
  }
}

/** A label as it is kept: a quote is text of the completion. */
export function summarizeLabel(label: Label, keepText: boolean): Label {
  return label.kind === 'present' && !keepText ? { kind: 'present' } : label
}

function summarizeCompletion(completion: Completion, keepText: boolean): CompletionSummary {
  switch (completion.kind) {
    case 'completed': {
      const { model, finishReason, systemFingerprint, servedDigest, usage } = completion
      const { text, reasoning, refusal, toolCalls } = completion
      return {
        kind: 'completed',
        model,
        finishReason,
        systemFingerprint,
        ...(servedDigest === undefined ? {} : { servedDigest }),
        usage,
        characters: text.length,
        refused: refusal !== null,
        toolCalls: toolCalls.length,
        content: keepText ? { text, reasoning, refusal, toolCalls } : null,
      }
    }
    case 'failed':
      return { kind: 'failed', cause: completion.cause }
    case 'not-asked':
      return completion
  }
}
