import { parseManifest } from '../corpus/manifest.ts'
import { readTombstones } from '../corpus/tombstones.ts'
import { GateError } from '../errors.ts'
import { listRubrics } from '../grade/grade.ts'
import { loadRubrics } from '../grade/rubrics.ts'
import { lintCalibrations } from '../lint/calibrations.ts'
import { imagineTurns, lintCategories, planFor } from '../lint/categories.ts'
import type { WrittenRegistration } from '../lint/registrations.ts'
import { collect, createResult, type LintRequest, type WrittenPolicy } from '../lint/result.ts'
import { digestPlan, type Plan } from '../plan/plan.ts'
import type { ResolvedPolicy } from '../policy/resolve.ts'
import { drawFromCorpus, type GateRequest, type SourcePorts } from '../prepare.ts'
import { forecastTests, type TestsForecast } from '../report/forecast/plan-forecast.ts'
import type { RegistrationReview } from '../report/registration/review.ts'
import type { Sample } from '../sample/draw.ts'

/** A forecast takes seconds: of more registrations than a pull request should have, the first ones are forecast. */
const mostForecasts = 20

/** What changed registrations commit to. */
export interface Forecasts {
  sample: RegistrationReview['sample']
  /** By file. */
  tests: Map<string, TestsForecast>
  problems: GateError[]
}

/** Forecasts each registration, and finds what the turns can't pass or resolve. */
export async function forecastAll(parts: {
  request: GateRequest
  ports: SourcePorts
  resolved: ResolvedPolicy
  written: WrittenPolicy
  registrations: readonly WrittenRegistration[]
  lintRequest: LintRequest
}): Promise<Forecasts> {
  const { resolved, written, registrations, lintRequest } = parts
  const { policy } = resolved
  const result = createResult()
  const references = listRubrics(policy.categories)
  const rubrics = await collect(result, () => loadRubrics({ ...lintRequest, references }))
  const calibrations = await lintCalibrations({
    request: lintRequest,
    written,
    rubrics: rubrics?.texts ?? {},
    result,
  })
  const plans = new Map(
    registrations.map(({ source, registration }) => [
      source.file,
      planFor({ policy, registration, calibrations }),
    ]),
  )
  const [plan] = plans.values()
  const drawn = plan === undefined ? null : await drawTurns(parts, plan)
  const sample = drawn !== null && !(drawn instanceof GateError) ? drawn : null
  const turns = sample?.turns ?? imagineTurns(policy)
  lintCategories({ written, registrations, calibrations, sample, result })
  const tests = new Map(
    [...plans]
      .filter(([, { registration }]) => turns.length > 0 && !registration.withdrawn)
      .slice(0, mostForecasts)
      .map(([file, own]) => [
        file,
        forecastTests({ plan: own, planDigest: digestPlan(own), tier: 'release', turns, measured: null }),
      ]),
  )
  return {
    sample:
      drawn instanceof GateError
        ? { kind: 'imagined', turns: turns.length, cause: drawn.message }
        : { kind: 'drawn', turns: turns.length },
    tests,
    problems: result.problems,
  }
}

/** Draws the turns of the run to come, which no registration has a say in. */
async function drawTurns(
  parts: { request: GateRequest; ports: SourcePorts; resolved: ResolvedPolicy; lintRequest: LintRequest },
  plan: Plan,
): Promise<Sample | GateError> {
  const { request, ports, resolved, lintRequest } = parts
  const file = resolved.policy.corpus.manifest
  try {
    const manifestText = await ports.repository.read(lintRequest.sha, file)
    if (manifestText === null) {
      return new GateError({
        code: 'corpus',
        message: 'the corpus manifest is not there',
        remedy: 'write it',
      })
    }
    const manifest = parseManifest({ file, text: manifestText })
    const corpus = { name: manifest.name, manifestSha256: '' }
    const seeded = { ...plan, repository: request.repositoryName, corpus }
    const { sha } = lintRequest
    const tombstones = await readTombstones({ ...ports, sha, manifest, manifestFile: file })
    return await drawFromCorpus({ ports, resolved, plan: seeded, manifestText, tombstones, tier: 'release' })
  } catch (error) {
    if (error instanceof GateError) return error
    throw error
  }
}
