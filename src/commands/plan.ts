import { exitCodes } from '../conclusion.ts'
import { GateError } from '../errors.ts'
import { graderConfigSchema } from '../grade/graders/index.ts'
import { resolveCheckpoints, resolvePolicy } from '../policy/resolve.ts'
import { drawFromCorpus, preparePlan } from '../prepare.ts'
import { forecastPlan, type PlanForecast, renderForecast } from '../report/forecast.ts'
import { createRequest, createSources, type SourceOptions } from './run.ts'

/** Prints what a run would show and cost, and asks no endpoint. */
export async function printPlan(
  options: SourceOptions & { json: boolean },
  print: (text: string) => void,
): Promise<number> {
  const forecast = await forecastFrom(options)
  print(options.json ? JSON.stringify(forecast, null, 2) : renderForecast(forecast))
  return forecast.categories.some(({ problem }) => problem !== null) ? exitCodes.noVerdict : exitCodes.success
}

async function forecastFrom(options: SourceOptions): Promise<PlanForecast> {
  const request = await createRequest(options)
  const ports = createSources(options)
  const { commits, policyFile: file } = request
  const resolved = await resolvePolicy({ ...ports, commits, file, graderConfig: graderConfigSchema })
  const checkpoints = await resolveCheckpoints({ ...ports, commits, pointer: resolved.policy.checkpoint })
  if (checkpoints.baseline === checkpoints.candidate) {
    throw new GateError({
      code: 'checkpoint',
      message: `the checkpoint is ${checkpoints.candidate} on both sides: there is nothing to plan`,
      remedy: 'change the pointer in the work tree, or give --candidate ID',
    })
  }
  const prepared = await preparePlan({ request, ports, resolved, checkpoints })
  const sample = await drawFromCorpus({ ports, resolved, ...prepared })
  return forecastPlan({ ...prepared, sample, prices: resolved.policy.prices })
}
