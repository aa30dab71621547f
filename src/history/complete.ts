import type { Label } from '../grade/label.ts'
import { isFinal } from '../record/journal-lines.ts'
import type { RunRecord } from '../record/schema.ts'
import { findIdentityProblems } from '../verdict/identity.ts'
import type { CategoryReason, CategoryVerdict, Verdict } from '../verdict/schema.ts'

/** What can become of a run's results in another run. */
export interface Standing {
  /** Its verdict stands: asking again could only draw anew. */
  complete: boolean
  /** What it has measured can be kept, and the rest asked: after a cut, or the release run after the smoke run. */
  continuable: boolean
}

/** Graders that were not what they were, so that none of their labels is kept. */
const untrusted: ReadonlySet<CategoryReason> = new Set(['judge-changed', 'control-failed'])
/** What asking on, or once more, may mend. */
const unfinished: ReadonlySet<CategoryReason> = new Set(['not-asked', 'measurement'])

/**
 * Whether a run was carried through, and with the models that it was about: a wrong address, or a judge that changed or can't
 * be read, has measured something else, and is measured anew. What is missing for the sake of transport is asked once more, where it
 * kept a verdict from being reached.
 */
export function assessStanding({ summary, outcomes }: RunRecord, verdict: Verdict): Standing {
  const blocking = verdict.categories.filter(({ role }) => role === 'block')
  const isTrusted =
    findIdentityProblems(summary).length === 0 &&
    !blocking.some((category) => untrusted.has(category.reason) || isUnread(category))
  if (!isTrusted) return { complete: false, continuable: false }
  const wasCarriedThrough = summary.stopped === null || summary.stopped === 'decided'
  const isDecided = verdict.verdict !== 'inconclusive'
  const isNotAsked = blocking.some(({ reason }) => reason === 'not-asked')
  const isMissing = blocking.some(({ reason }) => unfinished.has(reason))
  const complete =
    wasCarriedThrough &&
    (isDecided || !isMissing || (!isNotAsked && outcomes.every(({ label }) => isSettled(label))))
  return { complete, continuable: true }
}

// Not one answer of the judge could be read: it is the wrong address, or the wrong model.
function isUnread({ reason, candidate, baseline }: CategoryVerdict): boolean {
  return reason === 'judge' && (candidate.graded === 0 || baseline.graded === 0)
}

function isSettled(label: Label): boolean {
  return label.kind === 'not-asked' || isFinal(label)
}
