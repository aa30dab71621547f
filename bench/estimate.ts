// How long a verdict takes once everything is measured, and how much memory: 50,000 turns × 20 categories × 2 arms,
// against the limits of 2 s and 512 MiB, and against a plain pass that counts the events of the same outcomes.
// And one melded bound against 50 ms.
//
//   node bench/estimate.ts
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

function report(name: string, weighted: boolean): boolean {
  const record = makeLargeRecord(weighted)
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  let peak = before
  const decide = () => {
    const verdict = decideVerdict(record.summary, estimateCategories(record))
    peak = Math.max(peak, process.memoryUsage().heapUsed)
    return verdict
  }
  const verdictMs = measureMs(decide)
  const passMs = measureMs(() => countEvents(record))
  const mebibytes = (peak - before) / 2 ** 20
  const ratio = verdictMs / (limits.seconds * 1000)
  console.log(
    `${name}: ${(verdictMs / 1000).toFixed(2)} s, ${ratio.toFixed(2)} of the limit of ${limits.seconds} s; ` +
      `${(verdictMs / passMs).toFixed(0)} times a plain pass (${passMs.toFixed(0)} ms); ` +
      `${mebibytes.toFixed(0)} MiB of heap on top of the record, ${(mebibytes / limits.mebibytes).toFixed(2)} of ${limits.mebibytes} MiB`,
  )
  return ratio <= 1 && mebibytes <= limits.mebibytes
}

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
const kept = [report('equal weights', false), report('unequal weights', true), meldedMs <= limits.meldedMs]
if (kept.includes(false)) process.exitCode = 1
