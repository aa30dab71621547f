import { batchTurns } from '../estimate/looks.ts'
import type { Shard } from './shard.ts'

/** Which shard asks what: by places in the sample alone, so that every job knows it without asking the others. */
export interface Layout {
  /** The shard and the wave of the turn at a place of the sample, from 0. */
  findTurn(place: number): Pick<Shard, 'index' | 'wave'>
  /** Of an item at a place in the list of those that are graded before the first look. */
  findCalibration(place: number): Pick<Shard, 'index' | 'wave'>
  /** Of a control at a place in the list of a batch's. */
  findControl(batch: number, place: number): Pick<Shard, 'index' | 'wave'>
}

/**
 * Lays a sample out. A wave is a run of whole batches, so that looks fall between waves, and as many as in any other, but
 * for one; within it turns are dealt out in turn.
 */
export function layOut({ of, waves }: Pick<Shard, 'of' | 'waves'>, plannedTurns: number): Layout {
  const batches = Math.max(1, Math.ceil(plannedTurns / batchTurns))
  const waveOf = (batch: number) => Math.floor((batch * waves) / batches) + 1
  const deal = (place: number) => (place % of) + 1
  return {
    findTurn: (place) => ({ index: deal(place), wave: waveOf(Math.floor(place / batchTurns)) }),
    findCalibration: (place) => ({ index: deal(place), wave: 1 }),
    findControl: (batch, place) => ({ index: deal(place), wave: waveOf(batch) }),
  }
}

/** Whether what was found is this shard's. */
export function isOf(shard: Shard, found: Pick<Shard, 'index' | 'wave'>): boolean {
  return shard.index === found.index && shard.wave === found.wave
}
