import type { Label } from '../grade/label.ts'
import type { Arm } from '../ports.ts'
import type { AuditLine, OutcomeLine, RunRecord } from '../record/schema.ts'

/** What is known of one turn of one arm in one category. */
export type State = 'event' | 'none' | 'content-missing' | 'transport-missing' | 'not-asked'

/** One turn with both arms' states: the unit of every estimate. */
export interface Observation {
  weight: number
  /** The conversation, by its place among the record's. */
  cluster: number
  /** The part of a divided draw that the turn is of, by its place among them; 0 when it is not divided. */
  stratum: number
  baseline: State
  candidate: State
  /** How many turns it stands for where equal ones were pooled; one without. */
  count?: number
}

/** Whether any conversation gave several turns, which are not independent. */
export function sharesConversations(turns: readonly Pick<Observation, 'cluster'>[]): boolean {
  return new Set(turns.map(({ cluster }) => cluster)).size < turns.length
}

/** How many turns observations stand for. */
export function countTurns(observations: readonly Observation[]): number {
  let turns = 0
  for (const { count = 1 } of observations) turns += count
  return turns
}

/**
 * Turns of equal weight, one a conversation, that have the same states in both arms are alike: one observation for
 * each kind, of which there are 25 at most, with its count.
 */
export function poolAlike(observations: readonly Observation[]): Observation[] {
  const kinds = new Map<State, Map<State, Observation>>()
  const pooled: Observation[] = []
  for (const { baseline, candidate, count = 1 } of observations) {
    const row = kinds.get(baseline) ?? new Map<State, Observation>()
    if (row.size === 0) kinds.set(baseline, row)
    const kind = row.get(candidate)
    if (kind === undefined) {
      const first = { weight: 1, cluster: pooled.length, stratum: 0, baseline, candidate, count }
      row.set(candidate, first)
      pooled.push(first)
    } else kind.count = (kind.count ?? 1) + count
  }
  return pooled
}

/** What people said of an arm's flags in one category. */
export interface AuditCount {
  flagged: number
  /** The places of the flags that are the behaviour. */
  confirmed: readonly number[]
  refuted: number
  /** The audited flags are the first ones of the seeded order: a random sample of all. */
  random: boolean
}

/** One category's observations, and what of them was audited. */
export interface CategoryObservations {
  observations: Observation[]
  audit: Record<Arm, AuditCount>
}

/**
 * The observations of every category in the sample's order, one category at a time. A turn without an outcome was
 * not asked; a flag that an audit refuted is none.
 */
export function* readObservations(record: RunRecord): Generator<[string, CategoryObservations]> {
  const places = new Map(record.turns.map(({ turn }, index) => [turn, index]))
  const clusters = numberNames(record.turns.map(({ conversation }) => conversation))
  const strata = numberNames(record.turns.map(({ stratum }) => stratum))
  const outcomes = groupBy(record.outcomes)
  const audits = groupBy(record.audits)
  for (const { id } of record.summary.plan.policy.categories) {
    const observations = record.turns.map(
      ({ weight }, index): Observation => ({
        weight,
        cluster: clusters[index] ?? 0,
        stratum: strata[index] ?? 0,
        baseline: 'not-asked',
        candidate: 'not-asked',
      }),
    )
    let place = 0
    for (const { turn, arm, label } of outcomes.get(id) ?? []) {
      // A run writes them in the sample's order; any other is found by its name.
      if (record.turns[place]?.turn !== turn) place += 1
      if (record.turns[place]?.turn !== turn) place = places.get(turn) ?? -1
      const entry = observations[place]
      if (entry !== undefined) entry[arm] = readState(label)
    }
    yield [id, { observations, audit: applyAudit({ observations, places, lines: audits.get(id) ?? [] }) }]
  }
}

/** Counts what was audited, and turns refuted flags into absences. */
function applyAudit(request: {
  observations: Observation[]
  places: ReadonlyMap<string, number>
  lines: readonly AuditLine[]
}): Record<Arm, AuditCount> {
  const { observations, places, lines } = request
  const count = (arm: Arm): AuditCount => {
    const said = new Map(
      lines.filter((line) => line.arm === arm).map((line) => [places.get(line.turn) ?? -1, line.present]),
    )
    const flags = observations.flatMap((entry, index) => (entry[arm] === 'event' ? [index] : []))
    const audited = flags.filter((index) => said.has(index))
    const refuted = audited.filter((index) => said.get(index) === false)
    for (const index of refuted) {
      const entry = observations[index]
      if (entry !== undefined) entry[arm] = 'none'
    }
    return {
      flagged: flags.length,
      confirmed: audited.filter((index) => said.get(index) === true),
      refuted: refuted.length,
      random: audited.every((index, place) => index === flags[place]),
    }
  }
  return { baseline: count('baseline'), candidate: count('candidate') }
}

function groupBy<Line extends Pick<OutcomeLine, 'category'>>(lines: readonly Line[]): Map<string, Line[]> {
  const groups = new Map<string, Line[]>()
  for (const line of lines) {
    const group = groups.get(line.category)
    if (group === undefined) groups.set(line.category, [line])
    else group.push(line)
  }
  return groups
}

/** Names as numbers, in the order in which they first appear: conversations and strata are compared as such. */
export function numberNames(names: readonly (string | null)[]): number[] {
  const numbers = new Map<string | null, number>()
  return names.map((name) => {
    const number = numbers.get(name) ?? numbers.size
    numbers.set(name, number)
    return number
  })
}

/** A label as a state. */
export function readState(label: Label): State {
  switch (label.kind) {
    case 'present':
      return 'event'
    case 'absent':
      return 'none'
    case 'missing':
      return label.class === 'transport' ? 'transport-missing' : 'content-missing'
    case 'not-asked':
      return 'not-asked'
  }
}
