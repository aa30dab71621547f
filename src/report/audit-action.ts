import type { Arm } from '../ports.ts'
import { runFiles } from '../record/schema.ts'
import { areOthersHalfRead, isHalfRead } from '../verdict/decide-category.ts'
import type { DecidedCategory } from './decided-category.ts'
import { countThings, joinWords } from './format.ts'
import { formatCount, joinTexts, say, type Text, verbatim } from './text.ts'

const arms: readonly Arm[] = ['candidate', 'baseline']

/** What to do about what nobody has read: which, how many, and how to say what they are. */
export function sayAudit(decided: DecidedCategory): Text {
  return joinTexts([sayFlags(decided), sayOthers(decided)])
}

function sayFlags(decided: DecidedCategory): Text {
  const toRead = listUnread(decided)
  if (toRead.length === 0) return []
  const command = verbatim(`checkpoint-gate decide RUN_DIR --reviews RUN_DIR/${runFiles.review}`)
  const { history, retainText } = decided.record
  // A FAIL that is kept stands: another run would publish it again, and ask nothing.
  if (retainText === 'none' && history.kind === 'kept') {
    return say`The flagged completions were not kept (${verbatim('retain_text: none')}), so that nobody can read them.`
  }
  if (retainText === 'none') {
    return say`The flagged completions were not kept: set ${verbatim('retain_text: artifact')} in the policy and run again, then read the judge's flags, fill in ${verbatim(runFiles.review)} and run ${command}.`
  }
  return say`Read the judge's flags, ${joinWords(toRead)}, fill in ${verbatim('human')} in ${verbatim(runFiles.review)}, and run ${command}.`
}

/** Where some of the others were read, what is left of them. */
function sayOthers({ estimate }: DecidedCategory): Text {
  if (!areOthersHalfRead(estimate)) return []
  const left = arms.flatMap((arm) => {
    const { others } = estimate[arm].audit
    if (others === null || others.read === others.listed) return []
    return [`${formatCount(others.listed - others.read)} of the ${arm}'s ${formatCount(others.listed)}`]
  })
  const command = verbatim('checkpoint-gate decide RUN_DIR --reviews FILE')
  return say`Read what is left in ${verbatim(runFiles.review)} beside the flags, ${joinWords(left)}, and run ${command}.`
}

/** What was read, of a FAIL that is confirmed. */
export function sayConfirmed({ estimate }: DecidedCategory): Text {
  const { flagged, audited, refuted, others } = estimate.candidate.audit
  const found = others?.found ?? 0
  if (flagged === 0 && found > 0) {
    return say`People found ${countThings(found, 'turn', 'turns')} that the judge had not flagged: mend the checkpoint.`
  }
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
