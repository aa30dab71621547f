import { z } from 'zod'
import { GateError } from '../errors.ts'
import { planPartsSchema } from '../plan/parts.ts'
import type { RunDirectory } from '../ports.ts'
import { sourcesSchema } from '../record/journal-lines.ts'
import { reuseFactsSchema } from '../record/reused.ts'
import { runFiles } from '../record/schema.ts'
import { stopReasonSchema } from '../replay/completion.ts'
import { nameShard, type Shard, shardSchema } from './shard.ts'

/** What a shard says of itself: `shard.json`. What it measured is in its journal. */
export const shardReportSchema = z.strictObject({
  version: z.literal(1),
  shard: shardSchema,
  tier: z.enum(['smoke', 'release']),
  /** Turns of the whole sample. */
  plannedTurns: z.int().min(1),
  planDigest: z.string(),
  planParts: planPartsSchema,
  sources: sourcesSchema,
  /** Why turns of its own were not asked; `null`: all were. */
  stopped: stopReasonSchema.nullable(),
  /** What it found out about reusing the baseline; absent where nothing could be reused. */
  reuse: reuseFactsSchema.optional(),
  startedAt: z.string(),
  elapsedMs: z.number().min(0),
})
export type ShardReport = z.infer<typeof shardReportSchema>

/** What a shard has left: its directory, and what it says of itself; `null` where it ended before it could. */
export interface LeftShard {
  shard: Shard
  directory: RunDirectory
  report: ShardReport | null
}

/** Writes what a shard says of itself, when all else is on disk. */
export async function writeShardReport(directory: RunDirectory, report: ShardReport): Promise<void> {
  await directory.write(runFiles.shard, [JSON.stringify(shardReportSchema.parse(report), null, 2)])
}

/** Reads what shards say of themselves. */
export function readShards(kept: readonly { shard: Shard; directory: RunDirectory }[]): Promise<LeftShard[]> {
  return Promise.all(
    kept.map(async ({ shard, directory }) => ({
      shard,
      directory,
      report: await readShardReport(directory),
    })),
  )
}

/** What the shard of a directory says of itself; `null` where nothing can be read. */
export async function readShardReport(directory: RunDirectory): Promise<ShardReport | null> {
  const text = await directory.read(runFiles.shard)
  try {
    return shardReportSchema.parse(JSON.parse(text ?? ''))
  } catch {
    return null
  }
}

/**
 * Reads directories that somebody named as shards'.
 * @throws GateError (`shard`) where no shard has ended in one, or two are of the same shard
 */
export async function requireShards(directories: readonly RunDirectory[]): Promise<LeftShard[]> {
  const found = new Map<string, LeftShard>()
  for (const directory of directories) {
    const report = await readShardReport(directory)
    if (report === null) throw refuseDirectory(directory)
    const name = nameShard(report.shard)
    const other = found.get(name)
    if (other !== undefined) throw refuseTwice(name, [other.directory, directory])
    found.set(name, { shard: report.shard, directory, report })
  }
  return [...found.values()]
}

/**
 * Refuses a directory in which another shard has measured: its journal is a part of a plan's, and what is written there is lost.
 * @throws GateError (`shard`)
 */
export async function refuseOtherShard(directory: RunDirectory, own: Shard | null): Promise<void> {
  const report = await readShardReport(directory)
  if (report === null || (own !== null && nameShard(own) === nameShard(report.shard))) return
  throw new GateError({
    code: 'shard',
    message: `the directory holds ${nameShard(report.shard)}`,
    where: { file: directory.path },
    remedy: 'name another directory with --out',
  })
}

function refuseDirectory({ path }: RunDirectory): GateError {
  return new GateError({
    code: 'shard',
    message: `there is no readable ${runFiles.shard}: no shard has ended here`,
    where: { file: path },
    remedy: 'run the shard into this directory again, which asks only what is missing, or leave it out',
  })
}

function refuseTwice(name: string, [one, other]: readonly [RunDirectory, RunDirectory]): GateError {
  return new GateError({
    code: 'shard',
    message: `${name} was measured twice, in ${one.path} and in ${other.path}`,
    where: { file: other.path },
    remedy: 'name the first of them alone: answers are not drawn anew',
  })
}
