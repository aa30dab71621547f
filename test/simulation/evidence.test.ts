import { describe, expect, it } from '@jest/globals'
import { type Cell, makeCell } from '../../scripts/simulate/cell.ts'
import { listCells } from '../../scripts/simulate/cells.ts'
import { checkPromises, findRightVerdict } from '../../scripts/simulate/findings.ts'
import { groups } from '../../scripts/simulate/groups.ts'
import { runCells } from '../../scripts/simulate/pool.ts'
import { createRandom } from '../../scripts/simulate/random.ts'
import { renderEvidence } from '../../scripts/simulate/render.ts'
import { runReplicates } from '../../scripts/simulate/replicate.ts'
import { prepareCell } from '../../scripts/simulate/settings.ts'
import { formatShare, isKept, standardError } from '../../scripts/simulate/share.ts'
import { emptyTally, judgeTruth, type Tally } from '../../scripts/simulate/tally.ts'

function makeLimited(candidate: number, parts: Partial<Cell> = {}): Cell {
  return makeCell({
    name: `candidate ${candidate}`,
    group: 'limit',
    trueRates: [{ baseline: 1000, candidate }],
    turns: 1000,
    limitPer100k: 2000,
    ...parts,
  })
}

function makeTally(parts: Partial<Tally>): Tally {
  const rest = {
    replicates: 1000,
    bounds: 1000,
    lowerHolds: 970,
    upperHolds: 960,
    asked: 1500,
    planned: 2000,
  }
  return { ...emptyTally(), ...rest, ...parts }
}

describe('a share', () => {
  it('is shown with its standard error, and with what is left open where nothing varied', () => {
    expect(standardError({ count: 50, of: 1000 })).toBeCloseTo(0.00689, 5)
    expect(formatShare({ count: 50, of: 1000 })).toBe('5.0 ± 0.7')
    expect(formatShare({ count: 0, of: 1000 })).toBe('0 (< 0.3)')
    expect(formatShare({ count: 4000, of: 4000 })).toBe('100 (> 99.92)')
    expect(formatShare({ count: 0, of: 0 })).toBe('–')
  })

  it('breaks a promise from three standard errors over it', () => {
    // .05 + 3·√(.05·.95/1000) = .0707
    expect([70, 71].map((count) => isKept({ count, of: 1000 }, 0.05))).toEqual([true, false])
    expect(isKept({ count: 1, of: 1000 }, 0)).toBe(false)
  })
})

describe('what is true', () => {
  it.each([
    [
      'better than the baseline',
      makeLimited(900),
      { breaksRule: false, isWorse: false, mayFail: false },
      'pass',
    ],
    [
      'worse within the limit',
      makeLimited(1500),
      { breaksRule: false, isWorse: true, mayFail: true },
      'fail',
    ],
    [
      'worse where that does not matter',
      makeLimited(1500, { regression: false }),
      { breaksRule: false, isWorse: false, mayFail: false },
      'pass',
    ],
    [
      'at the limit',
      makeLimited(2000, { regression: false }),
      { breaksRule: true, isWorse: false, mayFail: false },
      null,
    ],
    ['over the limit', makeLimited(2500), { breaksRule: true, isWorse: true, mayFail: true }, 'fail'],
    [
      'at the margin',
      makeLimited(1500, { regression: false, marginPer100k: 500 }),
      { breaksRule: true, isWorse: false, mayFail: false },
      null,
    ],
    [
      'over the margin',
      makeLimited(1501, { regression: false, marginPer100k: 500 }),
      { breaksRule: true, isWorse: false, mayFail: true },
      'fail',
    ],
  ])('is judged by the rules of the cell: %s', (_, cell, truth, right) => {
    expect(judgeTruth(cell)).toEqual([truth])
    expect(findRightVerdict(cell)).toBe(right)
  })
})

describe('promises', () => {
  const find = (cell: Cell) =>
    checkPromises({ cell, tally: makeTally({}) }).map(({ what, promised }) => `${what} ${promised}`)

  it('are those of the levels, where a verdict can be wrong', () => {
    const bounds = ['upper bound misses 0.05', 'lower bound misses 0.05']
    expect(find(makeLimited(1000))).toEqual(['false FAIL 0.05', ...bounds])
    expect(find(makeLimited(2500))).toEqual(['false PASS 0.05', ...bounds])
    expect(find(makeLimited(1000, { limitPer100k: null }))).toEqual(['false FAIL 0.01', ...bounds])
    // Worse than the baseline and nothing else: a PASS is wrong, but no test bounds how often.
    expect(find(makeLimited(1500))).toEqual(bounds)
  })

  it('are none for a judge that nobody tried, but for a FAIL whose flags were read', () => {
    const judge = { sensitivity: 0.8, falsePositiveRate: 0.001, calibration: null }
    expect(find(makeLimited(1000, { judge }))).toEqual([])
    expect(find(makeLimited(1000, { judge, audit: 'all' }))).toEqual(['false FAIL 0.05'])
  })
})

describe('the evidence', () => {
  const render = (falsePass: number) =>
    renderEvidence({
      findings: [
        {
          cell: makeLimited(2000, { regression: false }),
          tally: makeTally({
            pass: falsePass,
            inconclusive: 960,
            fail: 40 - falsePass,
            falsePass,
            falseFail: 5,
          }),
        },
        { cell: makeLimited(900), tally: makeTally({ pass: 800, inconclusive: 200 }) },
      ],
      seed: 'seed-1',
      command: 'npm run simulate',
    })

  it('has a row a cell, each number with its Monte Carlo error, the right verdict in bold', () => {
    const text = render(35)
    expect(text).toContain('`npm run simulate` with the seed `seed-1`:\n2,000 simulated runs in 2 worlds')
    const rows = text.split('\n').filter((line) => line.startsWith('| 1,000 |'))
    expect(rows).toHaveLength(2)
    expect(rows[0]).toContain(
      '| 2 % | 2 % | limit | record | 3.5 ± 0.6 | 0.5 ± 0.2 | 96.0 ± 0.6 | 3.5 ± 0.6 | 0.5 ± 0.2 | 96.0 ± 0.6 | 97.0 ± 0.5 | 75.0 | 1,000 |',
    )
    expect(rows[1]).toContain('| **80.0 ± 1.3** | 0 (< 0.3) | 20.0 ± 1.3 | – | 0 (< 0.3) |')
    expect(text).toContain('All 7 promises of these tables were kept.')
    expect(text).not.toContain('roken:')
  })

  it('says which promise was broken', () => {
    const text = render(90)
    expect(text).toContain('**6 of 7 promises of these tables were kept. Broken:**')
    expect(text).toContain('- `candidate 2000`: false PASS 9.0 ± 0.9 %, promised 5 %\n')
  })

  it('begins every table with the same columns', () => {
    for (const { describe: describeCell, id } of groups) {
      const cells = listCells().filter(({ group }) => group === id)
      expect(cells.length).toBeGreaterThan(1)
      expect(new Set(cells.map((cell) => Object.keys(describeCell(cell)).join())).size).toBe(1)
    }
  })
})

describe('the cells', () => {
  const cells = listCells()

  it('have names of their own, in groups that are shown', () => {
    expect(new Set(cells.map(({ name }) => name)).size).toBe(cells.length)
    const known = groups.map(({ id }) => id)
    expect(cells.filter(({ group, name }) => !known.includes(group) || !name.startsWith(group))).toEqual([])
  })

  it('have policies that the gate takes', async () => {
    for (const cell of cells) {
      const { plan } = await prepareCell(cell, createRandom(cell.name))
      expect(plan.policy.categories).toHaveLength(cell.trueRates.length)
      expect(plan.policy.categories[0]?.limitPer100k).toBe(cell.limitPer100k)
    }
  })

  it('come out of several threads as of one', async () => {
    const small = [makeLimited(900), makeLimited(2500)].map((cell) => ({
      ...cell,
      turns: 80,
      replicates: 30,
    }))
    const seen: string[] = []
    const tallies = await runCells({
      cells: small,
      seed: 'a',
      workers: 2,
      onCell: ({ name }) => seen.push(name),
    })
    expect(seen.toSorted()).toEqual(small.map(({ name }) => name).toSorted())
    for (const cell of small) {
      const alone = await runReplicates({ cell, seed: 'a', range: { from: 0, to: 30 } })
      expect(tallies.get(cell.name)).toEqual(alone)
    }
  })

  it('end with the error of a replicate that failed', async () => {
    const broken = makeLimited(900, { alpha: 0.9, replicates: 1 })
    await expect(runCells({ cells: [broken], seed: 'a', workers: 1, onCell: () => {} })).rejects.toThrow(
      'candidate 900: a replicate failed',
    )
  })
})
