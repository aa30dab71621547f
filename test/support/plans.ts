import type { Plan, PlannedCalibration, PlannedCategory } from '../../src/plan/plan.ts'
import type { OnInconclusive } from '../../src/policy/schema-parts.ts'
import type { ArmIdentity, RecordSummary } from '../../src/record/schema.ts'

/** One policy for every kind of inconclusive verdict. */
export function onAnyInconclusive(policy: OnInconclusive): Plan['policy']['gate']['onInconclusive'] {
  return { suspect: policy, underpowered: policy, measurement: policy, judge: policy }
}

/** The gate as a policy without `gate` has it. */
export const defaultGate: Plan['policy']['gate'] = {
  alpha: 0.05,
  regressionAlpha: 0.01,
  onInconclusive: onAnyInconclusive('fail'),
  missingBudgetShare: 0.01,
  decideBy: 'bounds',
  judgeError: 'safe',
  earlyStopping: 'hybrid',
  stopAtFirstFail: false,
  requireCalibration: null,
}

/** What a policy without more than `file` and `path` says of the checkpoint. */
export function planCheckpoint(file: string, path: string | null): Plan['policy']['checkpoint'] {
  return { file, path, servedAs: null, answersAs: null, digest: null, servedDigest: null }
}

/** Of checkpoints of whose weights policy asks no digest. */
export const noDigests: Plan['digests'] = { baseline: null, candidate: null }

/** Answers that all name a model, at an endpoint that was not asked for its list. */
export const noIdentity: ArmIdentity = { unnamed: 0, digests: {}, undigested: 0, probes: [] }

/** A draw of so many turns, one a conversation, not divided. */
export function makePlannedSample(turns: number): Plan['policy']['sample'] {
  return { turns, epoch: '2026-11', turnsPerConversation: 'one', strata: [], target: null, smokeTurns: 300 }
}

/** The judge of a category, as a resolved policy has it. */
export const plannedJudgeGrader = {
  kind: 'judge',
  rubric: 'rude.md',
  model: 'judge-1',
  endpoint: 'judge',
  temperature: null,
  votes: 1,
  agree: 'all',
  calls: 'each',
} as const

/** A blocking category with a judge, compared with the baseline and without a limit. */
export function makePlannedCategory(changes: Partial<PlannedCategory> & { id: string }): PlannedCategory {
  return {
    role: 'block',
    regression: true,
    limitPer100k: null,
    marginPer100k: null,
    calibration: null,
    graders: [plannedJudgeGrader],
    ...changes,
  }
}

/** The counts of a draw of all there is: one turn a conversation, with equal weights. */
export function makeSampleCounts(turns: number): RecordSummary['sample'] {
  return {
    turnsAsked: turns,
    turnsDrawn: turns,
    conversations: turns,
    turnsEligible: turns,
    conversationsExpired: 0,
    conversationsErased: 0,
    conversationsWithoutConsent: 0,
    effectiveTurns: turns,
    effectiveConversations: turns,
    designEffect: 1,
    strata: [],
    uncovered: [],
  }
}

/** A judge that is asked once, alone, with nothing beside it. */
export const plannedJudge: NonNullable<Plan['policy']['judge']> = {
  model: 'judge-1',
  endpoint: 'judge',
  temperature: null,
  calls: 'each',
  confirm: null,
  secondGradingShare: 0,
  controls: null,
}

/** Calibrations that people wrote down, by category. */
export function makeCalibrations(
  counts: Record<string, NonNullable<PlannedCalibration['counts']>>,
): Plan['calibrations'] {
  return Object.fromEntries(
    Object.entries(counts).map(([category, own]) => [
      category,
      {
        file: `calibration/${category}.json`,
        counts: own,
        graders: null,
        answeredAs: {},
        madeAt: null,
        labelledSetSha256: null,
      },
    ]),
  )
}
