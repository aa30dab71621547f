import { GateError } from '../errors.ts'
import { suggestKey } from '../policy/document.ts'
import type { AuditLine, CompletionSummary, OutcomeLine, RunRecord } from '../record/schema.ts'

/** A completion of the baseline with what it is, by the graders where they did not flag it and else by a person. */
export interface PickedTurn {
  turn: string
  completion: Extract<CompletionSummary, { kind: 'completed' }>
  label: 'present' | 'absent'
  chosen: 'random' | 'flagged'
}

/** What of a run can be added to a labelled set, and how many turns can't be for which reason. */
export interface Picked {
  /** How many of the run's turns were looked at: the first ones of its draw. */
  looked: number
  turns: PickedTurn[]
  leftOut: Map<string, number>
}

const shownFlags = 10

/**
 * Picks the first turns of a run's draw, which are a random part of it, from the baseline's arm. What nobody flagged is
 * `absent`; a flag is what a person said of it, and one that is confirmed is known only because it was flagged.
 * @throws GateError for a category that the run has not, for a run that kept no text, and for flags that nobody has read
 */
export function pickTurns(request: { record: RunRecord; category: string; turns: number | null }): Picked {
  const { record, category } = request
  requireCategory(record, category)
  requireText(record)
  const turns = record.turns.slice(0, request.turns ?? record.turns.length).map(({ turn }) => turn)
  const own = <Line extends { turn: string; arm: string; category?: string }>(lines: {
    filter(keep: (line: Line) => boolean): Line[]
  }) =>
    new Map(
      lines
        .filter((line) => line.arm === 'baseline' && (line.category ?? category) === category)
        .map((line) => [line.turn, line]),
    )
  const outcomes = own(record.outcomes)
  const completions = own([...record.completions])
  const audits = own(record.audits)
  requireAudits({ record, turns, outcomes, audits })
  const picked: PickedTurn[] = []
  const leftOut = new Map<string, number>()
  for (const turn of turns) {
    const label = outcomes.get(turn)?.label ?? { kind: 'not-asked' as const }
    const completion = completions.get(turn)?.completion
    const said = audits.get(turn)?.present
    const isKnown = said !== undefined || label.kind === 'absent'
    if (completion?.kind === 'completed' && isKnown)
      picked.push({
        turn,
        completion,
        label: said === true ? 'present' : 'absent',
        chosen: said === true ? 'flagged' : 'random',
      })
    else addReason(leftOut, label.kind === 'not-asked' ? 'not asked' : 'without a label')
  }
  return { looked: turns.length, turns: picked, leftOut }
}

/** Counts a turn that is left out. */
export function addReason(leftOut: Map<string, number>, reason: string): void {
  leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1)
}

function requireCategory({ summary }: RunRecord, category: string): void {
  const ids = summary.plan.policy.categories.map(({ id }) => id)
  if (ids.includes(category)) return
  throw new GateError({
    code: 'usage',
    message: `the run has no category "${category}"${suggestKey(category, ids)}`,
    remedy: 'correct --category',
  })
}

function requireText({ summary }: RunRecord): void {
  if (summary.retainText === 'artifact') return
  throw new GateError({
    code: 'record',
    message: 'the run kept no text of its completions, and a labelled set is made of them',
    where: { file: 'record.json', field: 'retainText' },
    remedy:
      'set `retain_text: artifact` in the policy (docs/policy.md says who can read it then), and run again',
  })
}

function requireAudits(request: {
  record: RunRecord
  turns: readonly string[]
  outcomes: ReadonlyMap<string, OutcomeLine>
  audits: ReadonlyMap<string, AuditLine>
}): void {
  const { turns, outcomes, audits } = request
  const unread = turns.filter((turn) => outcomes.get(turn)?.label.kind === 'present' && !audits.has(turn))
  if (unread.length === 0) return
  const shown = unread.slice(0, shownFlags).join(', ')
  const more = unread.length > shownFlags ? ` and ${unread.length - shownFlags} more` : ''
  // Not the turns before the first of them: chosen so, they would hold no false flag.
  throw new GateError({
    code: 'audit',
    message: `nobody has read ${unread.length} of the baseline's flags among the first ${turns.length} turns: ${shown}${more}`,
    remedy: `fill in their lines of review.csv and take them in with \`decide RUN_DIR --reviews\``,
  })
}
