import { GateError } from '../errors.ts'
import { checkShape, formatPath } from '../policy/document.ts'
import { type AuditLine, auditLineSchema, type RunRecord } from './schema.ts'

/**
 * Parses an audit: a JSON line for each flag that a person read, `{"turn", "arm", "category", "present"}`. A flag may
 * come once; the record's own lines stay, unless the audit says something else of the same flag.
 * @throws GateError naming file and line of what is not JSON, not a flag of this run, or said twice
 */
export function parseAudit(request: { record: RunRecord; file: string; text: string }): AuditLine[] {
  const { record, file, text } = request
  const flags = new Set(
    record.outcomes.filter(({ label }) => label.kind === 'present').map((outcome) => nameFlag(outcome)),
  )
  const said = new Map<string, AuditLine>()
  text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .forEach((written, index) => {
      if (written.trim() === '') return
      const refuse = (message: string, remedy: string, field?: string) =>
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
      const name = nameFlag(checked.value)
      if (!flags.has(name)) {
        const { turn, arm, category } = checked.value
        throw refuse(
          `turn "${turn}" of the ${arm} is not labelled present in "${category}"`,
          'audit the flags of this run: the lines of outcomes.jsonl whose label is present',
        )
      }
      if (said.has(name)) throw refuse('this flag is audited on an earlier line too', 'keep one of them')
      said.set(name, checked.value)
    })
  const kept = record.audits.filter((line) => !said.has(nameFlag(line)))
  return [...kept, ...said.values()].toSorted((a, b) => (nameFlag(a) < nameFlag(b) ? -1 : 1))
}

/** A flag by its category, arm and turn. */
export function nameFlag({ turn, arm, category }: Pick<AuditLine, 'turn' | 'arm' | 'category'>): string {
  return JSON.stringify([category, arm, turn])
}
