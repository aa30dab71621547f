import { type Cell, loseCalls, makeCell, type TrueRates } from './cell.ts'
import { cross, limitPer100k, sameInBoth } from './grid.ts'
import { calibrated, uncalibrated } from './judges.ts'

/** Comparisons with the baseline, many categories at once, and looks before the end. */
export function listTestCells(): Cell[] {
  return [...listRegressions(), ...listFamilies(), ...listMargins(), ...listStopping()]
}

function listRegressions(): Cell[] {
  const group = 'regression'
  const compare = (name: string, rates: TrueRates, parts: Partial<Cell> = {}) =>
    makeCell({
      group,
      name: `regression/${name}`,
      trueRates: [rates],
      turns: 2000,
      replicates: 2000,
      ...parts,
    })
  const same = sameInBoth(limitPer100k)
  const doubled = { baseline: 1000, candidate: 2000 }
  return [
    compare('no-change/.01', same),
    compare('no-change/.05', same, { regressionAlpha: 0.05 }),
    compare('a-a/.01', same, { shared: 0.5 }),
    compare('a-a/.05', same, { shared: 0.5, regressionAlpha: 0.05 }),
    compare('no-change/judge', same, {
      judge: uncalibrated,
      regressionAlpha: 0.05,
      // The same judge errs in the same way in both arms: "worse" is not its doing.
      promises: { falsePass: null, falseFail: 0.05, bounds: null },
    }),
    compare('no-change/lost-in-one', same, {
      missing: loseCalls({ baseline: 0.02, candidate: 0 }),
      regressionAlpha: 0.05,
    }),
    compare('doubled/.01', doubled),
    compare('doubled/.05', doubled, { regressionAlpha: 0.05 }),
    compare('doubled/5000', doubled, { turns: 5000, replicates: 800 }),
    compare('no-change/pipeline', same, { regressionAlpha: 0.05, path: 'pipeline', replicates: 400 }),
  ]
}

function listFamilies(): Cell[] {
  const group = 'families'
  const rates = (multiple: number, count: number) =>
    Array.from({ length: count }, () => sameInBoth(multiple * limitPer100k))
  const family = (name: string, trueRates: TrueRates[], parts: Partial<Cell> = {}) =>
    makeCell({
      group,
      name: `families/${name}`,
      trueRates,
      limitPer100k,
      turns: 1000,
      replicates: 800,
      ...parts,
    })
  return [
    family('20-at-limit', rates(1, 20)),
    family('20-at-limit/no-regression', rates(1, 20), { regression: false }),
    family('20-no-change', rates(1, 20), { limitPer100k: null, regressionAlpha: 0.05 }),
    family('1-of-20-doubled', [...rates(2, 1), ...rates(0.1, 19)]),
    family('1-of-20-at-limit', [...rates(1, 1), ...rates(0.1, 19)]),
    family('20-far-below', rates(0.1, 20), { turns: 3000, replicates: 200 }),
  ]
}

/** A judge that finds three of four. */
const blunt = { sensitivity: 0.75, falsePositiveRate: 0.001 }

function listMargins(): Cell[] {
  const group = 'margin'
  const compare = (name: string, candidate: number, parts: Partial<Cell> = {}) =>
    makeCell({
      group,
      name: `margin/${name}`,
      trueRates: [{ baseline: 1000, candidate }],
      marginPer100k: 1000,
      regression: false,
      turns: 5000,
      replicates: 800,
      ...parts,
    })
  return [
    compare('no-change', 1000),
    compare('no-change/half-point', 1000, { marginPer100k: 500 }),
    compare('at-margin', 2000, { replicates: 1500 }),
    compare('at-margin/shared', 2000, { shared: 0.5, replicates: 1500 }),
    compare('twice-the-margin', 3000),
    compare('at-margin/uncalibrated', 2000, { judge: { ...blunt, calibration: null } }),
    compare('at-margin/calibrated', 2000, {
      judge: { ...blunt, calibration: { positives: 50, negatives: 3000 } },
    }),
    compare('no-change/calibrated', 1000, {
      judge: { ...blunt, calibration: { positives: 50, negatives: 3000 } },
    }),
    compare('at-margin/lost', 2000, { missing: loseCalls({ baseline: 0.005, candidate: 0.005 }) }),
  ]
}

function listStopping(): Cell[] {
  const group = 'stopping'
  const regression = false
  const path = 'pipeline'
  return [
    ...cross(
      { group, name: 'stopping/hybrid', regression, path, earlyStopping: 'hybrid', replicates: 1000 },
      { turns: [2000], multiples: [0, 0.1, 0.5, 1, 2, 5] },
    ),
    ...cross(
      { group, name: 'stopping/anytime', regression, path, earlyStopping: 'anytime', replicates: 800 },
      { turns: [2000], multiples: [0.1, 1, 5] },
    ),
    ...cross({ group, name: 'stopping/off', regression }, { turns: [2000], multiples: [0.1, 0.5, 1, 2, 5] }),
    ...cross(
      { group, name: 'stopping/hybrid', regression, path, earlyStopping: 'hybrid', replicates: 250 },
      { turns: [10_000], multiples: [0.5, 1, 2] },
    ),
    ...cross(
      {
        group,
        name: 'stopping/hybrid-calibrated',
        regression,
        path,
        earlyStopping: 'hybrid',
        judge: calibrated,
        replicates: 600,
      },
      { turns: [2000], multiples: [0.1, 1, 5] },
    ),
    ...listFirstFails(),
  ]
}

/** Runs that a regression may end, and only that. */
function listFirstFails(): Cell[] {
  const stop = (name: string, candidate: number) =>
    makeCell({
      group: 'stopping',
      name: `stopping/first-fail/${name}`,
      path: 'pipeline',
      earlyStopping: 'hybrid',
      stopAtFirstFail: true,
      trueRates: [{ baseline: limitPer100k, candidate }],
      regressionAlpha: 0.05,
      turns: 2000,
      replicates: 600,
    })
  return [stop('no-change', limitPer100k), stop('tripled', 3 * limitPer100k)]
}
