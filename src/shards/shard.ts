import { z } from 'zod'
import { GateError } from '../errors.ts'

/** As many as GitHub has jobs in a matrix. */
const mostShards = 256

/** One of the jobs that measure a plan together. */
export const shardSchema = z.strictObject({
  /** From 1. */
  index: z.int().min(1),
  /** How many there are in each wave. */
  of: z.int().min(1).max(mostShards),
  /** From 1: those of a wave measure at the same time, after those of the wave before. */
  wave: z.int().min(1),
  waves: z.int().min(1).max(mostShards),
})
export type Shard = z.infer<typeof shardSchema>

/**
 * Parses a shard as it was given to the action or the command: `2/8`, and which wave, `1/2`; without a wave the only one.
 * @throws GateError (`usage`)
 */
export function parseShard(text: string, wave = ''): Shard {
  const [index, of] = parsePart(text, 'shard')
  const [number, waves] = wave === '' ? [1, 1] : parsePart(wave, 'wave')
  return { index, of, wave: number, waves }
}

/** Parses a number of shards; `null` for none. */
export function parseShardCount(text: string): number | null {
  if (text === '') return null
  const count = Number(text)
  if (/^[1-9][0-9]{0,2}$/.test(text) && count <= mostShards) return count
  throw new GateError({
    code: 'usage',
    message: `"${text}" is not a number of shards`,
    remedy: `give how many jobs of \`mode: replay\` each wave has, 1 to ${mostShards}`,
  })
}

function parsePart(text: string, what: 'shard' | 'wave'): [number, number] {
  const [, first = '', last = ''] = /^([1-9][0-9]{0,2})\/([1-9][0-9]{0,2})$/.exec(text.trim()) ?? []
  const [index, of] = [Number(first), Number(last)]
  if (first !== '' && index <= of && of <= mostShards) return [index, of]
  throw new GateError({
    code: 'usage',
    message: `"${text}" is not a ${what}`,
    remedy: `give which of how many it is, such as 2/8; there are at most ${mostShards}`,
  })
}

/** `shard 2 of 8`, with its wave where there are several. */
export function nameShard({ index, of, wave, waves }: Shard): string {
  return `shard ${index} of ${of}${waves === 1 ? '' : `, wave ${wave} of ${waves}`}`
}

/** What follows the attempt's name in the artifact of a shard. */
export function suffixShard({ index, of, wave, waves }: Shard): string {
  return `-shard-${index}-of-${of}-wave-${wave}-of-${waves}`
}

/** Reads what `suffixShard` wrote; `null` for anything else. */
export function parseSuffix(suffix: string): Shard | null {
  const found = /^-shard-(\d{1,3})-of-(\d{1,3})-wave-(\d{1,3})-of-(\d{1,3})$/.exec(suffix)
  if (found === null) return null
  const [index = 0, of = 0, wave = 0, waves = 0] = found.slice(1).map(Number)
  const parsed = shardSchema.safeParse({ index, of, wave, waves })
  return parsed.success && index <= of && wave <= waves ? parsed.data : null
}
