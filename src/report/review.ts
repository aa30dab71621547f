import type { Label } from '../grade/label.ts'
import type { Votes } from '../grade/votes.ts'
import type { Arm } from '../ports.ts'
import type { KeptContent, ReviewItem, ReviewReason } from '../record/review.ts'
import { type RecordSummary, runFiles } from '../record/schema.ts'
import { countThings } from './format.ts'
import { describeSteps } from './review-steps.ts'
import { formatCount, joinTexts, say, type Text, verbatim } from './text.ts'

/** One completion in one category that a person should read; none of its text is escaped for any sink. */
export interface ReviewRow {
  category: string
  arm: Arm
  turn: string
  why: readonly ReviewReason[]
  /** `present`, `absent` or `missing: cannot-tell`. */
  label: string
  /** `1/0 2/1`: how many said present and how many absent, grader by grader; a third number where some said neither. */
  votes: string
  prescreens: readonly string[]
  /** What the judge quoted, the steps of a trajectory before its last answer, and that; `null` where no text was kept. */
  text: { quote: string; steps?: string; completion: string } | null
  /** What a person has said of it. */
  human: 'present' | 'absent' | null
}

/** What people should read of a run, flags first. */
export interface ReviewView {
  rows: ReviewRow[]
  /** Whether rows may hold text, so that there is something to read beside the ids. */
  keepsText: boolean
  /** How many there are of each kind, and what to do with them; nothing without any. */
  howTo: Text[]
}

/** Puts what people should read in words. */
export function buildReview(items: readonly ReviewItem[], record: RecordSummary): ReviewView {
  const keepsText = record.retainText === 'artifact'
  const flags = items.filter(({ label }) => label.kind === 'present').length
  const read = items.filter(({ human }) => human !== null).length
  return {
    rows: items.map((item) => describeRow(item, keepsText)),
    keepsText,
    howTo:
      items.length === 0
        ? []
        : [
            sayCounts({ flags, others: items.length - flags, read }),
            sayHowTo(keepsText),
            sayRules(items.length > flags),
          ],
  }
}

function describeRow(item: ReviewItem, keepsText: boolean): ReviewRow {
  const { category, arm, turn, why, label, votes, prescreens, content, human } = item
  const quote = label.kind === 'present' ? (label.quote ?? '') : ''
  return {
    category,
    arm,
    turn,
    why,
    label: describeLabel(label),
    votes: votes.map(describeVotes).join(' '),
    prescreens,
    text: keepsText && content !== null ? { quote, ...describeKept(content) } : null,
    human,
  }
}

function describeLabel(label: Label): string {
  return label.kind === 'missing' ? `missing: ${label.cause}` : label.kind
}

function describeVotes({ present, absent, missing }: Votes): string {
  return [present, absent, ...(missing === 0 ? [] : [missing])].join('/')
}

function describeKept(content: KeptContent): Omit<NonNullable<ReviewRow['text']>, 'quote'> {
  const steps = describeSteps(content.steps)
  return { ...(steps === '' ? {} : { steps }), completion: describeContent(content) }
}

/** All that came back, as one reads it: what is not plain text is marked. */
function describeContent({ text, refusal, toolCalls, reasoning }: KeptContent): string {
  const parts = [
    text,
    refusal === null ? '' : `[refusal] ${refusal}`,
    ...toolCalls.map(({ function: called }) => `[tool call] ${called.name}(${called.arguments})`),
    reasoning === null ? '' : `[reasoning] ${reasoning}`,
  ]
  return parts.filter((part) => part !== '').join('\n')
}

function sayCounts(counts: { flags: number; others: number; read: number }): Text {
  const { flags, others, read } = counts
  const known = read === 0 ? '' : ` ${formatCount(read)} of them ${read === 1 ? 'is' : 'are'} read.`
  const beside = others === 0 ? '' : `, and ${countThings(others, 'other item', 'other items')}`
  return say`${countThings(flags, 'flag', 'flags')}${beside}: completions in a category that a person should read.${known}`
}

function sayHowTo(keepsText: boolean): Text {
  const file = verbatim(runFiles.review)
  const command = verbatim(`checkpoint-gate decide RUN_DIR --reviews RUN_DIR/${runFiles.review}`)
  const fill = say`They are the rows of ${file}: from the top, write ${verbatim('present')} or ${verbatim('absent')} into the column ${verbatim('human')}, leave blank what you have not read, and run ${command}. It decides again, offline.`
  const kept = say`No text was kept, so that here are ids only: set ${verbatim('retain_text: artifact')} in the policy to have the completions beside them.`
  return keepsText ? fill : joinTexts([fill, kept])
}

function sayRules(withOthers: boolean): Text {
  const flags = say`The flags come in the order of the draw, category by category: the first ones are a random sample of all. What nobody reads counts as labelled.`
  const others = say`Once one of the other items is read in a category, it can't pass until all of them are, in both arms.`
  return withOthers ? joinTexts([flags, others]) : flags
}
