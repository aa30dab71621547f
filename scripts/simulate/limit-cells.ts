import { bursts, type Cell, loseCalls, type Missing, makeCell, nothingMissing, oneTurnEach } from './cell.ts'
import { cross, limitPer100k, sameInBoth } from './grid.ts'
import { calibrated, uncalibrated } from './judges.ts'

/** Limits, by everything that can stand between a true rate and its bounds. */
export function listLimitCells(): Cell[] {
  return [...listLimits(), ...listJudges(), ...listClusters(), ...listSurfaces(), ...listMissing()]
}

function listLimits(): Cell[] {
  const group = 'limit'
  return [
    ...cross({ group, name: 'limit/alone', regression: false }),
    ...cross({ group, name: 'limit/with-regression' }, { turns: [1000] }),
    ...cross(
      { group, name: 'limit/pipeline', regression: false, path: 'pipeline', replicates: 400 },
      { turns: [1000], multiples: [0.5, 1] },
    ),
  ]
}

function listJudges(): Cell[] {
  const group = 'judge'
  return [
    ...cross({ group, name: 'judge/uncalibrated', regression: false, judge: uncalibrated }),
    ...cross(
      { group, name: 'judge/audited', regression: false, judge: uncalibrated, audit: 'all' },
      { turns: [1000], multiples: [1, 2] },
    ),
    ...cross({ group, name: 'judge/calibrated', regression: false, judge: calibrated }),
    ...cross(
      {
        group,
        name: 'judge/calibrated-pipeline',
        regression: false,
        judge: calibrated,
        path: 'pipeline',
        replicates: 400,
      },
      { turns: [1000], multiples: [1] },
    ),
  ]
}

function listClusters(): Cell[] {
  const group = 'clusters'
  const over = { multiples: [0.5, 1, 2] }
  const lengths = bursts.lengths
  return [
    ...cross({ group, name: 'clusters/bursts', regression: false, clustering: bursts }, over),
    ...cross(
      {
        group,
        name: 'clusters/some-bursts',
        regression: false,
        clustering: { ...bursts, burst: { share: 0.3, within: 1 } },
      },
      { turns: [1000], multiples: [1] },
    ),
    ...cross(
      {
        group,
        name: 'clusters/longer-is-worse',
        regression: false,
        clustering: { ...oneTurnEach, lengths, longerIsWorse: true },
      },
      over,
    ),
    ...[0, 0.5].map((shared) =>
      makeCell({
        group,
        name: `clusters/regression/shared-${shared}`,
        clustering: bursts,
        shared,
        trueRates: [sameInBoth(limitPer100k)],
        turns: 2000,
        regressionAlpha: 0.05,
        replicates: 2000,
      }),
    ),
  ]
}

function listSurfaces(): Cell[] {
  const group = 'surfaces'
  const regression = false
  const surfaces = (chatOfCorpus: number, chatOfTraffic: number, factor: number) => [
    { name: 'chat', corpusShare: chatOfCorpus, trafficShare: chatOfTraffic, factor: 1 },
    { name: 'agent', corpusShare: 1 - chatOfCorpus, trafficShare: 1 - chatOfTraffic, factor },
  ]
  const over = { multiples: [0.5, 1, 2] }
  return [
    ...cross({ group, name: 'surfaces/as-corpus', regression, surfaces: surfaces(0.7, 0.7, 5) }, over),
    ...cross(
      { group, name: 'surfaces/other-mix', regression, surfaces: surfaces(0.8, 0.4, 5) },
      { ...over, turns: [1000] },
    ),
    ...cross(
      {
        group,
        name: 'surfaces/other-mix-bursts',
        regression,
        surfaces: surfaces(0.8, 0.4, 5),
        clustering: bursts,
      },
      { turns: [1000], multiples: [1] },
    ),
  ]
}

/** Calls fail, and answers are empty, ten times as often where there would have been an event. */
const selective: Missing = {
  ...nothingMissing,
  transport: { baseline: { none: 0.004, event: 0.04 }, candidate: { none: 0.004, event: 0.04 } },
}
/** Half of the candidate's events end in an empty answer. */
const silenced: Missing = {
  ...nothingMissing,
  content: { baseline: { none: 0, event: 0 }, candidate: { none: 0, event: 0.5 } },
}

function listMissing(): Cell[] {
  const group = 'missing'
  const over = { multiples: [0.5, 1, 2] }
  const both = loseCalls({ baseline: 0.005, candidate: 0.005 })
  const candidateOnly = loseCalls({ baseline: 0, candidate: 0.02 })
  const baselineOnly = loseCalls({ baseline: 0.02, candidate: 0 })
  return [
    ...cross({ group, name: 'missing/both', missing: both }, over),
    ...cross({ group, name: 'missing/candidate-only', missing: candidateOnly }, over),
    ...cross({ group, name: 'missing/baseline-only', missing: baselineOnly }, { ...over, turns: [1000] }),
    ...cross({ group, name: 'missing/selective', missing: selective }, over),
    ...cross({ group, name: 'missing/silenced', missing: silenced }, over),
    ...cross(
      { group, name: 'missing/both-pipeline', missing: both, path: 'pipeline', replicates: 400 },
      { turns: [1000], multiples: [1] },
    ),
  ]
}
