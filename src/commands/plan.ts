import { aaFile, runAa } from '../aa.ts'
import { openRunDirectory } from '../adapters/run-directory.ts'
import { exitCodes } from '../conclusion.ts'
import { GateError } from '../errors.ts'
import { forecastRun } from '../forecast-run.ts'
import type { Log } from '../ports.ts'
import { runFiles } from '../record/schema.ts'
import { renderAa } from '../report/aa.ts'
import { countProblems } from '../report/forecast/describe.ts'
import { renderForecast } from '../report/forecast/render.ts'
import { createGatePorts, createRequest, createSources, type GateOptions, type SourceOptions } from './run.ts'

/** What `plan` is given. */
export interface PlanOptions extends GateOptions {
  json: boolean
  /** Replay the baseline against itself. */
  aa: boolean
  /** The directory of an earlier run, for the baseline's rates and what a turn takes. */
  from?: string | undefined
  runsPerYear: string
}

/** Forecasts a run, or replays the baseline against itself. */
export async function runPlan(
  options: PlanOptions,
  log: Log,
  print: (text: string) => void,
): Promise<number> {
  const runsPerYear = parseRuns(options.runsPerYear)
  if (options.aa) return printAa({ ...options, runsPerYear }, log, print)
  if (options.endpoints.length === 0) return printPlan({ ...options, runsPerYear }, print)
  throw new GateError({
    code: 'usage',
    message: 'a plan asks no endpoint',
    remedy: 'leave --endpoint out, or add --aa to replay the baseline against itself',
  })
}

/** Prints what a run would show and cost, and asks no endpoint. */
export async function printPlan(
  options: SourceOptions & { json: boolean; from?: string | undefined; runsPerYear: number },
  print: (text: string) => void,
): Promise<number> {
  const { from: folder, json, runsPerYear } = options
  const from = folder === undefined ? null : await openRunDirectory(folder, { make: false })
  const ports = createSources(options)
  const result = await forecastRun(await createRequest(options), { ports, from, runsPerYear })
  if (result.kind === 'unchanged') {
    throw new GateError({
      code: 'checkpoint',
      message: `the checkpoint is ${result.checkpoint} on both sides: there is nothing to plan`,
      remedy: 'change the pointer in the work tree, or give --candidate ID',
    })
  }
  const { forecast } = result
  print(json ? JSON.stringify(forecast, null, 2) : renderForecast(forecast))
  return countProblems(forecast) === 0 ? exitCodes.success : exitCodes.noVerdict
}

/** Replays the baseline against itself and prints what that says of the gate: it decides nothing, and so succeeds. */
export async function printAa(
  options: GateOptions & { json: boolean; runsPerYear: number },
  log: Log,
  print: (text: string) => void,
): Promise<number> {
  const { json, runsPerYear } = options
  const request = await createRequest(options)
  const { result, directory } = await runAa(request, createGatePorts(options, log), { runsPerYear })
  print(json ? JSON.stringify(result, null, 2) : renderAa(result))
  if (!json) print(`\nRecord: ${directory.path}/${runFiles.record}, result: ${directory.path}/${aaFile}`)
  return exitCodes.success
}

function parseRuns(text: string): number {
  const runs = Number(text)
  if (runs > 0 && runs <= 1_000_000) return runs
  throw new GateError({
    code: 'usage',
    message: `"${text}" is not a number of runs a year`,
    remedy: 'give how often a candidate is judged, such as 52',
  })
}
