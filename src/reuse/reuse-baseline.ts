import { GateError } from '../errors.ts'
import type { Sources } from '../instruments.ts'
import { describeReplay } from '../measure-units.ts'
import { digestParts } from '../plan/parts.ts'
import { digestValue, type Plan } from '../plan/plan.ts'
import type { ResolvedPolicy } from '../policy/resolve.ts'
import type { Baselines, Clock, Log } from '../ports.ts'
import type { ReuseFacts } from '../record/reused.ts'
import type { RecordedProbe, RecordedUnit } from '../record/schema.ts'
import { nameUnit } from '../record/unit-name.ts'
import { toRequest } from '../replay/replay.ts'
import type { SampledTurn } from '../sample/draw.ts'
import { compareBaseline, findOtherName } from './check.ts'
import { findBaseline } from './find-baseline.ts'
import type { ReadBaseline } from './read-kept.ts'
import { digestRequest } from './request-digest.ts'

/** The share of the turns that are asked anew first, and how many they are at least. */
const checkedShare = 0.05
const fewestChecked = 50

type Units = ReadonlyMap<string, RecordedUnit>

/** What a run takes over of its baseline from an earlier run. */
export interface BaselineReuse {
  /** How many of the first turns are asked in both arms before anything is taken over; 0 where nothing is. */
  readonly checkedTurns: number
  /** How many units may be taken over after that. */
  readonly offered: number
  /** Compares these turns with what was kept of them, once. */
  settle(measured: { units: Units; probes: readonly RecordedProbe[] }): void
  /** What is taken over of some turns: nothing before it is settled, or where it came to nothing. */
  takeOver(turns: readonly SampledTurn[], units: Units): RecordedUnit[]
  /** For the record; absent where policy lets nothing be reused. */
  facts(): ReuseFacts | undefined
}

/** What reusing a baseline needs. */
export interface ReuseRequest {
  ports: { baselines?: Baselines | null; clock: Clock; log: Log }
  plan: Plan
  resolved: ResolvedPolicy
  /** In the order in which they are asked. */
  turns: readonly SampledTurn[]
  sources: Sources
  /** What earlier parts of the run have measured. */
  units: Units
}

/**
 * Looks for what an earlier run kept of the baseline. The candidate's units are never reused, nor is a baseline that is
 * compared with itself, or a recording, which costs nothing.
 * @throws GateError when somebody names one and policy lets none be reused
 */
export async function openReuse(request: ReuseRequest): Promise<BaselineReuse> {
  const { plan, resolved, turns, sources, units, ports } = request
  const days = resolved.policy.replay.reuseBaselineDays
  const { baselines } = ports
  if (days === null && baselines?.named === true) throw refuseNamed(resolved)
  const isLive = [sources.baseline, ...Object.values(sources.graders)].every(({ kind }) => kind === 'live')
  const open = turns.filter((turn) => !units.has(nameBaselineUnit(turn)))
  if (days === null || !baselines || !isLive || plan.baseline === plan.candidate || open.length === 0)
    return reuseNothing(days === null ? undefined : { days, check: null, notes: [] })
  const found = await findBaseline(baselines, {
    planParts: digestParts(plan),
    retainText: resolved.policy.retainText,
    categories: plan.policy.categories.map(({ id }) => id),
    requests: digestRequests(plan, turns),
    days,
    now: ports.clock.now(),
  })
  for (const note of found.notes) ports.log.info(`the baseline is not reused: ${note}`)
  const facts = { days, check: null, notes: found.notes }
  if (found.baseline === null) return reuseNothing(facts)
  const checkedTurns = chooseChecked({ turns, units, kept: found.baseline.units })
  if (checkedTurns === null) return reuseNothing(facts)
  return reuseFound({ request, baseline: found.baseline, checkedTurns, facts })
}

function refuseNamed({ file }: ResolvedPolicy): GateError {
  return new GateError({
    code: 'policy',
    message: 'a run is named whose baseline is to be reused, and the policy lets none be',
    where: { file, field: 'replay.reuse_baseline_days' },
    remedy: 'write there how many days old its answers may be, or leave --baseline-from out',
  })
}

function reuseNothing(facts: ReuseFacts | undefined): BaselineReuse {
  return { checkedTurns: 0, offered: 0, settle: () => undefined, takeOver: () => [], facts: () => facts }
}

/**
 * How many of the first turns have to be asked until enough can be compared; `null` where nothing would be left. What the run
 * has of an earlier run already can be compared with nothing.
 */
function chooseChecked(request: { turns: readonly SampledTurn[]; units: Units; kept: Units }): number | null {
  const { turns, units, kept } = request
  const isFresh = (turn: SampledTurn) => units.get(nameBaselineUnit(turn))?.measured?.run === undefined
  const wanted = Math.max(fewestChecked, Math.ceil(checkedShare * turns.length))
  let comparable = 0
  for (const [index, turn] of turns.entries()) {
    if (kept.has(turn.id) && isFresh(turn)) comparable += 1
    if (comparable < wanted) continue
    const isLeft = turns
      .slice(index + 1)
      .some((later) => kept.has(later.id) && !units.has(nameBaselineUnit(later)))
    return isLeft ? index + 1 : null
  }
  return null
}

function reuseFound(parts: {
  request: ReuseRequest
  baseline: ReadBaseline
  checkedTurns: number
  facts: ReuseFacts
}): BaselineReuse {
  const { request, baseline, checkedTurns } = parts
  const { turns, plan, ports } = request
  const checked = turns.slice(0, checkedTurns)
  const later = turns.slice(checkedTurns)
  const isOffered = (turn: SampledTurn, units: Units) =>
    baseline.units.has(turn.id) && !units.has(nameBaselineUnit(turn))
  let state: 'open' | 'taken' | 'dropped' = 'open'
  let { facts } = parts
  const drop = (why: string) => {
    state = 'dropped'
    facts = { ...facts, notes: [...facts.notes, why] }
    ports.log.warning(`the baseline is asked anew, whole: ${why}`)
  }
  return {
    checkedTurns,
    offered: later.filter((turn) => isOffered(turn, request.units)).length,
    settle({ units, probes }) {
      if (state !== 'open') return
      const compared = listCompared({ checked, units, kept: baseline.units })
      const categories = plan.policy.categories.map(({ id }) => id)
      const comparison = compareBaseline(compared, categories)
      if (comparison !== null) {
        const { turns: number, what, p } = comparison
        facts = { ...facts, check: { turns: number, what, p } }
      }
      const other = findOtherName(
        compared.map(({ fresh }) => fresh),
        baseline.units,
      )
      if (listOtherProbes(probes, baseline).length > 0) drop('its endpoint lists it otherwise than then')
      else if (comparison === null || comparison.turns < fewestChecked / 2)
        drop('too few of its first turns were answered to compare them')
      else if (other !== null) drop(`${other} is another than then`)
      else if (comparison.differs) {
        drop(`of ${comparison.turns} turns that were asked anew ${comparison.what} differ from what was kept`)
      } else state = 'taken'
    },
    takeOver(wanted, units) {
      if (state !== 'taken') return []
      return wanted.flatMap((turn) => {
        const unit = isOffered(turn, units) ? baseline.units.get(turn.id) : undefined
        return unit === undefined ? [] : [unit]
      })
    },
    facts: () => facts,
  }
}

function listCompared(request: { checked: readonly SampledTurn[]; units: Units; kept: Units }) {
  const { checked, units, kept } = request
  return checked.flatMap((turn) => {
    const [fresh, before] = [units.get(nameBaselineUnit(turn)), kept.get(turn.id)]
    if (fresh === undefined || before === undefined || fresh.measured?.run !== undefined) return []
    return [{ conversation: turn.conversation, fresh, kept: before }]
  })
}

/** What its endpoint says now that it did not say then. */
function listOtherProbes(probes: readonly RecordedProbe[], baseline: ReadBaseline): RecordedProbe[] {
  const known = new Set(baseline.probes.map(digestValue))
  return probes.filter(({ probe, result }) => probe === 'baseline' && !known.has(digestValue(result)))
}

function digestRequests(plan: Plan, turns: readonly SampledTurn[]): Map<string, string> {
  const settings = describeReplay(plan)
  return new Map(
    turns.map((turn) => [turn.id, digestRequest(toRequest({ turn, arm: 'baseline' }, settings))]),
  )
}

function nameBaselineUnit({ id }: SampledTurn): string {
  return nameUnit({ turn: id, arm: 'baseline' })
}
