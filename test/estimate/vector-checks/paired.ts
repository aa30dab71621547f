import { z } from 'zod'
import { adjustBenjaminiHochberg } from '../../../src/estimate/false-discovery.ts'
import { estimateDifferenceClustered } from '../../../src/estimate/paired-clusters.ts'
import { boundRatioConditional, boundRatioTang, type RatioBounds } from '../../../src/estimate/ratio.ts'
import { testUnequalClustered, testWorseClustered } from '../../../src/estimate/sign-flip.ts'
import { type Check, nameList, number, type Values, type Vector } from './check.ts'

const numbers = z.array(number)

/** The vectors write infinity as a word, the product as null. */
const finiteOrNull = z.union([number, z.literal('Infinity').transform(() => null)])

function parseRatio(vector: Vector): Values {
  return nameList(['ratio', 'lower', 'upper'], z.array(finiteOrNull).length(3).parse(vector.expected))
}

function pickRatio({ ratio, lower, upper }: RatioBounds): Values {
  return { ratio, lower, upper }
}

export const checks: Record<string, Check> = {
  tangRatio: (vector) => {
    const { n11, b, c, N, alpha } = z
      .object({ n11: number, b: number, c: number, N: number, alpha: number })
      .parse(vector.args)
    const sample = { both: n11, candidateOnly: b, baselineOnly: c, pairs: N, alpha }
    return { actual: pickRatio(boundRatioTang(sample)), expected: parseRatio(vector) }
  },
  conditionalRatio: (vector) => {
    const { xc, xb, nc, nb, alpha } = z
      .object({ xc: number, xb: number, nc: number, nb: number, alpha: number })
      .parse(vector.args)
    const bounds = boundRatioConditional({
      candidateEvents: xc,
      baselineEvents: xb,
      candidateTurns: nc,
      baselineTurns: nb,
      alpha,
    })
    return { actual: pickRatio(bounds), expected: parseRatio(vector) }
  },
  // Its mid-p values are not computed: they never decide.
  signflip: (vector) => {
    const { d } = z.object({ d: numbers }).parse(vector.args)
    return {
      actual: { one_sided: testWorseClustered(d), two_sided: testUnequalClustered(d) },
      expected: z.object({ one_sided: number, two_sided: number }).parse(vector.expected),
    }
  },
  // Without the guard against few clusters that differ: the vector has four.
  pairedClusterCI: (vector) => {
    const { D, m, alpha } = z.object({ D: numbers, m: numbers, alpha: number }).parse(vector.args)
    const clusters = D.map((difference, index) => ({ difference, turns: m[index] ?? Number.NaN }))
    const { difference, lower, upper, standardError } = estimateDifferenceClustered({ clusters, alpha })
    const names = ['difference', 'lower', 'upper', 'standardError']
    return {
      actual: { difference, lower, upper, standardError },
      expected: nameList(names, numbers.length(4).parse(vector.expected)),
    }
  },
  bh: (vector) => {
    const { p } = z.object({ p: numbers }).parse(vector.args)
    const names = p.map((_, index) => `p${index}`)
    return {
      actual: nameList(names, adjustBenjaminiHochberg(p)),
      expected: nameList(names, numbers.length(p.length).parse(vector.expected)),
    }
  },
}
