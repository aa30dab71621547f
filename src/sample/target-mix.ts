import { GateError } from '../errors.ts'
import type { StratumIdentity } from './stratum.ts'

/** The mix of traffic that a sample stands for. */
export interface TargetMix {
  /** The share of a stratum; 0 unless the target names it. All shares of the target sum to 1. */
  readShare(stratum: StratumIdentity): number
  /** What the target gives to none of these strata, as the target calls it. */
  listUnknown(strata: readonly StratumIdentity[]): { name: string; share: number }[]
}

/**
 * Reads a target mix, whose keys are names or aliases of strata. Its shares may be any numbers of at least 0,
 * such as counts: they are divided by their sum.
 * @throws GateError unless there are strata to weigh and shares that can be divided
 */
export function readTargetMix(
  target: Readonly<Record<string, number>>,
  strataKeys: readonly string[],
): TargetMix {
  const written = Object.entries(target)
  const total = written.reduce((sum, [, share]) => sum + share, 0)
  if (strataKeys.length === 0) {
    throw refuseTarget('it gives shares to strata, and the sample has none', 'name the keys of `strata` too')
  }
  if (!(written.every(([, share]) => share >= 0) && total > 0 && total < Number.POSITIVE_INFINITY)) {
    throw refuseTarget(
      'its shares are not numbers of at least 0 with a sum above 0',
      'give each stratum its share of the traffic, such as `chat: 0.6`',
    )
  }
  const shares = new Map(written.map(([name, share]) => [name, share / total]))
  return {
    readShare({ name, alias }) {
      if (shares.has(name) && shares.has(alias)) {
        throw refuseTarget(`"${name}" and "${alias}" are the same stratum`, 'leave one of the two out')
      }
      return shares.get(name) ?? shares.get(alias) ?? 0
    },
    listUnknown(strata) {
      const known = new Set(strata.flatMap(({ name, alias }) => [name, alias]))
      return [...shares].flatMap(([name, share]) => (share > 0 && !known.has(name) ? [{ name, share }] : []))
    },
  }
}

/** Refuses a target mix of which the corpus has nothing. */
export function refuseForeignTarget(strata: readonly StratumIdentity[]): GateError {
  const names = strata.slice(0, 5).map(({ name }) => `"${name}"`)
  const more = strata.length > names.length ? ', …' : ''
  return refuseTarget(
    'the corpus has no conversation of any stratum that it names',
    `the corpus has ${names.join(', ')}${more}: name those, or correct \`strata\``,
  )
}

function refuseTarget(problem: string, remedy: string): GateError {
  return new GateError({ code: 'policy', message: `the target mix can't be used: ${problem}`, remedy })
}
