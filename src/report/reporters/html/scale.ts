import { chooseUnit, type Unit } from '../../format.ts'

/** Maps rates to shares of a plot's width. */
export interface Scale {
  /** Per cent of the width, for events per 100,000 turns. */
  place: (per100k: number) => number
  ticksPer100k: number[]
  /** What the ticks are labelled in. */
  unit: Unit
}

const widthUsed = 0.92
const margin = 4
const mostTicks = 5
/** Ticks nearer than this share of the width would run into each other on a phone. */
const nearestTicks = 17

/**
 * A square-root scale from 0: it gives small rates room, and unlike a logarithm has a place for no events. The
 * end lies a little beyond the greatest value.
 */
export function makeScale(valuesPer100k: readonly number[]): Scale {
  const greatest = Math.max(1, ...valuesPer100k.filter((value) => Number.isFinite(value)))
  const end = Math.min(100_000, greatest * 1.04)
  const place = (per100k: number) => {
    const share = Math.sqrt(Math.min(1, Math.max(0, per100k) / end))
    return Number((margin + 100 * widthUsed * share).toFixed(2))
  }
  return { place, ticksPer100k: chooseTicks(end, place), unit: chooseUnit(greatest) }
}

/** 0 and round numbers (1, 2, 5 times a power of ten), from the greatest down, as far apart as their labels need. */
function chooseTicks(end: number, place: Scale['place']): number[] {
  const ticks: number[] = []
  let last = Number.POSITIVE_INFINITY
  for (const tick of listRound(end)) {
    const at = place(tick)
    if (last - at < nearestTicks || at - place(0) < nearestTicks) continue
    ticks.push(tick)
    last = at
    if (ticks.length === mostTicks - 1) break
  }
  return [0, ...ticks.toReversed()]
}

function* listRound(end: number): Generator<number> {
  for (let power = 100_000; power >= 0.01; power /= 10) {
    for (const factor of [5, 2, 1]) if (factor * power <= end) yield factor * power
  }
}
