import type { ReportView } from '../../view.ts'
import { controlHeader } from '../graders.ts'
import { html, type Markup, markCode } from './markup.ts'
import { renderFacts, renderTable } from './tables.ts'

/** The graders' facts and controls; nothing where there is nothing to say of them. */
export function renderGraders({ graders }: ReportView): Markup | null {
  const { facts, controls } = graders
  if (facts.length === 0 && controls.length === 0) return null
  const table =
    controls.length === 0
      ? null
      : renderTable({
          label: 'Controls',
          header: controlHeader,
          rows: controls.map((row) => [
            markCode(row.category),
            row.known,
            row.flagged,
            row.unlabelled,
            row.p,
            row.result,
          ]),
        })
  return html`${facts.length === 0 ? null : renderFacts(facts)}${table}`
}
