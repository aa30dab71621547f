import type { ShardReport } from './report.ts'
import { nameShard } from './shard.ts'

/** What a shard did, in one sentence. */
export function renderShard({ shard, stopped }: ShardReport): string {
  const name = nameShard(shard)
  const subject = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`
  if (stopped === null) return `${subject}: all that it was to ask was asked.`
  return stopped === 'decided'
    ? `${subject}: what was measured before decides, and nothing more was asked.`
    : `${subject}: ended before all was asked (${stopped}); what was measured is kept.`
}
