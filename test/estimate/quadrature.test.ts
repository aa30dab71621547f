import { describe, expect, it } from '@jest/globals'
import { findCrossing } from '../../src/estimate/crossing.ts'
import { gammaCdf } from '../../src/estimate/gamma-cdf.ts'
import { computeLegendreRule, placeNodes } from '../../src/estimate/quadrature.ts'
import { expectClose } from './close.ts'

describe('computeLegendreRule', () => {
  it('is Gauss & Legendre’s', () => {
    const rule = computeLegendreRule(4).toSorted((a, b) => a.value - b.value)
    // numpy: polynomial.legendre.leggauss(4), moved from [−1, 1] to [0, 1].
    const expected = [
      [0.06943184420297371, 0.17392742256872687],
      [0.33000947820757187, 0.3260725774312731],
      [0.6699905217924281, 0.3260725774312731],
      [0.9305681557970262, 0.17392742256872687],
    ]
    for (const [index, [value, weight]] of expected.entries()) {
      expectClose(rule[index]?.value ?? Number.NaN, value ?? Number.NaN, 1e-14)
      expectClose(rule[index]?.weight ?? Number.NaN, weight ?? Number.NaN, 1e-14)
    }
  })

  it('of 64 nodes integrates what 64 nodes have to', () => {
    const rule = computeLegendreRule(64)
    const integrate = (power: number) =>
      rule.reduce((sum, { value, weight }) => sum + weight * Math.exp(power * Math.log(value)), 0)
    expect(new Set(rule.map(({ value }) => value)).size).toBe(64)
    for (const power of [0, 1, 60, 127]) expectClose(integrate(power), 1 / (power + 1), 1e-12)
  })
})

describe('placeNodes', () => {
  it.each([
    { kind: 'beta', a: 1, b: 3000 },
    { kind: 'beta', a: 57, b: 4 },
    { kind: 'beta', a: 5000, b: 95_001 },
    { kind: 'beta', a: 1, b: 1 },
    { kind: 'gamma', shape: 1, scale: 0.001 },
    { kind: 'gamma', shape: 812.5, scale: 1e-5 },
  ] as const)('has the mean and the variance of %p', (marginal) => {
    const nodes = placeNodes(marginal, 64)
    const mean = nodes.reduce((sum, { value, weight }) => sum + weight * value, 0)
    const variance = nodes.reduce(
      (sum, { value, weight }) => sum + weight * (value - mean) * (value - mean),
      0,
    )
    const total = marginal.kind === 'beta' ? marginal.a + marginal.b : 0
    const expected =
      marginal.kind === 'beta'
        ? { mean: marginal.a / total, variance: (marginal.a * marginal.b) / (total * total * (total + 1)) }
        : {
            mean: marginal.shape * marginal.scale,
            variance: marginal.shape * marginal.scale * marginal.scale,
          }
    expectClose(mean, expected.mean, 1e-12)
    expectClose(variance, expected.variance, 1e-9)
  })
})

describe('gammaCdf', () => {
  // scipy 1.17.1: stats.gamma.cdf.
  it.each([
    [0.5, 1, 0.3934693402873665],
    [3, 2.5, 0.6937810815867212],
    [20, 30.5, 0.01720699844149308],
    [45, 30.5, 0.9907394048895348],
    [90, 120, 0.0014594602498948295],
    [5200, 5000, 0.9974151865046462],
  ])('at %p of shape %p', (x, shape, expected) => {
    expectClose(gammaCdf({ x, shape }), expected, 1e-12)
  })

  it('is 0 from 0 down and 1 at infinity', () => {
    expect(gammaCdf({ x: 0, shape: 2 })).toBe(0)
    expect(gammaCdf({ x: -1, shape: 2 })).toBe(0)
    expect(gammaCdf({ x: Number.POSITIVE_INFINITY, shape: 2 })).toBe(1)
  })

  it.each([
    { x: 1, shape: 0.5 },
    { x: Number.NaN, shape: 2 },
    { x: 1, shape: Number.NaN },
  ])('refuses %p', (gamma) => {
    expect(() => gammaCdf(gamma)).toThrow(RangeError)
  })
})

describe('findCrossing', () => {
  it.each([
    ['smooth', (x: number) => Math.exp(x) - 2, Math.LN2],
    ['flat', (x: number) => (x - 0.3) * (x - 0.3) * (x - 0.3), 0.3],
    ['a step', (x: number) => (x < 0.7 ? -1 : 1), 0.7],
  ])('encloses the zero of a function that is %s', (_, evaluate, zero) => {
    const { below, above } = findCrossing({ below: -5, above: 9, evaluate, tolerance: 1e-12 })
    expect(above - below).toBeLessThanOrEqual(2.1e-12)
    expect(below).toBeLessThanOrEqual(zero)
    expect(above).toBeGreaterThanOrEqual(zero)
  })
})
