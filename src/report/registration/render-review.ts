import { countThings } from '../format.ts'
import { fitSections } from '../reporters/fit.ts'
import { renderList, renderTable, renderText } from '../reporters/markdown.ts'
import { renderHeadline } from '../reporters/sections.ts'
import { formatPlain, joinTexts, say, type Text } from '../text.ts'
import {
  type CommitmentText,
  describeCommitment,
  describeGround,
  describeOutcome,
} from './describe-review.ts'
import type { RegistrationReview } from './review.ts'

/** The first line of the comment on what a change registers: another one than the gate's. */
export const registrationMarker = '<!-- checkpoint-gate-registration -->'

/** GitHub refuses a comment over 65,536 characters. */
const longestComment = 60_000
const longestTable = 16_000
const longestList = 8000
const mostShown = 20

/** What changed registrations commit to, for every place where it is told. */
export interface ReviewText {
  /** One line of plain text, inert. */
  headline: string
  comment: string
  summary: string
}

/** Renders a review. */
export function renderReview(review: RegistrationReview): ReviewText {
  const { word, finding } = describeOutcome(review)
  const headline = renderHeadline({ word: [word], finding })
  // What is wrong comes first; the log has every problem.
  const inOrder = review.registrations.toSorted(
    (a, b) => Number(b.problems.length > 0) - Number(a.problems.length > 0),
  )
  const commitments = inOrder.slice(0, mostShown).map((reviewed) => describeCommitment(reviewed, review))
  const left = inOrder.length - commitments.length
  const page = (first: string) =>
    fitSections({
      head: [first, headline, ...renderAlert('NOTE', describeGround(review))].join('\n\n'),
      sections: [
        ...commitments.map((commitment, index) => ({
          title: `registration ${index + 1}`,
          body: renderCommitment(commitment),
        })),
        {
          title: 'the rest',
          body: left === 0 ? '' : `${countThings(left, 'more file', 'more files')} changed.`,
        },
      ],
      longestBytes: longestComment,
    })
  return {
    headline: `${word}: ${formatPlain(finding)}`,
    comment: page(registrationMarker),
    summary: page('## Checkpoint Gate: registrations'),
  }
}

function renderCommitment(commitment: CommitmentText): string {
  const { title, problems, notices, lines, rows, amendments } = commitment
  const parts = [
    `### ${renderText(title)}`,
    ...renderAlert('CAUTION', problems),
    ...renderAlert('WARNING', notices),
    renderList(lines, longestList),
    rows.length === 0
      ? ''
      : renderTable({
          header: [
            'Category',
            'Predicted',
            'Interval',
            'Direction',
            'Limit',
            'Smallest rate',
            'At the prediction',
          ],
          rows: rows.map((row) => [
            row.category,
            row.predicted,
            row.interval,
            row.direction,
            row.limit,
            row.smallest,
            row.power,
          ]),
          longestBytes: longestTable,
        }),
    ...(amendments.length === 0
      ? []
      : [
          renderList(
            amendments.map((text) => joinTexts([say`Amendment`, text])),
            longestList,
          ),
        ]),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function renderAlert(kind: 'NOTE' | 'WARNING' | 'CAUTION', texts: readonly Text[]): string[] {
  if (texts.length === 0) return []
  const list = renderList(texts, longestList)
  return [[`> [!${kind}]`, ...list.split('\n').map((line) => `> ${line}`)].join('\n')]
}
