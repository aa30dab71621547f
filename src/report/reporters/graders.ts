import { say, verbatim } from '../text.ts'
import type { ReportView } from '../view.ts'
import { renderTable } from './markdown.ts'
import { renderFacts } from './sections.ts'

/** The graders' facts and controls; empty where there is nothing to say of them. */
export function renderGraders({ graders }: ReportView, longestBytes: number): string {
  const { facts, controls } = graders
  const parts = [
    facts.length === 0 ? '' : renderFacts(facts, longestBytes),
    controls.length === 0
      ? ''
      : renderTable({
          header: controlHeader,
          rows: controls.map((row) => [
            say`${verbatim(row.category)}`,
            row.known,
            row.flagged,
            row.unlabelled,
            row.p,
            row.result,
          ]),
          longestBytes,
        }),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

/** The columns of the table of controls. */
export const controlHeader = ['Category', 'Controls', 'Flagged', 'Without a label', 'By chance', 'Result']
