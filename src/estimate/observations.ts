import type { Label } from '../grade/label.ts'
import type { Arm } from '../ports.ts'
import { createPlaceFinder, type FindPlace } from '../record/find-place.ts'
import { byCategory } from '../record/outcome-table.ts'
import { listReviewItems, type ReviewItem } from '../record/review.ts'
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

/** What people said of an arm's turns in one category. */
export interface AuditCount {
  flagged: number
  /** The places of the flags that are the behaviour. */
  confirmed: readonly number[]
  refuted: number
  /** The audited flags are the first ones of the seeded order: a random sample of all. */
  random: boolean
  /** Of the turns to read that are no flags; `null` where nobody read any in either arm. */
  others: OthersCount | null
}

/** What people said of the turns to read that the graders did not flag (`listReviewItems`). */
export interface OthersCount {
  listed: number
  read: number
  /** The places of those that are the behaviour all the same. */
  found: readonly number[]
}

/** One category's observations, and what of them was audited. */
export interface CategoryObservations {
  observations: Observation[]
  /**
   * What the arms are compared by. The same list, unless some of the others were read and not all: what was found in
   * one arm alone is no difference between the two.
   */
  compared: Observation[]
  audit: Record<Arm, AuditCount>
}

/**
 * The observations of every category in the sample's order, one category at a time: a list is filled anew for the next one,
 * so that 100,000 turns are held once. A turn without an outcome was not asked; a flag that an audit refuted is none.
 *
 * Each of the others is what people said of it once all of them were read, in both arms. Until then only what speaks
 * against the candidate counts: one of its turns that people found to be the behaviour is an event.
 */
export function* readObservations(record: RunRecord): Generator<[string, CategoryObservations]> {
  const observations = listObservations(record)
  const findPlace = createPlaceFinder(record.turns)
  const forEachOf = byCategory(record.outcomes)
  const audits = groupByCategory(record.audits)
  const items = groupByCategory(record.audits.length === 0 ? [] : listReviewItems(record))
  for (const { id } of record.summary.plan.policy.categories) {
    for (const entry of observations) {
      entry.baseline = 'not-asked'
      entry.candidate = 'not-asked'
    }
    forEachOf(id, ({ turn, arm, label }) => {
      const entry = observations[findPlace(turn) ?? -1]
      if (entry !== undefined) entry[arm] = readState(label)
    })
    const lines = audits.get(id) ?? []
    yield [id, applyAudit({ observations, findPlace, lines, items: items.get(id) ?? [] })]
  }
}

/** The turns of a record, of which nothing is known yet. */
function listObservations({ turns }: RunRecord): Observation[] {
  const clusters = numberNames(turns.map(({ conversation }) => conversation))
  const strata = numberNames(turns.map(({ stratum }) => stratum))
  return turns.map(({ weight }, index) => ({
    weight,
    cluster: clusters[index] ?? 0,
    stratum: strata[index] ?? 0,
    baseline: 'not-asked',
    candidate: 'not-asked',
  }))
}

interface AuditRequest {
  observations: Observation[]
  findPlace: FindPlace
  lines: readonly AuditLine[]
  /** What there is to read. */
  items: readonly ReviewItem[]
}

/** Counts what was audited, and turns labels into what people said. */
function applyAudit(request: AuditRequest): CategoryObservations {
  const { observations } = request
  // Flags that are taken back look like others: those are told apart first.
  const others = { baseline: readOthers(request, 'baseline'), candidate: readOthers(request, 'candidate') }
  const flags = { baseline: auditFlags(request, 'baseline'), candidate: auditFlags(request, 'candidate') }
  const isUnread = others.baseline.said.size + others.candidate.said.size === 0
  const isWhole = [others.baseline, others.candidate].every(({ listed, read }) => read === listed)
  const compared = isUnread || isWhole ? observations : observations.map((entry) => ({ ...entry }))
  const apply = (arm: Arm, said: Iterable<readonly [number, boolean]>) => {
    for (const [place, present] of said) {
      const entry = observations[place]
      if (entry !== undefined) entry[arm] = present ? 'event' : 'none'
    }
  }
  const { baseline, candidate } = others
  if (isWhole) apply('baseline', baseline.said)
  apply('candidate', isWhole ? candidate.said : candidate.found.map((place) => [place, true]))
  const count = (arm: Arm): AuditCount => {
    const { listed, read, found } = others[arm]
    return { ...flags[arm], others: isUnread ? null : { listed, read, found } }
  }
  return { observations, compared, audit: { baseline: count('baseline'), candidate: count('candidate') } }
}

/** What people said of an arm's turns, by their places. */
function findSaid({ findPlace, lines }: AuditRequest, arm: Arm): Map<number, boolean> {
  return new Map(
    lines.filter((line) => line.arm === arm).map((line) => [findPlace(line.turn) ?? -1, line.present]),
  )
}

/** Counts an arm's flags, and turns refuted ones into absences. */
function auditFlags(request: AuditRequest, arm: Arm): Omit<AuditCount, 'others'> {
  const { observations } = request
  const said = findSaid(request, arm)
  const flags: number[] = []
  observations.forEach((entry, index) => {
    if (entry[arm] === 'event') flags.push(index)
  })
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

interface OthersRead extends OthersCount {
  said: Map<number, boolean>
}

function readOthers(request: AuditRequest, arm: Arm): OthersRead {
  const { observations, findPlace, items } = request
  const own = items.filter((item) => item.arm === arm && item.label.kind !== 'present')
  const listed = new Set(own.map(({ turn }) => findPlace(turn) ?? -1))
  // Of a turn that is not listed, as it was graded anew since, only what speaks against the candidate counts.
  const isOther = (place: number, present: boolean) => {
    const state = observations[place]?.[arm]
    if (listed.has(place)) return true
    return arm === 'candidate' && present && (state === 'none' || state === 'content-missing')
  }
  const said = new Map([...findSaid(request, arm)].filter(([place, present]) => isOther(place, present)))
  return {
    listed: listed.size,
    read: [...listed].filter((place) => said.has(place)).length,
    said,
    found: [...said].flatMap(([place, present]) => (present ? [place] : [])),
  }
}

/** Lines by their category, in the order in which they stand. */
function groupByCategory<Line extends Pick<OutcomeLine, 'category'>>(
  lines: readonly Line[],
): Map<string, Line[]> {
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
