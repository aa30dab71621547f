import { type CategoryEstimate, estimateCategories } from '../../src/estimate/estimate.ts'
import type { Observation, State } from '../../src/estimate/observations.ts'
import type { Label } from '../../src/grade/label.ts'
import type { KnownOutcome } from '../../src/grade/trail.ts'
import { digestParts } from '../../src/plan/parts.ts'
import { digestPlan, type Plan, type PlannedCategory } from '../../src/plan/plan.ts'
import type { Calibration } from '../../src/policy/calibration.ts'
import type { Arm } from '../../src/ports.ts'
import type { AuditLine, RecordSummary, RunRecord } from '../../src/record/schema.ts'
import { decideVerdict } from '../../src/verdict/decide.ts'
import type { Verdict } from '../../src/verdict/schema.ts'
import {
  defaultGate,
  makeCalibrations,
  makePlannedCategory,
  makePlannedSample,
  makeSampleCounts,
  noDigests,
  noIdentity,
  planCheckpoint,
  plannedJudge,
} from '../support/plans.ts'

/** One category of a record: the state of each turn, in the sample's order, for either arm. */
export interface CategoryStates extends Partial<Omit<PlannedCategory, 'calibration'>> {
  id: string
  /** Of a calibration; none without. */
  counts?: Calibration
  baseline: readonly State[]
  candidate: readonly State[]
}

/** A record as it would be measured. Every category has as many turns. */
export interface RecordStates {
  categories: readonly CategoryStates[]
  /** By turn; 1 without. */
  weights?: readonly number[]
  /** By turn; one each without. */
  conversations?: readonly string[]
  /** By turn; not divided without. */
  strata?: readonly string[]
  gate?: Partial<Plan['policy']['gate']>
  round?: number
  tier?: 'smoke' | 'release'
  audits?: AuditLine[]
  /** Labels of known items. */
  known?: KnownOutcome[]
  models?: Partial<Record<Arm, Record<string, number>>>
  /** How a missing state is labelled: by the completion's failure, or by the judge's. */
  missingOf?: Partial<Record<Arm, 'completion' | 'judge'>>
}

/** `[['event', 12], ['none', 988]]` as a thousand states. */
export function fillStates(runs: readonly (readonly [State, number])[]): State[] {
  return runs.flatMap(([state, count]) => Array.from({ length: count }, () => state))
}

/** A thousand turns, or another number of them, of which the first have these states and the others are absent. */
export function makeTurns(runs: readonly (readonly [State, number])[] = [], count = 1000): State[] {
  const states = fillStates(runs)
  return [...states, ...fillStates([['none', count - states.length]])]
}

/** Builds a record from the states of its turns. */
export function makeRecord(states: RecordStates): RunRecord {
  const plan = makePlan(states)
  const count = states.categories[0]?.candidate.length ?? 0
  const turns = Array.from({ length: count }, (_, index) => ({
    turn: `c${index}#1`,
    conversation: states.conversations?.[index] ?? `c${index}`,
    weight: states.weights?.[index] ?? 1,
    stratum: states.strata?.[index] ?? null,
    slice: {},
  }))
  const outcomes = turns.flatMap(({ turn }, index) =>
    (['baseline', 'candidate'] as const).flatMap((arm) =>
      states.categories.map((category) => ({
        turn,
        arm,
        category: category.id,
        label: makeLabel(readState(category, arm, index), states.missingOf?.[arm]),
      })),
    ),
  )
  const summary = makeSummary({ plan, states, turns: count })
  return { summary, turns, outcomes, completions: [], known: states.known ?? [], audits: states.audits ?? [] }
}

/** The estimates and the verdict of a record, by the code that a run goes through. */
export function decideStates(states: RecordStates): { estimates: CategoryEstimate[]; verdict: Verdict } {
  const record = makeRecord(states)
  const estimates = estimateCategories(record)
  return { estimates, verdict: decideVerdict(record.summary, estimates) }
}

/** The verdict and the reason of a record's only category, and its estimate. */
export function decideOne(
  category: Omit<CategoryStates, 'id'>,
  rest: Omit<RecordStates, 'categories'> = {},
): { decided: string; overall: Verdict; estimate: CategoryEstimate } {
  const { estimates, verdict } = decideStates({ ...rest, categories: [{ id: 'only', ...category }] })
  const [estimate] = estimates
  const [only] = verdict.categories
  if (estimate === undefined || only === undefined) throw new Error('a category went missing')
  return { decided: `${only.verdict}: ${only.reason}`, overall: verdict, estimate }
}

/** Observations of one turn a conversation with equal weights, without a record around them. */
export function makeObservations(arms: Record<Arm, readonly State[]>): Observation[] {
  return arms.candidate.map((candidate, index) => ({
    weight: 1,
    cluster: index,
    stratum: 0,
    baseline: arms.baseline[index] ?? 'not-asked',
    candidate,
  }))
}

function readState(category: CategoryStates, arm: Arm, index: number): State {
  const state = category[arm][index]
  if (state === undefined) throw new Error(`${category.id}: the ${arm} has no turn ${index}`)
  return state
}

function makeLabel(state: State, missingOf: 'completion' | 'judge' | undefined): Label {
  switch (state) {
    case 'event':
      return { kind: 'present', quote: 'quoted' }
    case 'none':
      return { kind: 'absent' }
    case 'content-missing':
      return missingOf === 'completion'
        ? { kind: 'missing', class: 'content', of: 'completion', cause: 'empty-answer' }
        : { kind: 'missing', class: 'content', of: 'judge', cause: 'cannot-tell' }
    case 'transport-missing':
      return { kind: 'missing', class: 'transport', of: missingOf ?? 'completion', cause: 'timeout' }
    case 'not-asked':
      return { kind: 'not-asked', reason: 'max-minutes' }
  }
}

function makePlan({ categories, gate, round = 1 }: RecordStates): Plan {
  return {
    version: 1,
    measuringVersion: 1,
    repository: 'owner/name',
    baseline: 'ckpt-41',
    candidate: 'ckpt-42',
    digests: noDigests,
    policy: {
      checkpoint: planCheckpoint('model.yaml', null),
      sample: makePlannedSample(categories[0]?.candidate.length ?? 0),
      judge: plannedJudge,
      gate: { ...defaultGate, ...gate },
      slices: [],
      history: 'required',
      replay: {
        api: 'chat',
        temperature: null,
        maxTokens: null,
        timeoutMs: 1000,
        maxAttempts: 1,
        allowRecorded: false,
      },
      categories: categories.map(({ baseline: _, candidate: __, counts, ...category }) =>
        makePlannedCategory({ ...category, calibration: counts === undefined ? null : category.id }),
      ),
    },
    registration: {
      version: 1,
      candidate: 'ckpt-42',
      round,
      predictions: [],
      amendments: [],
      withdrawn: false,
    },
    rubrics: {},
    calibrations: makeCalibrations(
      Object.fromEntries(
        categories.flatMap(({ id, counts }) => (counts === undefined ? [] : [[id, counts]])),
      ),
    ),
    controls: null,
    corpus: { name: 'corpus', manifestSha256: '0'.repeat(64) },
  }
}

function makeSummary(parts: { plan: Plan; states: RecordStates; turns: number }): RecordSummary {
  const { plan, states, turns } = parts
  const usage = { promptTokens: 0, completionTokens: 0 }
  const makeArm = (arm: Arm): RecordSummary['arms'][Arm] => ({
    source: { kind: 'live' },
    models: states.models?.[arm] ?? { [plan[arm]]: turns },
    identity: noIdentity,
    systemFingerprints: {},
    signals: { completions: turns, refusals: 0, toolCalls: 0, finishReasons: {}, charactersMedian: null },
    usage,
  })
  return {
    version: 1,
    plan,
    planDigest: digestPlan(plan),
    planParts: digestParts(plan),
    gateVersion: '0.0.0',
    run: { attempt: 1, id: null, event: 'test', tier: states.tier ?? 'release' },
    commits: {
      policy: '0',
      baseline: '0',
      candidate: '0',
      trustAnchor: 'base',
      policyChanges: [],
      registration: 'commit',
    },
    sample: makeSampleCounts(turns),
    arms: { baseline: makeArm('baseline'), candidate: makeArm('candidate') },
    graders: [
      {
        endpoint: 'judge',
        model: 'judge-1',
        answeredAs: { 'judge-1': turns },
        usage,
        source: { kind: 'live' },
      },
    ],
    cost: { usd: null, requests: 0 },
    timing: { startedAt: '2026-11-01T00:00:00Z', elapsedMs: 0 },
    stopped: null,
    earlyStoppingOff: null,
    retainText: 'artifact',
    history: { kind: 'none' },
    accepted: null,
  }
}
