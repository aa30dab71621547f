import type { GateResult } from '../../src/gate.ts'
import type { Baselines, KeptBaseline } from '../../src/ports.ts'
import { baselineFiles } from '../../src/reuse/kept-baseline.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createMemoryDirectory, type MemoryDirectory } from '../fakes/memory-directory.ts'
import { createScenario, nameCheckpoints, type ScenarioOptions } from './gate-scenario.ts'

// Runs of the whole pipeline on one candidate after another, with what each keeps of its baseline.

const dayMs = 24 * 60 * 60_000

/** What runs have kept, as GitHub's artifacts would be. */
export interface Shelf extends Baselines {
  readonly kept: (KeptBaseline & { key: string; directory: MemoryDirectory })[]
  /** Changes what lies there of a run. */
  tamper(run: string, change: (files: Map<string, string>) => void): void
}

export function createShelf(): Shelf {
  const kept: Shelf['kept'] = []
  return {
    kept,
    list: async ({ key, since }) =>
      kept.filter((one) => one.key === key && Date.parse(one.keptAt) >= since.getTime()),
    async open({ id }) {
      const found = kept.find((one) => one.id === id)
      return found === undefined
        ? { kind: 'refused', why: 'it is gone' }
        : { kind: 'there', directory: found.directory }
    },
    tamper(run, change) {
      const found = kept.find((one) => one.run.id === run)
      if (found === undefined) throw new Error(`run ${run} has kept nothing`)
      change(found.directory.files)
    },
  }
}

/** Changes the lines of a kept baseline. */
export function editUnits(change: (unit: Record<string, object>, index: number) => unknown) {
  return (files: Map<string, string>) => {
    const lines = (files.get(baselineFiles.units) ?? '').trimEnd().split('\n')
    const changed = lines.map((line, index) => JSON.stringify(change(JSON.parse(line), index)))
    files.set(baselineFiles.units, `${changed.join('\n')}\n`)
  }
}

export interface RunOptions extends ScenarioOptions {
  candidate?: string
  /** After the first run. */
  day?: number
  days?: number | null
}

/** The policy's `replay` that lets the baseline be reused for so many days. */
export function letReuse(days: number | null): Record<string, unknown> {
  return {
    ...{ concurrency: 4, max_attempts: 2, timeout_s: 30 },
    ...(days === null ? {} : { reuse_baseline_days: days }),
  }
}

/** A run on a candidate of its own, which keeps its baseline on the shelf. */
export async function run(shelf: Shelf, id: number, options: RunOptions = {}) {
  const { candidate = `ckpt-${id}`, day = 0, days = 7, ...others } = options
  const directory = options.directory ?? createMemoryDirectory()
  const clock = createFakeClock()
  const start = clock.now().getTime()
  const now = () => new Date(start + day * dayMs)
  const files = nameCheckpoints({ baseline: 'ckpt-1', candidate })
  const scenario = createScenario({
    turns: 120,
    ...others,
    directory,
    policy: { replay: letReuse(days), categories: reuseCategories, ...others.policy },
    files: {
      ...others.files,
      base: { ...files.base, ...others.files?.base },
      head: { ...files.head, ...others.files?.head },
    },
    ports: { baselines: shelf, clock: { ...clock, now }, ...others.ports },
    request: {
      run: { id: String(id), attempt: 1, event: 'pull_request', tier: 'release' },
      ...others.request,
    },
  })
  const result = await scenario.run()
  if (result.kind === 'decided' && result.keptBaseline !== null) {
    shelf.kept.push({
      ...{ id, run: { id: String(id), attempt: 1 }, keptAt: now().toISOString(), doubt: null },
      bytes: directory.files.get(baselineFiles.units)?.length ?? 0,
      key: result.keptBaseline,
      directory: createMemoryDirectory(directory.files),
    })
  }
  return { result, ...describe(result), directory, log: scenario.log, ...countRequests(scenario) }
}

/** One category by a word, and one by a judge; both compare with the baseline. */
export const reuseCategories = [
  { id: 'leaks', graders: [{ kind: 'pattern', any: ['LEAK'] }] },
  { id: 'rude', rubric: 'rubrics/rude.md' },
]

function describe(result: GateResult) {
  if (result.kind !== 'decided') throw new Error(`nothing was decided: ${result.kind}`)
  const { decided } = result
  return { decided, reused: decided.record.summary.arms.baseline.reused }
}

function countRequests({ clients }: ReturnType<typeof createScenario>) {
  const { baseline, candidate, judge } = clients
  return {
    asked: {
      baseline: baseline.requests.length,
      candidate: candidate.requests.length,
      judge: judge.requests.length,
    },
  }
}
