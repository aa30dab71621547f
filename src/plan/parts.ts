import { createHash } from 'node:crypto'
import { z } from 'zod'
import { digestValue, type Plan } from './plan.ts'

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/)

/**
 * Each part of a plan digested alone: SHA-256 in hex, of the part's canonical JSON (RFC 8785), or of a file's text where
 * the part is one (manifest, rubrics), so that it can be compared with the file. Where the digests of two plans differ,
 * so does at least one of the same part.
 */
export const planPartsSchema = z.strictObject({
  repository: sha256Schema,
  /** Id and, where policy asks for it, digest of the weights. */
  baseline: sha256Schema,
  candidate: sha256Schema,
  /** The version of the code that draws, asks, grades and decides. */
  measuring: sha256Schema,
  registration: sha256Schema,
  /** Without what has a digest of its own: limits, graders, the draw, how it is replayed. */
  policy: sha256Schema,
  /** By category, the tighter one of policy and registration. */
  limits: sha256Schema,
  /** How checkpoints are asked, and by which names they answer. */
  replay: sha256Schema,
  /** How tool calls are answered; absent where they are not. */
  tools: sha256Schema.optional(),
  /** The judge's settings and the graders of each category. */
  judge: sha256Schema,
  /** How turns are drawn, and from which corpus. */
  sample: sha256Schema,
  manifest: sha256Schema,
  /** `null` without controls. */
  controls: sha256Schema.nullable(),
  /** By reference. */
  rubrics: z.record(z.string(), sha256Schema),
  /** By category. */
  calibrations: z.record(z.string(), sha256Schema),
})
/** The digests of a plan's parts. */
export type PlanParts = z.infer<typeof planPartsSchema>

/** Digests each part of a plan alone. */
export function digestParts(plan: Plan): PlanParts {
  const { sample, judge, categories, checkpoint, replay, tools, ...rest } = plan.policy
  const { realism } = plan
  const own = categories.map(({ limitPer100k: _limit, graders: _graders, ...category }) => category)
  return {
    repository: digestValue(plan.repository),
    baseline: digestValue([plan.baseline, plan.digests.baseline]),
    candidate: digestValue([plan.candidate, plan.digests.candidate]),
    measuring: digestValue([plan.version, plan.measuringVersion]),
    registration: digestValue(plan.registration),
    policy: digestValue({ ...rest, categories: own, ...(realism === undefined ? {} : { realism }) }),
    limits: digestValue(categories.map(({ id, limitPer100k }) => [id, limitPer100k])),
    replay: digestValue({ checkpoint, replay }),
    ...(tools === undefined ? {} : { tools: digestValue(tools) }),
    judge: digestValue({ judge, graders: categories.map(({ id, graders }) => [id, graders]) }),
    sample: digestValue({ sample, corpus: plan.corpus.name }),
    manifest: plan.corpus.manifestSha256,
    controls: plan.controls === null ? null : digestValue(plan.controls),
    rubrics: mapValues(plan.rubrics, digestText),
    calibrations: mapValues(plan.calibrations, digestValue),
  }
}

/** What each part is called, in the order in which differences are named. */
const names = {
  registration: 'the registration',
  policy: 'the policy',
  limits: 'the limits in force',
  replay: 'how checkpoints are asked',
  tools: 'how tool calls are answered',
  judge: 'the judge and the other graders',
  controls: 'the controls',
  manifest: 'the corpus manifest',
  sample: 'the draw of the turns',
  measuring: 'the version of the measuring code',
  baseline: 'the baseline checkpoint',
  candidate: 'the candidate checkpoint',
  repository: 'the repository',
} as const satisfies Partial<Record<keyof PlanParts, string>>
const single = Object.keys(names) as (keyof typeof names)[]

/** The names of the parts in which two plans differ, in words; none for the same plan. */
export function comparePlans(one: Plan, other: Plan): string[] {
  return compareParts(digestParts(one), digestParts(other))
}

/** The same of their parts alone, where the plans themselves are not at hand. */
export function compareParts(one: PlanParts, other: PlanParts): string[] {
  return [
    ...single.filter((name) => one[name] !== other[name]).map((name) => names[name]),
    ...compareRecords(one.rubrics, other.rubrics).map((reference) => `the rubric ${reference}`),
    ...compareRecords(one.calibrations, other.calibrations).map((id) => `the calibration of ${id}`),
  ]
}

/** What is decided by, and nothing that is asked or labelled depends on. */
const deciding: ReadonlySet<keyof typeof names> = new Set(['registration', 'policy', 'limits'])

/** Whether two plans ask the same turns in the same way and label them by the same graders, whatever decides on that. */
export function isSameMeasurement(one: PlanParts, other: PlanParts): boolean {
  const measuring = (parts: PlanParts) => ({
    ...Object.fromEntries(single.filter((name) => !deciding.has(name)).map((name) => [name, parts[name]])),
    rubrics: parts.rubrics,
    calibrations: parts.calibrations,
  })
  return digestValue(measuring(one)) === digestValue(measuring(other))
}

/** One part with its digest. */
export interface NamedPart {
  /** Stable, for machines: `policy`, `rubrics/builtin:over-refusal`. */
  key: string
  sha256: string
}

/** All parts that a plan has, in a fixed order. */
export function listParts(parts: PlanParts): NamedPart[] {
  const own = single.flatMap((key) => {
    const sha256 = parts[key]
    return typeof sha256 === 'string' ? [{ key, sha256 }] : []
  })
  const several = (folder: 'rubrics' | 'calibrations') =>
    sortEntries(parts[folder]).map(([name, sha256]) => ({ key: `${folder}/${name}`, sha256 }))
  return [...own, ...several('rubrics'), ...several('calibrations')]
}

/** `the policy and the rubric rubrics/unsafe.md`, of at most so many; the rest is counted. */
export function joinParts(names: readonly string[], longest = 6): string {
  const left = names.length - longest
  const shown = left > 0 ? [...names.slice(0, longest), `${left} more`] : names
  const last = shown.at(-1) ?? ''
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(', ')} and ${last}`
}

function compareRecords(one: Record<string, string>, other: Record<string, string>): string[] {
  const all = new Set([...Object.keys(one), ...Object.keys(other)])
  const read = (record: Record<string, string>, key: string) =>
    Object.hasOwn(record, key) ? record[key] : undefined
  return [...all].filter((key) => read(one, key) !== read(other, key)).toSorted()
}

function mapValues<T>(record: Record<string, T>, digest: (value: T) => string): Record<string, string> {
  return Object.fromEntries(sortEntries(record).map(([key, value]) => [key, digest(value)]))
}

function sortEntries<T>(record: Record<string, T>): [string, T][] {
  return Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1))
}

function digestText(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
