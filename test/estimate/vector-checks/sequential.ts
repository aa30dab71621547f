import { z } from 'zod'
import { rejectEBenjaminiHochberg } from '../../../src/estimate/e-bh.ts'
import { boundAnytime, logEvidenceAbove, logEvidenceBelow } from '../../../src/estimate/e-process.ts'
import { boundFiniteCorpus } from '../../../src/estimate/finite-corpus.ts'
import { type Check, nameList, number, parseBounds, pickBounds } from './check.ts'

export const checks: Record<string, Check> = {
  logE: (vector) => {
    const { x, n, Y } = z.object({ x: number, n: number, Y: number }).parse(vector.args)
    const sample = { events: x, turns: n, limit: Y }
    return {
      actual: { pass_: logEvidenceBelow(sample), fail: logEvidenceAbove(sample) },
      expected: z.object({ pass_: number, fail: number }).parse(vector.expected),
    }
  },
  anytimeBounds: (vector) => {
    const { x, n, alpha } = z.object({ x: number, n: number, alpha: number }).parse(vector.args)
    return {
      actual: pickBounds(boundAnytime({ events: x, turns: n, alpha })),
      expected: parseBounds(vector),
    }
  },
  eBH: (vector) => {
    const { e, alpha } = z.object({ e: z.array(number), alpha: number }).parse(vector.args)
    const rejected = rejectEBenjaminiHochberg({ evidence: e, level: alpha })
    const expected = z.array(number).parse(vector.expected)
    // Each hypothesis by itself, so that one rejected too many is a mismatch as well.
    const names = e.map((_, index) => `hypothesis ${index}`)
    const mark = (indices: readonly number[]) => e.map((_, index) => (indices.includes(index) ? 1 : 0))
    return { actual: nameList(names, mark(rejected)), expected: nameList(names, mark(expected)) }
  },
  hypergeomCI: (vector) => {
    const { x, n, N, alpha } = z.object({ x: number, n: number, N: number, alpha: number }).parse(vector.args)
    return {
      actual: pickBounds(boundFiniteCorpus({ events: x, drawn: n, corpus: N, alpha })),
      expected: parseBounds(vector),
    }
  },
}
