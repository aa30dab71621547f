import { createHash } from 'node:crypto'
import type { CalibrationPorts, CalibrationRequest } from '../calibrate.ts'
import { GateError } from '../errors.ts'
import { listEndpoints } from '../grade/grade.ts'
import { type LabelledSet, parseLabelledSet } from '../grade/labelled-set.ts'
import { suggestKey } from '../policy/document.ts'
import type { CategoryPolicy, Policy } from '../policy/schema.ts'
import { type CalibrationItem, listCalibrationItems } from './items.ts'

/** What is calibrated with what. */
export interface CalibrationSets {
  sets: LabelledSet[]
  items: CalibrationItem[]
  /** Of the categories that were wanted: those with labels. */
  calibrated: CategoryPolicy[]
  /** The others, by id. */
  unlabelled: string[]
}

/**
 * Reads the labelled sets that a calibration is asked to use, and finds the items and categories that count.
 * @throws GateError where there is no set, or one that can't be used
 */
export async function readCalibrationSets(parts: {
  request: CalibrationRequest
  ports: Pick<CalibrationPorts, 'repository'>
  policy: Policy
}): Promise<CalibrationSets> {
  const { request, policy } = parts
  const wanted = chooseCategories(request, policy)
  const sets = await readSets(parts)
  const items = listCalibrationItems({ sets, categories: wanted })
  if (items.length === 0) throw refuseAll({ sets, wanted })
  const labelled = new Set(items.flatMap((entry) => entry.wanted.map(({ category }) => category)))
  return {
    sets,
    items,
    calibrated: wanted.filter(({ id }) => labelled.has(id)),
    // Code needs no calibration: it is missed only where it was asked for.
    unlabelled: wanted
      .filter(({ id }) => !labelled.has(id))
      .filter((category) => request.categories.length > 0 || listEndpoints([category]).length > 0)
      .map(({ id }) => id),
  }
}

function chooseCategories(request: CalibrationRequest, policy: Policy): CategoryPolicy[] {
  const ids = policy.categories.map(({ id }) => id)
  const other = request.categories.find((id) => !ids.includes(id))
  if (other !== undefined) {
    throw new GateError({
      code: 'usage',
      message: `the policy has no category "${other}"${suggestKey(other, ids)}`,
      where: { file: request.policyFile, field: 'categories' },
      remedy: 'correct --category, or add the category to the policy',
    })
  }
  const { categories } = request
  return policy.categories.filter(({ id }) => categories.length === 0 || categories.includes(id))
}

async function readSets(parts: {
  request: CalibrationRequest
  ports: Pick<CalibrationPorts, 'repository'>
  policy: Policy
}): Promise<LabelledSet[]> {
  const { request, policy } = parts
  const given = request.sets.length > 0 ? request.sets : await readPolicySets(parts)
  if (given.length === 0) {
    throw new GateError({
      code: 'usage',
      message: 'there is no labelled set',
      where: { file: request.policyFile },
      remedy:
        'give --set FILE, or name one in the policy as the `calibration` of a category (docs/graders.md says what a labelled set is, and how to start without)',
    })
  }
  const seen = new Set<string>()
  return given.flatMap(({ file, text }) => {
    if (seen.has(file)) return []
    seen.add(file)
    const sha256 = createHash('sha256').update(text).digest('hex')
    // Where the categories are chosen, the others' labels are none of this calibration's business.
    const categories =
      request.categories.length > 0 ? {} : { categories: policy.categories.map(({ id }) => id) }
    return [parseLabelledSet({ file, text, sha256, ...categories })]
  })
}

async function readPolicySets(parts: {
  request: CalibrationRequest
  ports: Pick<CalibrationPorts, 'repository'>
  policy: Policy
}): Promise<{ file: string; text: string }[]> {
  const { request, ports, policy } = parts
  const files = new Set(
    policy.categories.flatMap(({ calibration }) => (calibration?.endsWith('.jsonl') ? [calibration] : [])),
  )
  return Promise.all(
    [...files].map(async (file) => {
      const text = await ports.repository.read(request.sha, file)
      if (text !== null) return { file, text }
      throw new GateError({
        code: 'labelled-set',
        message: 'the labelled set is not there',
        where: { file },
        remedy: 'add it, or correct `calibration` in the policy',
      })
    }),
  )
}

function refuseAll(request: { sets: readonly LabelledSet[]; wanted: readonly CategoryPolicy[] }): GateError {
  const { sets, wanted } = request
  const ids = new Set(wanted.map(({ id }) => id))
  const labels = sets.flatMap((set) => set.items.flatMap(({ labels: own }) => Object.keys(own)))
  const others = [...new Set(labels)].slice(0, 5)
  const isFlagged = others.some((id) => ids.has(id))
  return new GateError({
    code: 'labelled-set',
    message: isFlagged
      ? 'every item with a label was chosen because a grader flagged it: none says how often graders err'
      : `no item has a label in ${[...ids].map((id) => `"${id}"`).join(', ')}; labelled are ${others.join(', ')}`,
    where: { file: sets.map(({ file }) => file).join(', '), field: isFlagged ? 'chosen' : 'labels' },
    remedy: isFlagged
      ? 'add written positives, or turns drawn by chance (docs/graders.md)'
      : 'label items in it, or choose another category',
  })
}
