import type { Sources } from '../instruments.ts'
import type { Measurement, MeasurementRequest } from '../measurement.ts'
import type { ReuseFacts } from '../record/reused.ts'
import { layOut } from '../shards/layout.ts'
import type { Shard } from '../shards/shard.ts'
import { openReuse } from './reuse-baseline.ts'

/**
 * Takes over what an earlier run measured of the baseline's units that a shard was to ask, where the waves before it have asked
 * what it is compared by. So the first wave takes over nothing, and all shards of a later one compare the same and come to the
 * same. Gives what the record is to say; absent where policy lets nothing be reused.
 */
export async function reuseInShard(
  parts: MeasurementRequest & {
    shard: Shard
    sources: Sources
    measurement: Measurement
    /** The turns of which it was to ask anything, by their ids. */
    own: ReadonlySet<string>
  },
): Promise<ReuseFacts | undefined> {
  const { shard, sources, measurement, own, sample, ports } = parts
  const { units, journal, instruments } = measurement.measuring
  if (shard.wave === 1 || own.size === 0) return undefined
  const reuse = await openReuse({ ...parts, turns: sample.turns, sources, units })
  const layout = layOut(shard, sample.turns.length)
  const isAsked = reuse.checkedTurns > 0 && layout.findTurn(reuse.checkedTurns - 1).wave < shard.wave
  if (!isAsked) return reuse.facts()
  reuse.settle({ units, probes: measurement.prober.probes })
  const turns = sample.turns.filter(({ id }) => own.has(id))
  const taken = reuse.takeOver(turns, units)
  for (const unit of taken) units.add(unit)
  await Promise.all(taken.map((unit) => journal.append(unit, instruments.spent())))
  if (taken.length > 0)
    ports.log.info(`${taken.length} completions of the baseline are reused from an earlier run`)
  return reuse.facts()
}
