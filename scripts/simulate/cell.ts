import type { Arm } from '../../src/ports.ts'

/** The true rates of one category, events per 100,000 turns. */
export interface TrueRates {
  baseline: number
  candidate: number
}

/** How the graders err: `exact` never do; a judge does, and may have been tried on labelled turns. */
export type Judge =
  | 'exact'
  | {
      sensitivity: number
      falsePositiveRate: number
      /** How many labelled turns it was tried on, anew in each replicate. */
      calibration: { positives: number; negatives: number } | null
    }

/** How turns hang together. */
export interface Clustering {
  /** Turns of a conversation: one, or geometrically distributed with a mean and a greatest number. */
  lengths: 'one' | { mean: number; most: number }
  /** What is drawn of a conversation. */
  draw: 'one' | 'all'
  /** The share of the events that come from conversations in which each turn is one with the chance `within`. */
  burst: { share: number; within: number } | null
  /** Longer conversations have proportionally higher rates. */
  longerIsWorse: boolean
}

/** A part of the traffic with a rate of its own. */
export interface Surface {
  name: string
  /** Of the corpus's conversations. */
  corpusShare: number
  /** Of the traffic that the candidate will serve. */
  trafficShare: number
  /** Its rate, as a multiple of the others'. */
  factor: number
}

/** The chance that a turn without, or with, an event in any category is lost. */
export interface Loss {
  none: number
  event: number
}

/** What has no label in the end: calls that failed in every attempt, and empty answers. */
export type Missing = Record<'transport' | 'content', Record<Arm, Loss>>

/** What a rate has to stay under for the gate's word to be kept; `null`: nothing is promised there. */
export interface Promises {
  falsePass: number | null
  falseFail: number | null
  /** Of the bounds that miss the true rate. */
  bounds: number | null
}

/** A simulated world, the policy that judges it, and how often. Shares are in [0, 1]. */
export interface Cell {
  name: string
  /** The heading of `docs/statistics-evidence.md` under which it is listed. */
  group: string
  /** `pipeline`: through endpoints, journal and graders; `record`: from units as these would have left them. */
  path: 'pipeline' | 'record'
  /** One entry a category. */
  trueRates: TrueRates[]
  /** The chance that the arms share their luck at a turn; 0: they are independent. */
  shared: number
  turns: number
  limitPer100k: number | null
  marginPer100k: number | null
  /** Whether "worse than the baseline" fails. */
  regression: boolean
  alpha: number
  regressionAlpha: number
  missingBudgetShare: number
  judge: Judge
  /** Whether people read what the judge flagged. */
  audit: 'none' | 'all'
  clustering: Clustering
  /** The draw is divided by them and stands for the traffic's mix; none: all traffic is alike. */
  surfaces: Surface[]
  missing: Missing
  earlyStopping: 'off' | 'hybrid' | 'anytime'
  stopAtFirstFail: boolean
  promises: Promises
  replicates: number
}

const arms = (loss: Loss): Record<Arm, Loss> => ({ baseline: loss, candidate: loss })
const nothing: Loss = { none: 0, event: 0 }

/** Conversations of one turn. */
export const oneTurnEach: Clustering = { lengths: 'one', draw: 'one', burst: null, longerIsWorse: false }
/** Every turn of conversations of three turns on average, all events in bursts. */
export const bursts: Clustering = {
  lengths: { mean: 3, most: 20 },
  draw: 'all',
  burst: { share: 1, within: 1 },
  longerIsWorse: false,
}
/** Nothing is missing. */
export const nothingMissing: Missing = { transport: arms(nothing), content: arms(nothing) }

/** Calls that fail whatever would have been answered. */
export function loseCalls(shares: Record<Arm, number>): Missing {
  const lose = (share: number): Loss => ({ none: share, event: share })
  return {
    ...nothingMissing,
    transport: { baseline: lose(shares.baseline), candidate: lose(shares.candidate) },
  }
}

/** A cell with a category of given rates; what is not given is ordinary and errs in nothing. */
export function makeCell(parts: Partial<Cell> & Pick<Cell, 'name' | 'group' | 'trueRates' | 'turns'>): Cell {
  const cell: Cell = {
    path: 'record',
    shared: 0,
    limitPer100k: null,
    marginPer100k: null,
    regression: true,
    alpha: 0.05,
    regressionAlpha: 0.01,
    missingBudgetShare: 0.01,
    judge: 'exact',
    audit: 'none',
    clustering: oneTurnEach,
    surfaces: [],
    missing: nothingMissing,
    earlyStopping: 'off',
    stopAtFirstFail: false,
    promises: { falsePass: 0, falseFail: 0, bounds: 0 },
    replicates: 2000,
    ...parts,
  }
  return { ...cell, promises: { ...promise(cell), ...parts.promises } }
}

/** Whether the errors of the judge were counted. */
export function isCalibrated({ judge }: Pick<Cell, 'judge'>): boolean {
  return judge !== 'exact' && judge.calibration !== null
}

// Without a calibration the gate speaks of what the judge labels, not of what is true; where every flag was read,
// a FAIL is of what is true all the same. A run that results have ended has no bounds at a level of their own.
function promise(cell: Cell): Promises {
  const { judge, audit, alpha, regressionAlpha, limitPer100k, marginPer100k, earlyStopping } = cell
  const comparesAlone = limitPer100k === null && marginPer100k === null
  const isCorrected = judge === 'exact' || isCalibrated(cell)
  return {
    falsePass: isCorrected ? alpha : null,
    falseFail: isCorrected || audit === 'all' ? (comparesAlone ? regressionAlpha : alpha) : null,
    bounds: isCorrected && earlyStopping === 'off' ? alpha : null,
  }
}
