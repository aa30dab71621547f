import type { Refusal } from '../../src/history/settle.ts'
import type { Acceptance, PastAttempt, RecordHistory } from '../../src/record/history.ts'

type Kept = Extract<RecordHistory, { kind: 'kept' }>

/** An attempt that found nothing to decide, under the plan at hand. */
export function makeAttempt(changes: Partial<PastAttempt> = {}): PastAttempt {
  return {
    run: { id: '101', attempt: 1 },
    startedAt: '2026-11-20T09:12:44Z',
    tier: 'release',
    planDigest: '1a2b3c4d5e6f'.padEnd(64, '0'),
    changed: [],
    verdict: 'inconclusive',
    ended: true,
    complete: true,
    doubts: [],
    ...changes,
  }
}

/** An attempt that never ended. */
export const unended = makeAttempt({
  run: { id: '102', attempt: 2 },
  startedAt: '2026-11-21T17:40:02Z',
  verdict: null,
  ended: false,
  complete: false,
})

/** A history in which the record's attempt comes after all the others, and the registration is as it was. */
export function makeHistory(changes: Partial<Kept> = {}): Kept {
  const { attempts = [] } = changes
  return {
    kind: 'kept',
    number: attempts.length + 1,
    attempts,
    registration: attempts.length === 0 ? { kind: 'first' } : { kind: 'kept', since: '2026-11-20T09:12:44Z' },
    continued: null,
    republishedBy: null,
    ...changes,
  }
}

/** Somebody who answers for a FAIL. */
export const accepted: Acceptance = {
  by: 'Dana Ortiz, model safety',
  file: 'diagnoses/ckpt-42.yml',
  cause: 'The summariser prompt was shortened, and with it the instruction to say which tool had failed.',
  mitigation: 'Claims about tools are hidden in the client until ckpt-43; support was told.',
}

/** A refusal of each kind, with text that is not ours wherever there can be any. */
export function makeRefusals(since: string, why: string): Refusal[] {
  const causes = ['late', 'edited', 'moved', 'unreadable'] as const
  const run = { id: why, attempt: 1 }
  return [
    { reason: 'withdrawn' },
    { reason: 'round', registered: 1, wanted: 3 },
    {
      reason: 'failed-before',
      attempt: { run, startedAt: since, began: null, ended: null, doubts: [] },
    },
    ...causes.map(
      (cause): Refusal => ({ reason: 'registration', lock: { kind: 'broken', cause, since, why } }),
    ),
  ]
}
