import { type MeasuredRun, readMeasuredRun } from '../forecast/measured-run.ts'
import { roundRate } from '../history/draft-prediction.ts'
import {
  type LeftOut,
  type PastRate,
  type PastRates,
  readPastRates,
  type WantedGraders,
} from '../history/past-rates.ts'
import type { RunRecord } from '../record/schema.ts'

/** A record, by the name that its run goes by. */
export interface NamedRecord {
  run: string
  record: RunRecord
}

/** A rate of the past, and where it is from. */
export interface FoundRate {
  past: PastRate
  run: string
  arm: PastRates['arm']
}

/** What is known of a checkpoint from earlier runs. */
export interface ChosenPast {
  /** By category. */
  rates: Map<string, FoundRate>
  leftOut: LeftOut[]
  /** What the latest of the runs tells of the next one, with these rates as the baseline's; `null` without a run. */
  measured: MeasuredRun | null
}

/**
 * Takes each category's rate from the latest run that measured the checkpoint in it. Runs are not added up: those of an
 * epoch share their turns, so that a sum would claim more than is known.
 * @throws GateError when a run did not measure the checkpoint
 */
export function choosePast(parts: {
  records: readonly NamedRecord[]
  checkpoint: string
  graders: WantedGraders
}): ChosenPast {
  const { checkpoint, graders } = parts
  const latestFirst = parts.records
    .toSorted((a, b) => (a.record.summary.timing.startedAt > b.record.summary.timing.startedAt ? -1 : 1))
    .map(({ run, record }) => ({
      run,
      read: readPastRates({ record, checkpoint, graders, name: run }),
      measured: readMeasuredRun(record),
    }))
  const rates = new Map<string, FoundRate>()
  const seen: MeasuredRun['categories'] = new Map()
  for (const { run, read, measured } of latestFirst) {
    for (const [category, past] of read.rates) {
      if (rates.has(category)) continue
      rates.set(category, { past, run, arm: read.arm })
      const { independence = 1, discordant = 0 } = measured.categories.get(category) ?? {}
      // As it is predicted, so that the same is the same.
      const baselineRate = roundRate(past.ratePer100k, 'nearest') / 100_000
      seen.set(category, { baselineRate, independence, discordant })
    }
  }
  const [latest] = latestFirst
  return {
    rates,
    leftOut: listLeftOut(
      latestFirst.map(({ read }) => read),
      rates,
    ),
    measured: latest === undefined ? null : { ...latest.measured, baseline: checkpoint, categories: seen },
  }
}

function listLeftOut(reads: readonly PastRates[], rates: ReadonlyMap<string, FoundRate>): LeftOut[] {
  const found = new Map<string, LeftOut>()
  for (const entry of reads.flatMap(({ leftOut }) => leftOut)) {
    if (rates.has(entry.category)) continue
    // That other graders labelled it says more than that another run did not look.
    const before = found.get(entry.category)
    if (before === undefined || entry.why === 'graded-otherwise') found.set(entry.category, entry)
  }
  return [...found.values()]
}
