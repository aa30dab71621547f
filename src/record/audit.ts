import { GateError } from '../errors.ts'
import { checkShape, formatPath } from '../policy/document.ts'
import { listReviewItems, nameItem } from './review.ts'
import { type AuditLine, auditLineSchema, type RunRecord } from './schema.ts'

/** Refuses what a person wrote: what is wrong, what to do, and the field where there is one. */
export type Refuse = (message: string, remedy: string, field?: string) => GateError

/** Takes in what people said of a record's items to read, one after the other. */
export interface AuditCollector {
  /** @throws what `refuse` makes where it is no item of the record, or was said before */
  add(line: AuditLine, refuse: Refuse): void
  /** All that is said now: the record's own lines stay, unless something else was said of the same item. */
  merge(): AuditLine[]
}

/** Collects what people say of the items of a record. */
export function collectAudits(record: RunRecord): AuditCollector {
  const items = new Set(listReviewItems(record).map(nameItem))
  const said = new Map<string, AuditLine>()
  return {
    add(line, refuse) {
      const name = nameItem(line)
      if (!items.has(name)) {
        const { turn, arm, category } = line
        throw refuse(
          `turn "${turn}" of the ${arm} is not labelled present in "${category}", nor among the others to read there`,
          'audit what this run lists in review.csv: the lines of outcomes.jsonl whose label is present, and what its graders were not of one mind about',
        )
      }
      if (said.has(name)) throw refuse('this item is audited on an earlier line too', 'keep one of them')
      said.set(name, line)
    },
    merge() {
      const kept = record.audits.filter((line) => !said.has(nameItem(line)))
      return [...kept, ...said.values()].toSorted((a, b) => (nameItem(a) < nameItem(b) ? -1 : 1))
    },
  }
}

/**
 * Parses an audit: a JSON line for each item that a person read, `{"turn", "arm", "category", "present"}`. An item may
 * come once; the record's own lines stay, unless the audit says something else of the same item.
 * @throws GateError naming file and line of what is not JSON, not an item to read of this run, or said twice
 */
export function parseAudit(request: { record: RunRecord; file: string; text: string }): AuditLine[] {
  const { record, file, text } = request
  const audits = collectAudits(record)
  text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .forEach((written, index) => {
      if (written.trim() === '') return
      const refuse: Refuse = (message, remedy, field) =>
        new GateError({ code: 'audit', message, where: { file, line: index + 1, field }, remedy })
      let value: unknown
      try {
        value = JSON.parse(written)
      } catch {
        throw refuse('not JSON', 'write one JSON object a line')
      }
      const checked = checkShape(auditLineSchema, value)
      if (checked.kind === 'wrong') {
        const [problem] = checked.problems
        throw refuse(problem.message, problem.remedy, formatPath(problem.path) || undefined)
      }
      audits.add(checked.value, refuse)
    })
  return audits.merge()
}
