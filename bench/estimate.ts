// How long a verdict takes once everything is measured: 50,000 turns × 20 categories × 2 arms, against 2 s, and
// against a plain pass that counts the events of the same outcomes. Each kind of sample is estimated in a process of
// its own whose heap is limited to 512 MiB, record included. And one melded bound against 50 ms.
//
//   node bench/estimate.ts
import { spawnSync } from 'node:child_process'
import { estimateCategories } from '../src/estimate/estimate.ts'
import { boundMelded } from '../src/estimate/melded.ts'
import type { Label } from '../src/grade/label.ts'
import type { RunRecord } from '../src/record/schema.ts'
import { decideVerdict } from '../src/verdict/decide.ts'
import { makeRecord } from '../test/estimate/records.ts'
import { makeRandom } from '../test/verdict/chance.ts'

const turns = 50_000
const categories = 20
const limits = { seconds: 2, mebibytes: 512, meldedMs: 50 }
const runs = 5

function measureMs(work: () => unknown): number {
  const times = Array.from({ length: runs }, () => {
    const start = performance.now()
    work()
    return performance.now() - start
  })
  return times.toSorted((a, b) => a - b)[Math.floor(runs / 2)] ?? 0
}

/** Rates of half a per cent, a few calls lost, a calibrated judge, a limit and a margin in every second category. */
function makeLargeRecord(weighted: boolean): RunRecord {
  const random = makeRandom(1)
  const labels: Record<'present' | 'absent' | 'lost', Label> = {
    present: { kind: 'present', quote: 'quoted' },
    absent: { kind: 'absent' },
    lost: { kind: 'missing', class: 'transport', of: 'completion', cause: 'timeout' },
  }
  const draw = (): Label => {
    const u = random()
    return u < 0.005 ? labels.present : u < 0.006 ? labels.lost : labels.absent
  }
  const counts = { truePositives: 57, positives: 60, falsePositives: 1, negatives: 3000 }
  const shape = makeRecord({
    categories: Array.from({ length: categories }, (_, index) => ({
      id: `category-${index}`,
      limitPer100k: 1000,
      marginPer100k: index % 2 === 0 ? 500 : null,
      counts,
      baseline: [],
      candidate: [],
    })),
  })
  const lines = Array.from({ length: turns }, (_, index) => ({
    turn: `conversation-${index}#2`,
    conversation: `conversation-${index}`,
    weight: weighted ? 1 + (index % 7) : 1,
    stratum: null,
    slice: {},
  }))
  const outcomes = lines.flatMap(({ turn }) =>
    (['baseline', 'candidate'] as const).flatMap((arm) =>
      Array.from({ length: categories }, (_, index) => ({
        turn,
        arm,
        category: `category-${index}`,
        label: draw(),
      })),
    ),
  )
  return { ...shape, turns: lines, outcomes }
}

function countEvents(record: RunRecord): number {
  let events = 0
  for (const { label } of record.outcomes) if (label.kind === 'present') events += 1
  return events
}

function estimateOnce(kind: string): void {
  const record = makeLargeRecord(kind === 'unequal weights')
  const verdictMs = measureMs(() => decideVerdict(record.summary, estimateCategories(record)))
  const passMs = measureMs(() => countEvents(record))
  const ratio = verdictMs / (limits.seconds * 1000)
  console.log(
    `${kind}: ${(verdictMs / 1000).toFixed(2)} s, ${ratio.toFixed(2)} of ${limits.seconds} s, ` +
      `${(verdictMs / passMs).toFixed(0)} times a plain pass (${passMs.toFixed(0)} ms)`,
  )
  if (ratio > 1) process.exitCode = 1
}

function meldOnce(): void {
  const meldedMs = measureMs(() =>
    boundMelded({
      measured: { kind: 'counts', events: 150, trials: 100_000 },
      calibration: { truePositives: 40, positives: 50, falsePositives: 3, negatives: 3000 },
      alpha: 0.05,
    }),
  )
  console.log(
    `one melded bound: ${meldedMs.toFixed(1)} ms, ${(meldedMs / limits.meldedMs).toFixed(2)} of ${limits.meldedMs} ms`,
  )
  if (meldedMs > limits.meldedMs) process.exitCode = 1
}

function runLimited(kind: string): void {
  const heap = `--max-old-space-size=${limits.mebibytes}`
  const { status } = spawnSync(process.execPath, [heap, import.meta.filename, kind], { stdio: 'inherit' })
  console.log(`${kind}: ${status === null ? 'OVER' : 'within'} a heap of ${limits.mebibytes} MiB`)
  if (status !== 0) process.exitCode = 1
}

const [kind] = process.argv.slice(2)
if (kind === undefined) {
  meldOnce()
  runLimited('equal weights')
  runLimited('unequal weights')
} else estimateOnce(kind)
