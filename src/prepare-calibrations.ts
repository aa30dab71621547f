import { createHash } from 'node:crypto'
import { GateError } from './errors.ts'
import { requireAgreement } from './grade/agreeing-sets.ts'
import { countLabels, type LabelledSet, parseLabelledSet } from './grade/labelled-set.ts'
import type { Plan, PlannedCalibration } from './plan/plan.ts'
import { parseCalibration } from './policy/calibration.ts'
import { formatPath } from './policy/document.ts'
import type { Policy } from './policy/schema.ts'
import type { RepositoryFiles } from './ports.ts'

/** The labelled sets that a run grades: controls, and calibrations by category. */
export interface RunLabelledSets {
  controls: LabelledSet | null
  calibrations: ReadonlyMap<string, LabelledSet>
}

interface Source {
  repository: RepositoryFiles
  sha: string
  policy: Policy
}

/**
 * Reads what a policy says of its graders' errors, from the commit that the policy is read from: calibrations that were
 * made before, labelled sets to calibrate with in the run, and live controls.
 * @throws GateError for a file that is not there, or of another category, and for labelled sets that contradict each other
 */
export async function readCalibrations(request: {
  ports: { repository: RepositoryFiles }
  sha: string
  policy: Policy
}): Promise<{
  calibrations: Plan['calibrations']
  controls: Plan['controls']
  sets: RunLabelledSets
}> {
  const source: Source = { ...request.ports, sha: request.sha, policy: request.policy }
  const calibrations: Record<string, PlannedCalibration> = {}
  const sets = new Map<string, LabelledSet>()
  for (const [index, { id, calibration: file }] of source.policy.categories.entries()) {
    if (file === null) continue
    const read = await readCalibration({ source, file, id, index })
    calibrations[id] = read.planned
    if (read.set !== null) sets.set(id, read.set)
  }
  // Those that several categories name are one set; of different ones an item may stand in both.
  requireAgreement([...new Map([...sets.values()].map((set) => [set.file, set])).values()])
  const controls = await readControls(source)
  return {
    calibrations,
    controls: describeControls(controls, source.policy),
    sets: { controls, calibrations: sets },
  }
}

async function readCalibration(request: {
  source: Source
  file: string
  id: string
  index: number
}): Promise<{ planned: PlannedCalibration; set: LabelledSet | null }> {
  const { source, file, id } = request
  const text = await source.repository.read(source.sha, file)
  if (text === null) {
    throw new GateError({
      code: 'calibration',
      message: `the calibration of "${id}" is not there`,
      where: { file },
      remedy: 'commit it, or leave `calibration` out: the labels are then taken as they are',
    })
  }
  if (file.endsWith('.jsonl')) {
    const set = parseLabelledSet({ file, text, sha256: hash(text) })
    requireLabels({ set, id, field: 'calibration' })
    const unknown = { counts: null, graders: null, answeredAs: {}, madeAt: null }
    return { planned: { file, ...unknown, labelledSetSha256: set.sha256 }, set }
  }
  const parsed = parseCalibration({ file, text }, id)
  if (parsed.kind === 'other') throw refuseOther({ ...request, categories: parsed.categories })
  return { planned: { file, ...parsed.calibration, labelledSetSha256: null }, set: null }
}

async function readControls({ repository, sha, policy }: Source): Promise<LabelledSet | null> {
  const file = policy.judge?.controls ?? null
  if (file === null) return null
  const text = await repository.read(sha, file)
  if (text !== null) {
    const set = parseLabelledSet({ file, text, sha256: hash(text) })
    if (policy.categories.some(({ id }) => hasLabels(set, id))) return set
    throw new GateError({
      code: 'labelled-set',
      message: 'the controls have no label in any category of the policy',
      where: { file },
      remedy: 'label them by the ids of the categories, or leave `judge.controls` out',
    })
  }
  throw new GateError({
    code: 'labelled-set',
    message: 'the labelled set of the controls is not there',
    where: { file },
    remedy: 'commit it, or leave `judge.controls` out of the policy',
  })
}

function describeControls(controls: LabelledSet | null, policy: Policy): Plan['controls'] {
  if (controls === null) return null
  const { file, sha256, items } = controls
  const counted = policy.categories
    .filter(({ id }) => hasLabels(controls, id))
    .map(({ id }) => [id, countLabels(items, id)])
  return { file, sha256, categories: Object.fromEntries(counted) }
}

function requireLabels({ set, id, field }: { set: LabelledSet; id: string; field: string }): void {
  if (hasLabels(set, id)) return
  const others = [...new Set(set.items.flatMap(({ labels }) => Object.keys(labels)))].slice(0, 5)
  throw new GateError({
    code: 'labelled-set',
    message: `no item has a label in "${id}"; the set labels ${others.join(', ')}`,
    where: { file: set.file, field: 'labels' },
    remedy: `label its items in "${id}", or name another set under \`${field}\``,
  })
}

function hasLabels(set: LabelledSet, id: string): boolean {
  const { positives, negatives } = countLabels(set.items, id)
  return positives + negatives > 0
}

function refuseOther(request: { file: string; id: string; index: number; categories: string[] }): GateError {
  const { file, id, index, categories } = request
  const others = categories.map((category) => `"${category}"`).join(', ')
  return new GateError({
    code: 'calibration',
    message: `it is of ${categories.length === 1 ? `the category ${others}` : `the categories ${others}`}, and "${id}" names it (${formatPath(['categories', index, 'calibration'])})`,
    where: { file, field: categories.length === 1 ? 'category' : 'categories' },
    remedy: 'a calibration holds for the graders that it was made with: give each category its own',
  })
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
