import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  betaCdf,
  betaQuantile,
  binomialCdf,
  binomialUpperTail,
  gammaQuantile,
  normalDeviate,
  tQuantile,
} from '../../src/estimate/distributions.ts'
import { expectClose } from './close.ts'

describe('betaQuantile and betaCdf', () => {
  it('are the limits for a shape of 0', () => {
    expect(betaQuantile({ probability: 0.05, a: 0, b: 4 })).toBe(0)
    expect(betaQuantile({ probability: 0.05, a: 4, b: 0 })).toBe(1)
    expect(betaCdf({ x: 0, a: 0, b: 4 })).toBe(1)
    expect(betaCdf({ x: -0.1, a: 0, b: 4 })).toBe(0)
    expect(betaCdf({ x: 0.99, a: 4, b: 0 })).toBe(0)
    expect(betaCdf({ x: 1, a: 4, b: 0 })).toBe(1)
  })

  it('refuse what has no value', () => {
    expect(() => betaQuantile({ probability: 1.1, a: 1, b: 1 })).toThrow(RangeError)
    expect(() => betaQuantile({ probability: 0.5, a: 0, b: 0 })).toThrow(RangeError)
    expect(() => betaCdf({ x: 0.5, a: -1, b: 1 })).toThrow(RangeError)
    expect(() => betaCdf({ x: Number.NaN, a: 1, b: 1 })).toThrow(RangeError)
  })

  it('invert each other', () => {
    const shape = fc.double({ min: 0.5, max: 1e4, noNaN: true })
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), shape, shape, (probability, a, b) => {
        const x = betaQuantile({ probability, a, b })
        expectClose(betaCdf({ x, a, b }), probability, 1e-9)
      }),
    )
  })
})

describe('binomialCdf and binomialUpperTail', () => {
  it('add up to 1 over neighbouring counts', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(500), fc.double({ min: 0, max: 1, noNaN: true }), (few, more, rate) => {
        const trials = few + more
        const below = binomialCdf({ events: few - 1, trials, rate })
        expect(below + binomialUpperTail({ events: few, trials, rate })).toBeCloseTo(1, 12)
      }),
    )
  })

  it('are certain beyond the possible counts', () => {
    expect(binomialCdf({ events: 10, trials: 10, rate: 0.5 })).toBe(1)
    expect(binomialCdf({ events: -1, trials: 10, rate: 0.5 })).toBe(0)
    expect(binomialUpperTail({ events: 0, trials: 0, rate: 0.5 })).toBe(1)
    expect(binomialUpperTail({ events: 1, trials: 0, rate: 0.5 })).toBe(0)
  })

  it('refuse a fractional number of trials and a rate above 1', () => {
    expect(() => binomialCdf({ events: 1, trials: 2.5, rate: 0.5 })).toThrow(RangeError)
    expect(() => binomialCdf({ events: 1, trials: 2, rate: 1.5 })).toThrow(RangeError)
  })
})

describe('gammaQuantile', () => {
  // mpmath 1.3: root of gammainc(shape, 0, x, regularized=True) − p with 40 digits.
  it.each([
    [0.95, 1000, 1052.5771180823206],
    [0.6, 1000, 1007.698076018917],
    [0.05, 1500, 1436.8686529662998],
    [0.99975, 1200.5, 1324.821038520773],
  ])('at %p for shape %p is %p, where the library alone is off by 1e-4', (probability, shape, expected) => {
    expectClose(gammaQuantile({ probability, shape }), expected, 1e-13)
  })

  it('doubles half a degree-two chi-square: shape 1 is the exponential', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 0.999, noNaN: true }), (probability) => {
        expectClose(gammaQuantile({ probability, shape: 1 }), -Math.log1p(-probability), 1e-12)
      }),
    )
  })

  it('is continuous where the refinement starts', () => {
    const below = gammaQuantile({ probability: 0.95, shape: 100 - 1e-9 })
    expectClose(gammaQuantile({ probability: 0.95, shape: 100 }), below, 1e-10)
  })

  it('has its limits, and refuses what has no value', () => {
    expect(gammaQuantile({ probability: 0, shape: 500 })).toBe(0)
    expect(gammaQuantile({ probability: 1, shape: 500 })).toBe(Number.POSITIVE_INFINITY)
    expect(() => gammaQuantile({ probability: 0.5, shape: -1 })).toThrow(RangeError)
    expect(() => gammaQuantile({ probability: Number.NaN, shape: 500 })).toThrow(RangeError)
  })
})

describe('tQuantile', () => {
  // scipy 1.17: stats.t.ppf.
  it.each([
    [0.05, 14, -1.7613101357748915],
    [0.01, 1, -31.82051595377396],
  ])('at %p for %p degrees of freedom is %p', (probability, degreesOfFreedom, expected) => {
    expectClose(tQuantile({ probability, degreesOfFreedom }), expected, 1e-12)
  })

  it('refuses 0 degrees of freedom', () => {
    expect(() => tQuantile({ probability: 0.05, degreesOfFreedom: 0 })).toThrow(RangeError)
  })
})

describe('normalDeviate', () => {
  // scipy 1.17: stats.norm.isf.
  it.each([
    [0.05, 1.6448536269514726],
    [0.025, 1.9599639845400545],
    [0.00125, 3.0233414397391476],
    [0.5, 0],
  ])('at %p is %p', (alpha, expected) => {
    expectClose(normalDeviate(alpha), expected, 1e-13)
  })
})
