import { addUses, type GraderUse, noUsage } from '../grade/usage.ts'
import { digestParts } from '../plan/parts.ts'
import type { Plan } from '../plan/plan.ts'
import { chooseBatchShare, findPrice } from '../policy/prices.ts'
import type { Policy } from '../policy/schema.ts'
import type { Arm, ModelSource } from '../ports.ts'
import type { NotAsked, Usage } from '../replay/completion.ts'
import type { Sample } from '../sample/draw.ts'
import { type ArmFacts, ArmTally } from './arm-tally.ts'
import { OutcomeTable } from './outcome-table.ts'
import { Prescreened } from './prescreened.ts'
import type {
  AuditLine,
  CompletionLine,
  RecordedKnown,
  RecordedUnit,
  RecordSummary,
  RunRecord,
} from './schema.ts'
import { nameUnit } from './unit-name.ts'

const arms: readonly Arm[] = ['baseline', 'candidate']

/** What a record says of the run beside its outcomes. */
export type RunFacts = Pick<
  RecordSummary,
  'planDigest' | 'gateVersion' | 'run' | 'commits' | 'timing' | 'history'
> &
  Omit<ArmFacts, 'sources'> & {
    /** Of all parts of the run. */
    cost: RecordSummary['cost']
    sources: { baseline: ModelSource; candidate: ModelSource; graders: Record<string, ModelSource> }
    /** Whether the results ended the run. */
    decided: boolean
    earlyStoppingOff: string | null
    retainText: 'none' | 'artifact'
  }

/** Uses that are kept until they are added up. */
const mostUses = 10_000

/** Puts together everything measured, in the sample's order, whatever order it arrived in. */
export function buildRecord(request: {
  plan: Plan
  sample: Sample
  units: ReadonlyMap<string, RecordedUnit>
  /** How many turns are of the run: what was measured of those after them was asked in vain. All without it. */
  turns?: number | null
  /** Known items that were graded in the run. */
  known?: readonly RecordedKnown[]
  /** What people said of flags in an earlier part. */
  audits?: AuditLine[]
  facts: RunFacts
}): RunRecord {
  const { plan, sample, facts } = request
  const unasked = { kind: 'not-asked', reason: facts.decided ? 'decided' : 'cancelled' } as const
  const units = listUnits(request, unasked)
  const known = request.known ?? []
  const sums = addUp({ plan, units, known, unasked })
  const { planDigest, gateVersion, run, commits, timing, history, cost } = facts
  return {
    summary: {
      version: 1,
      plan,
      planDigest,
      planParts: digestParts(plan),
      gateVersion,
      run,
      commits,
      sample: sample.counts,
      arms: { baseline: sums.baseline.describe(facts), candidate: sums.candidate.describe(facts) },
      graders: describeGraders(sums.uses, facts.sources.graders),
      cost,
      timing,
      stopped: sums.stopped,
      earlyStoppingOff: facts.earlyStoppingOff,
      retainText: facts.retainText,
      history,
      accepted: null,
    },
    turns: sample.turns.map(({ id, conversation, weight, stratum, slice }) => ({
      turn: id,
      conversation,
      weight,
      stratum,
      slice,
    })),
    outcomes: sums.outcomes,
    completions: {
      length: sample.turns.length * arms.length,
      prescreened: sums.prescreened,
      [Symbol.iterator]: () => describeAll(units),
    },
    known: known.flatMap(({ outcomes }) => outcomes),
    audits: request.audits ?? [],
  }
}

/** The units of a record in its order: read, or made, each time that somebody goes through them. */
function listUnits(
  { plan, sample, units, turns }: Parameters<typeof buildRecord>[0],
  unasked: NotAsked,
): Iterable<RecordedUnit> {
  const end = turns ?? sample.turns.length
  return {
    *[Symbol.iterator]() {
      for (const [place, { id: turn }] of sample.turns.entries()) {
        for (const arm of arms) {
          const unit = place < end ? units.get(nameUnit({ turn, arm })) : undefined
          yield unit ?? createUnasked({ turn, arm, plan, unasked })
        }
      }
    },
  }
}

function* describeAll(units: Iterable<RecordedUnit>): Generator<CompletionLine> {
  for (const { turn, arm, completion, prescreens, measured } of units) {
    yield {
      turn,
      arm,
      completion,
      ...(prescreens.length === 0 ? {} : { prescreens }),
      ...(measured?.run === undefined ? {} : { reused: { run: measured.run, at: measured.at } }),
    }
  }
}

/** Adds up all units in one pass. */
function addUp(parts: {
  plan: Plan
  units: Iterable<RecordedUnit>
  known: readonly RecordedKnown[]
  unasked: NotAsked
}) {
  const { plan, units, known, unasked } = parts
  const ids = plan.policy.categories.map(({ id }) => id)
  const tallies = { baseline: new ArmTally('baseline'), candidate: new ArmTally('candidate') }
  const outcomes = new OutcomeTable()
  const prescreened = new Prescreened()
  const stops = new Set<NotAsked['reason']>()
  let uses = listPlannedGraders(plan)
  for (const unit of units) {
    const { turn, arm, completion, labels, trails } = unit
    tallies[arm].add(unit)
    prescreened.add(unit)
    for (const category of ids)
      outcomes.add({ turn, arm, category, label: labels[category] ?? unasked, trail: trails[category] })
    for (const part of [completion, ...Object.values(labels)])
      if (part.kind === 'not-asked') stops.add(part.reason)
    uses.push(...leaveOutReused(unit).uses)
    if (uses.length > mostUses) uses = addUses(uses)
  }
  uses = addUses([...uses, ...known.flatMap((entry) => entry.uses)])
  // What goes on without the run matters more than what it kept back meanwhile.
  const stopped = stops.has('batch-under-way') ? 'batch-under-way' : ([...stops][0] ?? null)
  return { ...tallies, outcomes, prescreened, uses, stopped }
}

/** US dollars, or `null` when tokens were used whose price is not known. `inBatch`: at what a batch costs of it. */
export function priceUsage(
  spent: { model: string; usage: Usage; inBatch?: boolean }[],
  prices: Policy['prices'],
): number | null {
  let usd = 0
  for (const { model, usage, inBatch = false } of spent) {
    if (usage.promptTokens + usage.completionTokens === 0) continue
    const price = findPrice(prices, model)
    if (price === undefined) return null
    const share = inBatch ? chooseBatchShare(price) : 1
    const { promptTokens, completionTokens } = usage
    usd += (share * (promptTokens * price.inputUsdPer1m + completionTokens * price.outputUsdPer1m)) / 1e6
  }
  return usd
}

/** A unit that was not asked, and why. */
export function createUnasked(request: {
  turn: string
  arm: Arm
  plan: Plan
  unasked: NotAsked
}): RecordedUnit {
  const { turn, arm, plan, unasked } = request
  return {
    turn,
    arm,
    completion: unasked,
    labels: Object.fromEntries(plan.policy.categories.map(({ id }) => [id, unasked])),
    trails: {},
    prescreens: [],
    uses: [],
  }
}

/** Who was to label, so that a judge that never answered is named too. */
function listPlannedGraders({ policy }: Plan): GraderUse[] {
  return policy.categories.flatMap(({ graders }) =>
    graders.flatMap(({ endpoint, model }) =>
      typeof endpoint === 'string'
        ? [{ endpoint, model: typeof model === 'string' ? model : '', answeredAs: {}, usage: noUsage }]
        : [],
    ),
  )
}

function describeGraders(uses: GraderUse[], sources: Record<string, ModelSource>): RecordSummary['graders'] {
  return uses.map((use) => ({
    ...use,
    source: Object.hasOwn(sources, use.endpoint) ? (sources[use.endpoint] ?? live) : live,
  }))
}

const live: ModelSource = { kind: 'live' }

/** Its graders answered by their names, and took nothing of this run. */
function leaveOutReused(unit: RecordedUnit): RecordedUnit {
  if (unit.measured?.run === undefined) return unit
  return { ...unit, uses: unit.uses.map((use) => ({ ...use, usage: noUsage })) }
}
