import {
  type ContinuedAttempt,
  type MeasuredPast,
  readContinued,
  sumContinued,
  type TakenAttempt,
} from '../continue-journal.ts'
import { GateError } from '../errors.ts'
import { numberPart } from '../known-items.ts'
import { compareParts, joinParts, type PlanParts } from '../plan/parts.ts'
import { type JournalHeader, type JournalLines, readMeasured } from '../record/journal-lines.ts'
import type { RecordedKnown, RecordedUnit } from '../record/schema.ts'
import type { Spent } from '../replay/spent.ts'
import type { LeftShard } from './report.ts'
import { nameShard } from './shard.ts'

/** What every shard of a run has to be of. */
export interface ShardPlan {
  planParts: PlanParts
  tier: 'smoke' | 'release'
  plannedTurns: number
  /** How many there are in each wave. */
  of: number
}

/** A shard and what it has measured. */
export interface AdoptedShard extends LeftShard {
  lines: JournalLines
}

/**
 * Reads what shards have measured; one whose journal is damaged is left out, and `warn` is told.
 * @throws GateError (`shard`) for a shard of another plan, tier or number of shards
 */
export async function adoptShards(request: {
  left: readonly LeftShard[]
  plan: ShardPlan
  header: JournalHeader
  warn: (text: string) => void
}): Promise<AdoptedShard[]> {
  const { left, plan, header, warn } = request
  const adopted: AdoptedShard[] = []
  for (const shard of left) {
    requireSame(shard, plan)
    const lines = await readMeasured(shard.directory, header)
    if (lines === null) warn(`${nameShard(shard.shard)}: its journal can't be read; what it measured is lost`)
    else adopted.push({ ...shard, lines })
  }
  return adopted
}

function requireSame({ shard, report, directory }: LeftShard, plan: ShardPlan): void {
  const differences = [
    ...(shard.of === plan.of ? [] : [`it is one of ${shard.of} shards, and not of ${plan.of}`]),
    ...(report === null ? [] : listDifferences(report, plan)),
  ]
  if (differences.length === 0) return
  throw new GateError({
    code: 'shard',
    message: `${nameShard(shard)} has measured something else: ${differences.join('; ')}`,
    where: { file: directory.path },
    remedy:
      'give all jobs of a run the same inputs (policy, tier, candidate, number of shards), and run them again',
  })
}

function listDifferences(report: NonNullable<LeftShard['report']>, plan: ShardPlan): string[] {
  const parts = compareParts(report.planParts, plan.planParts)
  return [
    ...(parts.length === 0 ? [] : [`what differs is ${joinParts(parts)}`]),
    ...(report.tier === plan.tier ? [] : [`its tier is ${report.tier}, and not ${plan.tier}`]),
    ...(report.plannedTurns === plan.plannedTurns
      ? []
      : [`its sample has ${report.plannedTurns} turns, and not ${plan.plannedTurns}`]),
  ]
}

/** What runs before this one have left. */
export interface EarlierRuns {
  taken: TakenAttempt[]
  /** Of other runs alone: what this one took is in its shards. */
  spent: Spent | null
  /** Which part of the measurement this run is, for its controls: the same in each of its jobs. */
  part: number
}

/** Reads what earlier attempts have measured, those of this very run included. */
export async function readEarlier(request: {
  past: MeasuredPast
  header: JournalHeader
  runId: string | null
}): Promise<EarlierRuns> {
  const { past, header, runId } = request
  const taken = await readContinued(past, header)
  const others = taken.filter(({ attempt }) => isOther(attempt, runId))
  const lines = others.map((other) => other.lines)
  return {
    taken,
    spent: sumContinued(others),
    part: numberPart(
      {
        done: { size: lines.reduce((sum, { done }) => sum + done.size, 0) },
        known: new Map(lines.flatMap(({ known }) => [...known])),
      },
      true,
    ),
  }
}

function isOther({ run }: ContinuedAttempt, runId: string | null): boolean {
  return run.id !== runId
}

/** What several have measured of units, each from the first that has it, before what others have of it. */
export function* listUnits(from: readonly JournalLines[]): Generator<RecordedUnit> {
  for (const { done } of from) yield* done.values()
}

/** What several have measured of known items, of each what the first has. */
export function listKnown(from: readonly JournalLines[]): Iterable<RecordedKnown> {
  return new Map(from.toReversed().flatMap(({ known }) => [...known])).values()
}
