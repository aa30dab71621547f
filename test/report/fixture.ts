import { type CategoryEstimate, estimateCategories } from '../../src/estimate/estimate.ts'
import { planStopping } from '../../src/estimate/looks.ts'
import { estimateSlices } from '../../src/estimate/slices.ts'
import { digestGraders } from '../../src/grade/grader-digest.ts'
import type { Label } from '../../src/grade/label.ts'
import { digestParts } from '../../src/plan/parts.ts'
import { digestPlan, type Plan } from '../../src/plan/plan.ts'
import type { Calibration } from '../../src/policy/calibration.ts'
import type { Policy } from '../../src/policy/schema.ts'
import type { Arm } from '../../src/ports.ts'
import type { Acceptance, RecordHistory } from '../../src/record/history.ts'
import type { AuditLine, RecordSummary, RunRecord, TurnLine } from '../../src/record/schema.ts'
import { buildView, type ReportView } from '../../src/report/view.ts'
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

/** How many turns of an arm have which label; the others are absent. Events lie at the sample's start, the rest at its end. */
export interface Counts {
  events?: number
  /** How many turns come before the first event. */
  from?: number
  transport?: number
  content?: number
  notAsked?: number
}

/** One category of a fixture; rates per 100,000 turns. */
export interface FixtureCategory {
  id: string
  role?: 'block' | 'watch'
  regression?: boolean
  limitPer100k?: number
  marginPer100k?: number
  /** Of its judge; none without. */
  calibration?: Calibration
  /** Without a judge its labels are nobody's opinion. */
  grader?: 'judge' | 'pattern'
  predicted?: { rate: number; interval: [number, number] }
  baseline: Counts
  candidate: Counts
}

/** A run put together by hand. */
export interface Fixture {
  turns: number
  categories: FixtureCategory[]
  weight?: (index: number) => number
  /** By turn; one a conversation without. */
  conversation?: (index: number) => string
  slice?: (index: number) => Record<string, string>
  gate?: Partial<Plan['policy']['gate']>
  round?: number
  tier?: 'smoke' | 'release'
  /** The turns of the policy, where they are more than those drawn. */
  planned?: number
  /** The first of an arm's flags in a category, and how many of them were none. */
  audits?: readonly { category: string; arm: Arm; read: number; refuted?: number }[]
  history?: RecordHistory
  accepted?: Acceptance
  /** Changes what the record says beside its outcomes. */
  change?: (summary: RecordSummary) => RecordSummary
}

/** A run with its estimates, verdict and view, by the code that a real run goes through. */
export function makeReport(fixture: Fixture): {
  record: RunRecord
  estimates: CategoryEstimate[]
  verdict: Verdict
  view: ReportView
} {
  const record = makeRecord(fixture)
  const estimates = estimateCategories(record)
  const verdict = decideVerdict(record.summary, estimates)
  const slices = estimateSlices(record)
  const view = buildView({ record: record.summary, estimates, verdict, prices, slices })
  return { record, estimates, verdict, view }
}

/** The view alone. */
export function makeView(fixture: Fixture): ReportView {
  return makeReport(fixture).view
}

export const prices: Policy['prices'] = {
  'ckpt-41': { inputUsdPer1m: 0.5, outputUsdPer1m: 1.5 },
  'ckpt-42': { inputUsdPer1m: 0.5, outputUsdPer1m: 1.5 },
  'gpt-5-mini': { inputUsdPer1m: 0.25, outputUsdPer1m: 2 },
}

/** Everything measured, as `buildRecord` would put it together. */
export function makeRecord(fixture: Fixture): RunRecord {
  const { turns, categories, weight = () => 1, change = (summary) => summary } = fixture
  const { conversation = (index) => `conversation-${index}`, slice = () => ({}) } = fixture
  const lines: TurnLine[] = Array.from({ length: turns }, (_, index) => ({
    turn: `conversation-${index}#2`,
    conversation: conversation(index),
    weight: weight(index),
    stratum: null,
    slice: slice(index),
  }))
  const outcomes = lines.flatMap(({ turn }, index) =>
    (['baseline', 'candidate'] as const).flatMap((arm) =>
      categories.map((category) => ({
        turn,
        arm,
        category: category.id,
        label: makeLabel({ index, turns, counts: category[arm] }),
      })),
    ),
  )
  return {
    summary: change(makeSummary(bindCalibrations(makePlan(fixture)), fixture, lines)),
    turns: lines,
    outcomes,
    completions: [],
    known: [],
    audits: (fixture.audits ?? []).flatMap(({ category, arm, read, refuted = 0 }) =>
      outcomes
        .filter((entry) => entry.category === category && entry.arm === arm && entry.label.kind === 'present')
        .slice(0, read)
        .map(({ turn }, index): AuditLine => ({ turn, arm, category, present: index >= refuted })),
    ),
  }
}

function makeLabel(request: { index: number; turns: number; counts: Counts }): Label {
  const { index, turns, counts } = request
  const { events = 0, from = 0, transport = 0, content = 0, notAsked = 0 } = counts
  const fromEnd = turns - 1 - index
  if (index >= from && index < from + events) return { kind: 'present' }
  if (fromEnd < transport) {
    return { kind: 'missing', class: 'transport', of: 'completion', cause: 'timeout' }
  }
  if (fromEnd < transport + content) {
    return { kind: 'missing', class: 'content', of: 'judge', cause: 'cannot-tell' }
  }
  if (fromEnd < transport + content + notAsked) return { kind: 'not-asked', reason: 'max-requests' }
  return { kind: 'absent' }
}

function makePlan({ turns, categories, gate, round = 1, planned = turns }: Fixture): Plan {
  return {
    version: 1,
    measuringVersion: 1,
    repository: 'example/assistant',
    baseline: 'ckpt-41',
    candidate: 'ckpt-42',
    digests: noDigests,
    policy: {
      checkpoint: planCheckpoint('deploy/model.yaml', 'serving.checkpoint'),
      sample: makePlannedSample(planned),
      judge: { ...plannedJudge, model: 'gpt-5-mini' },
      gate: { ...defaultGate, ...gate },
      slices: ['surface'],
      history: 'required',
      replay: {
        api: 'chat',
        temperature: 1,
        maxTokens: 1024,
        timeoutMs: 120_000,
        maxAttempts: 4,
        allowRecorded: false,
      },
      categories: categories.map(planCategory),
    },
    registration: {
      version: 1,
      candidate: 'ckpt-42',
      round,
      predictions: categories.flatMap(({ id, predicted }) =>
        predicted === undefined
          ? []
          : [
              {
                category: id,
                ratePer100k: predicted.rate,
                intervalPer100k: predicted.interval,
                direction: 'same' as const,
                limitPer100k: null,
              },
            ],
      ),
      amendments: [],
      withdrawn: false,
    },
    rubrics: {},
    calibrations: makeCalibrations(
      Object.fromEntries(
        categories.flatMap(({ id, calibration }) => (calibration === undefined ? [] : [[id, calibration]])),
      ),
    ),
    controls: null,
    corpus: { name: 'support-chats', manifestSha256: 'c0'.repeat(32) },
  }
}

/** As if `calibrate` had made them with the very graders of the plan. */
export function bindCalibrations(plan: Plan): Plan {
  const calibrations = Object.entries(plan.calibrations).map(([id, planned]) => [
    id,
    {
      ...planned,
      graders: digestGraders(plan, id),
      answeredAs: { 'judge-1': ['judge-1'], 'gpt-5-mini': ['gpt-5-mini'] },
    },
  ])
  return { ...plan, calibrations: Object.fromEntries(calibrations) }
}

function planCategory(category: FixtureCategory): Plan['policy']['categories'][number] {
  const { id, role = 'block', regression = true, limitPer100k = null, marginPer100k = null } = category
  const { calibration, grader = 'judge' } = category
  return makePlannedCategory({
    id,
    role,
    regression,
    limitPer100k,
    marginPer100k,
    calibration: calibration === undefined ? null : id,
    ...(grader === 'judge' ? {} : { graders: [{ kind: grader, any: ['x'] }] }),
  })
}

function makeSummary(plan: Plan, fixture: Fixture, lines: readonly TurnLine[]): RecordSummary {
  const { turns, tier = 'release', history = { kind: 'none' }, accepted = null } = fixture
  const clusters = new Map(lines.map(({ conversation }, index) => [conversation, index]))
  const drawn = lines.map(({ weight, conversation }) => ({
    weight,
    cluster: clusters.get(conversation) ?? 0,
  }))
  return {
    version: 1,
    plan,
    planDigest: digestPlan(plan),
    planParts: digestParts(plan),
    gateVersion: '0.1.0',
    run: { attempt: 1, id: '17', event: 'pull_request', tier },
    commits: {
      policy: 'a'.repeat(40),
      baseline: 'a'.repeat(40),
      candidate: 'b'.repeat(40),
      trustAnchor: 'base',
      policyChanges: [],
      registration: 'commit',
    },
    sample: {
      ...makeSampleCounts(turns),
      turnsAsked: plan.policy.sample.turns,
      conversations: 250_000,
      turnsEligible: 1_100_000,
    },
    arms: { baseline: makeArm(plan.baseline, turns), candidate: makeArm(plan.candidate, turns) },
    graders: [
      {
        endpoint: 'judge',
        model: 'gpt-5-mini',
        answeredAs: { 'gpt-5-mini': 4 * turns },
        usage: { promptTokens: 1_900_000, completionTokens: 64_000 },
        source: { kind: 'live' },
      },
    ],
    cost: { usd: 3.2, requests: 6 * turns },
    timing: { startedAt: '2026-11-24T15:43:00.000Z', elapsedMs: 754_000 },
    stopped: null,
    earlyStoppingOff: planStopping({ plan, tier, turns: drawn }).off,
    retainText: 'artifact',
    history,
    accepted,
  }
}

function makeArm(model: string, turns: number): RecordSummary['arms'][Arm] {
  return {
    source: { kind: 'live' },
    models: { [model]: turns },
    identity: noIdentity,
    systemFingerprints: {},
    signals: {
      completions: turns,
      refusals: Math.floor(turns / 50),
      toolCalls: Math.floor(turns / 5),
      finishReasons: { stop: turns - Math.floor(turns / 5), tool_calls: Math.floor(turns / 5) },
      charactersMedian: 412,
    },
    usage: { promptTokens: 800_000, completionTokens: 210_000 },
  }
}
