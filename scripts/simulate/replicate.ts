import { decideRecord } from '../../src/decide-record.ts'
import { deriveSeed } from '../../src/plan/plan.ts'
import { drawSample, type Sample } from '../../src/sample/draw.ts'
import { auditFlags } from './audit.ts'
import { type Cell, isCalibrated } from './cell.ts'
import { type Corpus, writeCorpus } from './corpus.ts'
import { measureThroughPipeline } from './pipeline.ts'
import { createRandom } from './random.ts'
import { recordDirectly } from './record.ts'
import { prepareCell, renameEpoch, type Settings, stoppedClock } from './settings.ts'
import { addTallies, countDecision, emptyTally, type Tally } from './tally.ts'
import { settleWorld, type World } from './world.ts'

/** Which replicates of a cell, from `from` up to but not including `to`. */
export interface Range {
  from: number
  to: number
}

/** Everything that a replicate's record is measured from. */
export interface Replicate {
  cell: Cell
  settings: Settings
  sample: Sample
  world: World
}

/** How many replicates share a draw, which is the dear part; events, judge and calibration are new in each. */
const replicatesPerDraw = 10

/** Carries out replicates of a cell; each depends on seed, cell and its own number, and on nothing else. */
export async function runReplicates(request: { cell: Cell; seed: string; range: Range }): Promise<Tally> {
  const { cell, range } = request
  let tally = emptyTally()
  for await (const replicate of prepareReplicates({ ...request, ...range })) {
    const measured =
      cell.path === 'pipeline' ? await measureThroughPipeline(replicate) : recordDirectly(replicate)
    const record = cell.audit === 'all' ? auditFlags(measured, replicate.world) : measured
    tally = addTallies(tally, countDecision(cell, decideRecord(record)))
  }
  return tally
}

/** Calibrates, draws and settles what will happen, one replicate after the other. */
export async function* prepareReplicates(
  request: { cell: Cell; seed: string } & Range,
): AsyncGenerator<Replicate> {
  const { cell, seed, from, to } = request
  const corpus = writeCorpus(cell, createRandom(`${seed}|${cell.name}|corpus`))
  const samples = new Map<string, Sample>()
  // Without a calibration every replicate has the same plan, but for its epoch.
  const prepared = isCalibrated(cell) ? null : await prepareCell(cell, createRandom(''))
  for (let number = from; number < to; number += 1) {
    const random = createRandom(`${seed}|${cell.name}|${number}`)
    const epoch = String(Math.floor(number / replicatesPerDraw))
    const settings = renameEpoch(prepared ?? (await prepareCell(cell, random)), epoch)
    const sample = samples.get(epoch) ?? (await draw({ settings, corpus }))
    samples.clear()
    samples.set(epoch, sample)
    yield { cell, settings, sample, world: settleWorld({ cell, corpus, turns: sample.turns, random }) }
  }
}

function draw({ settings, corpus }: { settings: Settings; corpus: Corpus }): Promise<Sample> {
  return drawSample({
    corpus: iterate(corpus),
    seed: deriveSeed(settings.plan),
    ...settings.plan.policy.sample,
    slices: settings.plan.policy.slices,
    now: stoppedClock.now(),
  })
}

async function* iterate(corpus: Corpus) {
  yield* corpus.conversations
}
