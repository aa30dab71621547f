import { GateError } from './errors.ts'
import { settleCalibrations } from './estimate/settle.ts'
import { readMeasuredRun } from './forecast/measured-run.ts'
import { graderConfigSchema } from './grade/graders/index.ts'
import type { PolicyChange } from './policy/change.ts'
import { resolveCheckpoints, resolvePolicy } from './policy/resolve.ts'
import type { RunDirectory } from './ports.ts'
import { drawFromCorpus, type GateRequest, preparePlan, type SourcePorts } from './prepare.ts'
import { readRecord } from './record/store.ts'
import { registerNothing } from './registration/nothing.ts'
import { type ForecastRequest, forecastPlan, type PlanForecast } from './report/forecast/plan-forecast.ts'

/** What a run would show and cost; of an unchanged checkpoint nothing. */
export type RunForecast =
  | { kind: 'unchanged'; checkpoint: string; installs: boolean; policyChanges: PolicyChange[] }
  | { kind: 'forecast'; forecast: PlanForecast }

/** Runs a year of a team that changes its checkpoint once a week. */
export const weeklyRuns = 52

/** Reads what the gate would read, draws its turns, and forecasts it. No endpoint is asked. */
export async function forecastRun(
  request: GateRequest,
  options: { ports: SourcePorts; from: RunDirectory | null; runsPerYear: number },
): Promise<RunForecast> {
  const { ports, from, runsPerYear } = options
  const { commits, policyFile: file } = request
  const resolved = await resolvePolicy({ ...ports, commits, file, graderConfig: graderConfigSchema })
  const checkpoints = await resolveCheckpoints({ ...ports, commits, pointer: resolved.policy.checkpoint })
  if (checkpoints.baseline === checkpoints.candidate) {
    const { installs, changes: policyChanges } = resolved
    return { kind: 'unchanged', checkpoint: checkpoints.candidate, installs, policyChanges }
  }
  const { candidate } = checkpoints
  const read = await preparePlan({
    request,
    ports,
    resolved,
    checkpoints,
    // What the gate will register by itself is not known before it reads its history.
    registerStanding: async () => registerNothing(candidate),
  })
  // What the run will measure of its graders is not known before; what is stale already is.
  const prepared = { ...read, plan: settleCalibrations({ plan: read.plan, known: [], answeredAs: {} }) }
  const { tier } = request.run
  const sample = await drawFromCorpus({ ports, resolved, ...prepared, tier })
  const measured = from === null ? null : await readFrom(from, checkpoints.baseline)
  const forecast = forecastPlan({
    ...prepared,
    tier,
    sample,
    policy: resolved.policy,
    from: measured,
    runsPerYear,
  })
  return { kind: 'forecast', forecast }
}

async function readFrom(directory: RunDirectory, baseline: string): Promise<ForecastRequest['from']> {
  const measured = readMeasuredRun(await readRecord(directory))
  if (measured.baseline === baseline) return { run: directory.path, measured }
  throw new GateError({
    code: 'record',
    message: `the run measured the baseline "${measured.baseline}", and "${baseline}" is served`,
    where: { file: directory.path },
    remedy: 'name a run against the checkpoint that is served, or leave --from out',
  })
}
