import { countFewestControls } from '../estimate/controls.ts'
import { findShortfall, findStaleness } from '../estimate/settle.ts'
import type { Plan } from '../plan/plan.ts'
import { readCalibrations } from '../prepare-calibrations.ts'
import { collect, type LintRequest, type LintResult, report, type WrittenPolicy } from './result.ts'

interface Parts {
  request: LintRequest
  written: WrittenPolicy
  /** The texts of the rubrics that can be read, by reference. */
  rubrics: Record<string, string>
  result: LintResult
}

/**
 * Reads calibrations and controls one by one, so that each that can't be read is told of, and points at those that are
 * stale or show less than the policy requires: better at its review than in every pull request.
 * @returns those that can be reckoned with
 */
export async function lintCalibrations(parts: Parts): Promise<Plan['calibrations']> {
  const { request, written, result } = parts
  const { policy } = written
  const judge = policy.judge === null ? null : { ...policy.judge, controls: null }
  const calibrations: Plan['calibrations'] = {}
  for (const category of policy.categories) {
    const { calibration } = category
    if (calibration === null) continue
    await collect(result, async () => {
      const only = { ...policy, judge, categories: [category] }
      const read = await readCalibrations({ ports: request, sha: request.sha, policy: only })
      Object.assign(calibrations, read.calibrations)
      result.checked.push(`calibration ${calibration}`)
    })
  }
  await lintControls(parts)
  return dropStale(parts, calibrations)
}

async function lintControls({ request, written, result }: Parts): Promise<void> {
  const { policy } = written
  const controls = policy.judge?.controls ?? null
  if (controls === null) return
  await collect(result, async () => {
    const categories = policy.categories.map((category) => ({ ...category, calibration: null }))
    const read = await readCalibrations({
      ports: request,
      sha: request.sha,
      policy: { ...policy, categories },
    })
    result.checked.push(`controls ${controls}`)
    lintControlCounts({ written, result, controls: read.controls })
  })
}

/** Controls without enough positives notice no judge that finds nothing, which is what a false pass takes. */
function lintControlCounts(parts: Pick<Parts, 'written' | 'result'> & Pick<Plan, 'controls'>): void {
  const { written, result, controls } = parts
  const fewest = countFewestControls({ controls })
  for (const [id, { positives }] of Object.entries(controls?.categories ?? {})) {
    if (positives >= fewest) continue
    report(result, {
      code: 'labelled-set',
      message: `the controls of "${id}" have ${positives === 1 ? '1 positive' : `${positives} positives`}: a judge that finds nothing would go unnoticed`,
      place: { source: written.source, path: ['judge', 'controls'] },
      remedy: `label at least ${fewest} positives in it, better 60; or leave its labels out of the controls`,
    })
  }
}

function dropStale(parts: Parts, calibrations: Plan['calibrations']): Plan['calibrations'] {
  const { request, written, rubrics, result } = parts
  const { policy, source } = written
  const required = policy.gate.requireCalibration
  const plan = { rubrics, calibrations, policy }
  const kept: Plan['calibrations'] = {}
  for (const [index, { id, role, graders }] of policy.categories.entries()) {
    const planned = calibrations[id]
    const isJudged = graders.some(({ endpoint }) => typeof endpoint === 'string')
    const place = { source, path: ['categories', index, ...(planned === undefined ? [] : ['calibration'])] }
    if (planned === undefined) {
      if (required?.otherwise !== 'red' || role !== 'block' || !isJudged) continue
      const message = `"${id}" has no calibration, and \`gate.require_calibration\` wants one: it can't pass`
      report(result, { code: 'calibration', message, remedy, place })
    } else if (findStaleness({ plan, category: id, answeredAs: {} }) !== null) {
      const message = `the calibration of "${id}" is stale: its graders have changed since`
      report(result, { code: 'calibration', message, remedy, place })
      kept[id] = { ...planned, counts: null }
    } else {
      kept[id] = planned
      const short =
        required === null ? null : findShortfall({ planned, required, at: request.now.toISOString() })
      if (short === null || required?.otherwise !== 'red') continue
      const message = `the calibration of "${id}" ${shortfalls[short]}: it can't pass`
      report(result, { code: 'calibration', message, remedy, place })
    }
  }
  return kept
}

const remedy = 'run `checkpoint-gate calibrate` with the graders of this policy, and commit the record'

const shortfalls = {
  unbound: 'says of no graders that it was made with them, which `gate.require_calibration` wants',
  sensitivity: 'does not show the sensitivity that `gate.require_calibration` wants',
  'false-positives': 'shows more false alarms than `gate.require_calibration` allows',
  age: 'is older than `gate.require_calibration` allows, has no date, or one that is still to come',
}
