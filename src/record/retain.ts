import type { z } from 'zod'
import type { MeasuredUnit } from '../grade/grade.ts'
import type { Label } from '../grade/label.ts'
import type { Completion, Step } from '../replay/completion.ts'
import type { CompletionSummary, RecordedUnit } from './schema.ts'
import { type stepSchema, summarizeSteps } from './trajectory.ts'

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
      const { text, reasoning, refusal, toolCalls, steps } = completion
      const calls = (steps ?? []).reduce((sum, step) => sum + step.toolCalls.length, toolCalls.length)
      const kept = steps === undefined ? {} : { steps: steps.map(keepStep) }
      return {
        kind: 'completed',
        model,
        finishReason,
        systemFingerprint,
        ...(servedDigest === undefined ? {} : { servedDigest }),
        usage,
        characters: text.length,
        refused: refusal !== null,
        toolCalls: calls,
        content: keepText ? { text, reasoning, refusal, toolCalls, ...kept } : null,
        ...(steps === undefined ? {} : { trajectory: summarizeSteps(steps) }),
      }
    }
    case 'failed':
      return { kind: 'failed', cause: completion.cause }
    case 'not-asked':
      return completion
  }
}

/** Without keys that say nothing: what is read back has to be what was written. */
function keepStep({ results, ...step }: Step): z.infer<typeof stepSchema> {
  return {
    ...step,
    results: results.map(({ defect, ...result }) => (defect === undefined ? result : { ...result, defect })),
  }
}
