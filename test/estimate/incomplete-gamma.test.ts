import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { refineGammaQuantile } from '../../src/estimate/incomplete-gamma.ts'
import { expectClose } from './close.ts'

describe('refineGammaQuantile', () => {
  it.each([
    // mpmath 1.3: root of gammainc(shape, 0, x, regularized=True) − p with 40 digits.
    [0.95, 1000, 1052.5771180823206],
    [0.05, 1500, 1436.8686529662998],
    [0.99975, 1200.5, 1324.821038520773],
    // scipy 1.17: special.gammaincinv, agrees with the above to 1e-15.
    [1e-8, 20_000, 19_216.480827967647],
    [0.95, 20_000, 20_233.1845562359],
  ])('finds the quantile %p of shape %p from starts on both sides', (probability, shape, expected) => {
    const deviation = Math.sqrt(shape)
    for (const start of [expected, expected - deviation, expected + deviation]) {
      expectClose(refineGammaQuantile({ probability, shape, start }), expected, 1e-12)
    }
  })

  it('grows with the probability across the change of tails at the median', () => {
    const shapes = fc.double({ min: 100, max: 1e5, noNaN: true })
    fc.assert(
      fc.property(shapes, fc.double({ min: 1e-9, max: 0.1, noNaN: true }), (shape, step) => {
        const find = (probability: number) => refineGammaQuantile({ probability, shape, start: shape })
        const median = find(0.5)
        expect(find(0.5 - step)).toBeLessThan(median)
        expect(find(0.5 + step)).toBeGreaterThan(median)
        // The median lies between shape − 1/3 and shape (Chen & Rubin 1986).
        expect(median).toBeGreaterThan(shape - 1 / 3 - 1e-9)
        expect(median).toBeLessThan(shape)
      }),
    )
  })
})
