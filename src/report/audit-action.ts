import type { Arm } from '../ports.ts'
import { runFiles } from '../record/schema.ts'
import { isHalfRead } from '../verdict/decide-category.ts'
import type { DecidedCategory } from './decided-category.ts'
import { countThings, joinWords } from './format.ts'
import { formatCount, say, type Text, verbatim } from './text.ts'

const arms: readonly Arm[] = ['candidate', 'baseline']

/** What to do about flags that nobody has read: which, how many, and how to say what they are. */
export function sayAudit(decided: DecidedCategory): Text {
  const toRead = listUnread(decided)
  if (toRead.length === 0) return []
  const command = verbatim('checkpoint-gate decide RUN_DIR --audit FILE')
  if (decided.record.retainText === 'none') {
    return say`The flagged completions were not kept: set ${verbatim('retain_text: artifact')} in the policy and run again, then read the judge's flags and run ${command} (docs/verdicts.md).`
  }
  return say`Read the judge's flags, ${joinWords(toRead)} (${verbatim('present')} in ${verbatim(runFiles.outcomes)}), write down what each is, and run ${command} (docs/verdicts.md).`
}

/** What was read, of a FAIL that is confirmed. */
export function sayConfirmed({ estimate }: DecidedCategory): Text {
  const { flagged, audited, refuted } = estimate.candidate.audit
  if (flagged === 1) return say`The candidate's flag was read and confirmed: mend the checkpoint.`
  const read = audited === flagged ? 'all were' : `${formatCount(audited)} ${audited === 1 ? 'was' : 'were'}`
  return say`Of the candidate's ${countThings(flagged, 'flag', 'flags')} ${read} read and ${formatCount(audited - refuted)} confirmed: mend the checkpoint.`
}

/** A limit is the candidate's alone, a comparison both arms'. */
function listUnread({ estimate, verdict }: DecidedCategory): string[] {
  const unread = arms.filter((arm) => estimate[arm].audit.audited < estimate[arm].audit.flagged)
  const isOfLimit = verdict.reason === 'over-limit' || (verdict.reason === 'judge' && !isHalfRead(estimate))
  const asked = isOfLimit ? unread.slice(0, 1) : unread
  return asked.map((arm) => {
    const { flagged, audited } = estimate[arm].audit
    return audited === 0
      ? `the ${arm}'s ${formatCount(flagged)}`
      : `${formatCount(flagged - audited)} more of the ${arm}'s ${formatCount(flagged)}`
  })
}
