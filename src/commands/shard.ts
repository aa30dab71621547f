import { openRunDirectory } from '../adapters/run-directory.ts'
import { exitCodes } from '../conclusion.ts'
import { GateError } from '../errors.ts'
import { runMerge, runShard } from '../gate.ts'
import type { Log, Shards } from '../ports.ts'
import { renderShard } from '../shards/message.ts'
import { type LeftShard, requireShards } from '../shards/report.ts'
import { parseShard } from '../shards/shard.ts'
import { chooseUnmeasuredCode, renderUnmeasured } from '../unmeasured.ts'
import { createGatePorts, createRequest, type GateOptions, printResult } from './run.ts'

/** What `shard` is given. */
export interface ShardOptions extends GateOptions {
  /** `2/8`. */
  shard: string
  /** `1/2`; empty for the only one. */
  wave: string
  /** Directories of the shards of earlier waves. */
  after: string[]
}

/** Measures a shard from a terminal. */
export async function runShardFromTerminal(
  options: ShardOptions,
  log: Log,
  print: (text: string) => void,
): Promise<number> {
  const shard = parseShard(options.shard, options.wave)
  const ports = { ...createGatePorts(options, log), shards: listDirectories(options.after) }
  const result = await runShard(await createRequest(options), ports, shard)
  if (result.kind === 'standing') throw new Error('a terminal keeps no verdicts')
  if (result.kind !== 'measured') {
    const { headline, details } = renderUnmeasured(result, 'cli')
    for (const line of [headline, ...details]) print(line)
    return chooseUnmeasuredCode(result)
  }
  const { stopped } = result.report
  print(renderShard(result.report))
  return stopped === null || stopped === 'decided' ? exitCodes.success : exitCodes.undecided
}

/** Decides on what shards have measured, and prints the table. */
export async function mergeFromTerminal(
  options: GateOptions & { directories: string[] },
  log: Log,
  print: (text: string) => void,
): Promise<number> {
  const shards = await openShards(options.directories)
  const [first] = shards
  if (first === undefined) {
    throw new GateError({
      code: 'usage',
      message: 'there is nothing to merge',
      remedy: 'name the directories that shards were measured into',
    })
  }
  const ports = { ...createGatePorts(options, log), shards: { list: async () => shards } }
  const result = await runMerge(await createRequest(options), ports, first.shard.of)
  return printResult(result, print)
}

function listDirectories(paths: readonly string[]): Shards {
  return { list: () => openShards(paths) }
}

async function openShards(paths: readonly string[]): Promise<LeftShard[]> {
  return requireShards(await Promise.all(paths.map((path) => openRunDirectory(path, { make: false }))))
}
