import { runMerge, runShard, type ShardResult } from '../../src/gate.ts'
import type { Shards } from '../../src/ports.ts'
import { readShardReport } from '../../src/shards/report.ts'
import type { Shard } from '../../src/shards/shard.ts'
import { createMemoryDirectory, type MemoryDirectory } from '../fakes/memory-directory.ts'
import { createScenario, type ScenarioOptions } from './gate-scenario.ts'

/** What shards have left, by name, for those that come after. */
export interface Left extends Shards {
  readonly kept: Map<string, { shard: Shard; directory: MemoryDirectory }>
}

/** Nothing yet. */
export function createLeft(): Left {
  const kept = new Map<string, { shard: Shard; directory: MemoryDirectory }>()
  return { kept, list: async () => [...kept.values()] }
}

const nameOf = ({ index, wave }: Pick<Shard, 'index' | 'wave'>) => `${index}/${wave}`

/** Measures one shard, and keeps what it has left as the action does. */
export async function measureOne(request: { left: Left; shard: Shard; options?: ScenarioOptions }) {
  const { left, shard, options = {} } = request
  const directory = options.directory ?? createMemoryDirectory()
  const scenario = createScenario({ ...options, directory })
  const result: ShardResult = await runShard(scenario.request, { ...scenario.ports, shards: left }, shard)
  if (result.kind === 'measured') left.kept.set(nameOf(shard), { shard, directory })
  const units = [...scenario.clients.baseline.requests, ...scenario.clients.candidate.requests]
  const judged = scenario.clients.judge.requests
  return { scenario, result, directory, units: units.length, judged: judged.length }
}

/** All shards of a layout, each with clients of its own, wave by wave. */
export function listShards({ of, waves }: Pick<Shard, 'of' | 'waves'>): Shard[] {
  return Array.from({ length: waves }, (_, wave) =>
    Array.from({ length: of }, (_, index) => ({ index: index + 1, of, wave: wave + 1, waves })),
  ).flat()
}

/** Measures every shard but those that are lost. */
export async function measureAll(request: {
  layout: Pick<Shard, 'of' | 'waves'>
  options?: ScenarioOptions
  lost?: readonly string[]
  left?: Left
}) {
  const { layout, options = {}, lost = [], left = createLeft() } = request
  const measured: Awaited<ReturnType<typeof measureOne>>[] = []
  for (const shard of listShards(layout)) {
    if (lost.includes(nameOf(shard))) continue
    measured.push(await measureOne({ left, shard, options }))
  }
  const sum = (key: 'units' | 'judged') => measured.reduce((total, one) => total + one[key], 0)
  return { left, measured, units: sum('units'), judged: sum('judged') }
}

/** Decides on what shards have left. */
export async function mergeAll(request: { left: Left; of: number; options?: ScenarioOptions }) {
  const { left, of, options = {} } = request
  const directory = createMemoryDirectory()
  const scenario = createScenario({ ...options, directory })
  const result = await runMerge(scenario.request, { ...scenario.ports, shards: left }, of)
  if (result.kind !== 'decided') throw new Error(`nothing was merged: ${result.kind}`)
  return { scenario, directory, decided: result.decided }
}

/** What a shard says of itself. */
export async function reportOf(left: Left, name: string) {
  const directory = left.kept.get(name)?.directory
  return directory === undefined ? null : readShardReport(directory)
}
