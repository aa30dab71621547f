import { addUsage, addUses, type GraderUse, noUsage } from '../grade/usage.ts'
import { digestParts } from '../plan/parts.ts'
import type { Plan } from '../plan/plan.ts'
import { findPrice } from '../policy/prices.ts'
import type { Policy } from '../policy/schema.ts'
import type { Arm, ModelSource } from '../ports.ts'
import type { NotAsked, Usage } from '../replay/completion.ts'
import type { Sample } from '../sample/draw.ts'
import { nameUnit } from './journal.ts'
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
    ...[...ordered, ...known].flatMap((entry) => entry.uses),
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
    outcomes: ordered.flatMap((unit) =>
      plan.policy.categories.map(({ id }) => ({
        turn: unit.turn,
        arm: unit.arm,
        category: id,
        label: unit.labels[id] ?? unasked,
        ...(unit.trails[id] === undefined ? {} : { trail: unit.trails[id] }),
      })),
    ),
    completions: ordered.map(({ turn, arm, completion, prescreens }) => ({
      turn,
      arm,
      completion,
      ...(prescreens.length === 0 ? {} : { prescreens }),
    })),
    known: known.flatMap(({ outcomes }) => outcomes),
    audits: request.audits ?? [],
  }
}

/** US dollars, or `null` when tokens were used whose price is not known. */
export function priceUsage(
  spent: { model: string; usage: Usage }[],
  prices: Policy['prices'],
): number | null {
  let usd = 0
  for (const { model, usage } of spent) {
    if (usage.promptTokens + usage.completionTokens === 0) continue
    const price = findPrice(prices, model)
    if (price === undefined) return null
    usd += (usage.promptTokens * price.inputUsdPer1m + usage.completionTokens * price.outputUsdPer1m) / 1e6
  }
  return usd
}

/** Adds tokens up. */
export function sumUsage(usages: (Usage | null)[]): Usage {
  return usages.reduce<Usage>(addUsage, noUsage)
}

function createUnasked(request: { turn: string; arm: Arm; plan: Plan; unasked: NotAsked }): RecordedUnit {
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

function describeArm(request: {
  arm: Arm
  units: RecordedUnit[]
  facts: Pick<RunFacts, 'sources' | 'probes'>
}): RecordSummary['arms'][Arm] {
  const completions = request.units.flatMap((unit) =>
    unit.arm === request.arm && unit.completion.kind === 'completed' ? [unit.completion] : [],
  )
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
    usage: sumUsage(completions.map((completion) => completion.usage)),
  }
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
  for (const unit of units) {
    if (unit.completion.kind === 'not-asked') return unit.completion.reason
    for (const label of Object.values(unit.labels)) if (label.kind === 'not-asked') return label.reason
  }
  return null
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
