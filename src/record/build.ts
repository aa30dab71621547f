import { addUsage, addUses, type GraderUse, noUsage } from '../grade/usage.ts'
import { digestParts } from '../plan/parts.ts'
import type { Plan } from '../plan/plan.ts'
import { chooseBatchShare, findPrice } from '../policy/prices.ts'
import type { Policy } from '../policy/schema.ts'
import type { Arm, ModelSource } from '../ports.ts'
import type { NotAsked, Usage } from '../replay/completion.ts'
import type { Sample } from '../sample/draw.ts'
import { nameUnit } from './journal.ts'
import { OutcomeTable } from './outcome-table.ts'
import { type ReuseFacts, summarizeReused } from './reused.ts'
import type {
  ArmIdentity,
  AuditLine,
  CompletionSummary,
  RecordedKnown,
  RecordedProbe,
  RecordedUnit,
  RecordSummary,
  RunRecord,
  Signals,
} from './schema.ts'
import { addAnswered } from './trajectory.ts'

const arms: readonly Arm[] = ['baseline', 'candidate']

/** What a record says of the run beside its outcomes. */
export type RunFacts = Pick<
  RecordSummary,
  'planDigest' | 'gateVersion' | 'run' | 'commits' | 'timing' | 'history'
> & {
  /** Of all parts of the run. */
  cost: RecordSummary['cost']
  sources: { baseline: ModelSource; candidate: ModelSource; graders: Record<string, ModelSource> }
  /** What the arms' endpoints said that they serve, in order. */
  probes: readonly RecordedProbe[]
  /** Whether the results ended the run. */
  decided: boolean
  earlyStoppingOff: string | null
  retainText: 'none' | 'artifact'
  /** What was found out about what could be reused; left out where policy lets nothing be. */
  reuse?: ReuseFacts | undefined
}

/** Puts together everything measured, in the sample's order, whatever order it arrived in. */
export function buildRecord(request: {
  plan: Plan
  sample: Sample
  units: ReadonlyMap<string, RecordedUnit>
  /** Known items that were graded in the run. */
  known?: readonly RecordedKnown[]
  /** What people said of flags in an earlier part. */
  audits?: AuditLine[]
  facts: RunFacts
}): RunRecord {
  const { plan, sample, units, facts } = request
  const unasked = { kind: 'not-asked', reason: facts.decided ? 'decided' : 'cancelled' } as const
  const ordered = sample.turns.flatMap((turn) =>
    arms.map(
      (arm) =>
        units.get(nameUnit({ turn: turn.id, arm })) ?? createUnasked({ turn: turn.id, arm, plan, unasked }),
    ),
  )
  const known = request.known ?? []
  const uses = addUses([
    ...listPlannedGraders(plan),
    ...[...ordered.map(leaveOutReused), ...known].flatMap((entry) => entry.uses),
  ])
  const armRecords = {
    baseline: describeArm({ arm: 'baseline', units: ordered, facts }),
    candidate: describeArm({ arm: 'candidate', units: ordered, facts }),
  }
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
      arms: armRecords,
      graders: describeGraders(uses, facts.sources.graders),
      cost,
      timing,
      stopped: findStop(ordered),
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
    outcomes: listOutcomes({ plan, units: ordered, unasked }),
    completions: ordered.map(({ turn, arm, completion, prescreens, measured }) => ({
      turn,
      arm,
      completion,
      ...(prescreens.length === 0 ? {} : { prescreens }),
      ...(measured?.run === undefined ? {} : { reused: { run: measured.run, at: measured.at } }),
    })),
    known: known.flatMap(({ outcomes }) => outcomes),
    audits: request.audits ?? [],
  }
}

function listOutcomes(request: {
  plan: Plan
  units: readonly RecordedUnit[]
  unasked: NotAsked
}): OutcomeTable {
  const { plan, units, unasked } = request
  const ids = plan.policy.categories.map(({ id }) => id)
  const table = new OutcomeTable()
  for (const { turn, arm, labels, trails } of units)
    for (const id of ids)
      table.add({ turn, arm, category: id, label: labels[id] ?? unasked, trail: trails[id] })
  return table
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

/** Adds tokens up. */
export function sumUsage(usages: (Usage | null)[]): Usage {
  return usages.reduce<Usage>(addUsage, noUsage)
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

function describeArm(request: {
  arm: Arm
  units: RecordedUnit[]
  facts: Pick<RunFacts, 'sources' | 'probes' | 'reuse'>
}): RecordSummary['arms'][Arm] {
  const own = request.units.filter(({ arm }) => arm === request.arm)
  const list = (units: readonly RecordedUnit[]) =>
    units.flatMap(({ completion }) => (completion.kind === 'completed' ? [completion] : []))
  const completions = list(own)
  const asked = list(own.filter(({ measured }) => measured?.run === undefined))
  const reused = summarizeReused(own, request.arm === 'baseline' ? request.facts.reuse : undefined)
  const lengths = completions.map((completion) => completion.characters).toSorted((a, b) => a - b)
  const signals: Signals = {
    completions: completions.length,
    refusals: completions.filter((completion) => completion.refused).length,
    toolCalls: completions.filter((completion) => completion.toolCalls > 0).length,
    finishReasons: tally(completions.map((completion) => completion.finishReason)),
    charactersMedian: lengths[Math.floor(lengths.length / 2)] ?? null,
  }
  return {
    source: request.facts.sources[request.arm],
    models: tally(completions.flatMap(({ model }) => (model === null ? [] : [model]))),
    identity: describeIdentity(request.arm, completions, request.facts.probes),
    systemFingerprints: tally(
      completions.flatMap(({ systemFingerprint: print }) => (print === null ? [] : [print])),
    ),
    signals,
    ...describeAnswered(completions),
    usage: sumUsage(asked.map((completion) => completion.usage)),
    ...(reused === undefined ? {} : { reused }),
  }
}

function describeAnswered(completions: readonly Completed[]): Pick<RecordSummary['arms'][Arm], 'answered'> {
  const trajectories = completions.flatMap(({ trajectory }) => (trajectory === undefined ? [] : [trajectory]))
  if (trajectories.length === 0) return {}
  return { answered: addAnswered(trajectories.flatMap(({ answered }) => answered)) }
}

function describeIdentity(
  arm: Arm,
  completions: readonly Completed[],
  probes: readonly RecordedProbe[],
): ArmIdentity {
  const digests = completions.flatMap(({ servedDigest }) =>
    servedDigest === undefined ? [] : [servedDigest],
  )
  return {
    unnamed: completions.filter(({ model }) => model === null).length,
    digests: tally(digests.flatMap((digest) => (digest === null ? [] : [digest]))),
    undigested: digests.filter((digest) => digest === null).length,
    probes: probes.flatMap(({ probe, result }) => (probe === arm ? [result] : [])),
  }
}

type Completed = Extract<CompletionSummary, { kind: 'completed' }>

function findStop(units: RecordedUnit[]): RecordSummary['stopped'] {
  const reasons = units.flatMap(({ completion, labels }) =>
    [completion, ...Object.values(labels)].flatMap((part) =>
      part.kind === 'not-asked' ? [part.reason] : [],
    ),
  )
  // What goes on without the run matters more than what it kept back meanwhile.
  return reasons.find((reason) => reason === 'batch-under-way') ?? reasons[0] ?? null
}

function tally(values: string[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) {
    // A record is read back without this key, and what a model calls itself must not be lost.
    const name = value === '__proto__' ? `"${value}"` : value
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return Object.fromEntries([...counts.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
