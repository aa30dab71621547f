import { GateError } from './errors.ts'
import { settleCalibrations } from './estimate/settle.ts'
import { describeSetting } from './forecast/forecast-setting.ts'
import { countWorth, findUnresolved } from './forecast/resolution.ts'
import { graderConfigSchema } from './grade/graders/index.ts'
import type { Plan } from './plan/plan.ts'
import { readDocuments } from './policy/read-documents.ts'
import { type ResolvedPolicy, resolveCheckpoints, resolvePolicy } from './policy/resolve.ts'
import type { Policy } from './policy/schema.ts'
import {
  drawFromCorpus,
  type GateRequest,
  type PreparedPlan,
  preparePlan,
  type SourcePorts,
} from './prepare.ts'
import { type ChosenPast, choosePast, type NamedRecord } from './register/past.ts'
import { draftPredictions, type ToldPrediction } from './register/told.ts'
import { suggestFileName } from './registration/file-name.ts'
import { listMisfits, peekCandidate } from './registration/load.ts'
import type { Registration } from './registration/schema.ts'
import { forecastTests, type TestsForecast } from './report/forecast/plan-forecast.ts'
import type { DraftFacts } from './report/registration/draft-comments.ts'
import type { Sample } from './sample/draw.ts'

/** What a registration is drafted from. */
export interface DraftOptions {
  /** Earlier runs in which the served checkpoint was measured. */
  records: readonly NamedRecord[]
  /** What is expected to differ, by category. */
  told: ReadonlyMap<string, ToldPrediction>
  round: number
  /** Whether there may be a registration of the candidate already. */
  force: boolean
}

/** A registration, what stands beside it, and where it belongs. */
export interface DraftedRegistration extends DraftFacts {
  /** A path in the repository. */
  file: string
}

/**
 * Drafts a registration of the candidate: the same as the checkpoint that is served, as far as nothing else is told.
 * No endpoint is asked.
 * @throws GateError when a prediction does not fit the policy, or can't be resolved by the turns that will be drawn
 */
export async function draftRegistration(
  request: GateRequest,
  ports: SourcePorts,
  options: DraftOptions,
): Promise<DraftedRegistration> {
  const { commits, policyFile: file } = request
  const resolved = await resolvePolicy({ ...ports, commits, file, graderConfig: graderConfigSchema })
  const checkpoints = await resolveCheckpoints({ ...ports, commits, pointer: resolved.policy.checkpoint })
  const { baseline, candidate } = checkpoints
  if (baseline === candidate) throw refuseUnchanged(candidate)
  const folder = resolved.policy.registrations
  if (!options.force) await requireNone({ request, ports, resolved, candidate })
  const nothing: Registration = {
    version: 1,
    candidate,
    round: options.round,
    predictions: [],
    amendments: [],
    withdrawn: false,
  }
  const prepare = (registration: Registration) =>
    preparePlan({
      request,
      ports,
      resolved,
      checkpoints,
      registration: { file, text: '', from: 'file', registration },
    })
  const prepared = await prepare(nothing)
  const past = choosePast({ ...options, checkpoint: baseline, graders: prepared.plan })
  const sample = await drawFromCorpus({ ports, resolved, ...prepared, tier: 'release' })
  const setting = describeSetting({ plan: settle(prepared), tier: 'release', turns: sample.turns })
  const predictions = draftPredictions({ ...options, policy: resolved.policy, past, setting })
  if (predictions.length === 0) throw refuseNothing(past)
  const registration = { ...nothing, predictions }
  const drafted = { file: `${folder}/${suggestFileName(candidate)}`, registration }
  const tests = forecastDraft({ prepared: await prepare(registration), sample, past })
  requireSound({ tests, registration, past, policy: resolved.policy })
  return {
    ...drafted,
    baseline,
    turns: sample.turns.length,
    worth: countWorth(setting),
    conversations: sample.counts.conversations,
    policyLimits: new Map(resolved.policy.categories.map(({ id, limitPer100k }) => [id, limitPer100k])),
    past,
    told: new Set(options.told.keys()),
    tests,
  }
}

/** What the run will measure of its graders is not known before; what is stale already is. */
function settle({ plan }: PreparedPlan): Plan {
  return settleCalibrations({ plan, known: [], answeredAs: {} })
}

function forecastDraft(parts: { prepared: PreparedPlan; sample: Sample; past: ChosenPast }): TestsForecast {
  const { prepared, sample, past } = parts
  return forecastTests({
    plan: settle(prepared),
    planDigest: prepared.planDigest,
    tier: 'release',
    turns: sample.turns,
    measured: past.measured,
  })
}

/** A second registration of a candidate would be refused by the gate. */
async function requireNone(parts: {
  request: GateRequest
  ports: SourcePorts
  resolved: ResolvedPolicy
  candidate: string
}): Promise<void> {
  const { request, ports, resolved, candidate } = parts
  const folder = resolved.policy.registrations
  const files = await readDocuments({ ...ports, sha: request.commits.head, folder })
  const there = files.find((source) => peekCandidate(source) === candidate)
  if (there === undefined) return
  throw new GateError({
    code: 'registration',
    message: `"${candidate}" is registered already`,
    where: { file: there.file },
    remedy: 'amend that file (docs/registration.md), or give --force to draft it anew',
  })
}

/** What was told has to fit the policy, and to be something that the turns can tell. */
function requireSound(parts: {
  tests: TestsForecast
  registration: Registration
  past: ChosenPast
  policy: Policy
}): void {
  const { tests, registration, past, policy } = parts
  const found = registration.predictions.flatMap((prediction) => {
    const { category: id } = prediction
    const alone = { ...registration, predictions: [prediction] }
    const misfits = listMisfits({ source: { file: '', text: '' }, registration: alone, policy })
    const entry = tests.expected.find(({ category }) => category.id === id)
    if (entry === undefined) return []
    const unresolved = findUnresolved({
      setting: tests.setting,
      category: entry.category,
      prediction,
      // Without a past rate nothing is known of the baseline: not that it is as predicted.
      baseline: past.measured?.categories.get(id)?.baselineRate ?? null,
      independence: entry.expected.independence,
    })
    return [
      ...misfits.map(({ message, remedy }) => ({ message: `${id}: ${message}`, remedy: `${id}: ${remedy}` })),
      ...unresolved.map(({ field, message, remedy }) => ({
        message: `${id}, ${field}: ${message}`,
        remedy: `${id}: ${remedy}`,
      })),
    ]
  })
  const [first, ...others] = found.map(({ message }) => message)
  if (first === undefined) return
  throw new GateError({
    code: 'registration',
    message: [first, ...others.map((other) => `  also ${other}`)].join('\n'),
    remedy: found.map(({ remedy }) => remedy).join('\n    '),
  })
}

function refuseUnchanged(checkpoint: string): GateError {
  return new GateError({
    code: 'checkpoint',
    message: `the checkpoint is ${checkpoint} on both sides: there is nothing to register`,
    remedy: 'change the pointer in the work tree, or give --candidate ID',
  })
}

function refuseNothing({ leftOut }: ChosenPast): GateError {
  const isGraded = leftOut.some(({ why }) => why === 'graded-otherwise')
  return new GateError({
    code: 'registration',
    message: isGraded
      ? 'other graders labelled the categories in the earlier runs: their rates are others'
      : 'nothing is known of any category',
    remedy:
      'name a run of the served checkpoint with --from, measure it with --replay, or tell what you expect with --rate',
  })
}
