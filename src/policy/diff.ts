import { isDeepStrictEqual } from 'node:util'
import type { PolicyChange } from './change.ts'
import { resolveGraders } from './judge-policy.ts'
import { formatRate } from './rate.ts'
import type { CategoryPolicy, Policy } from './schema.ts'

/** Values over this length are not shown, only that they changed. */
const longestValue = 80

const effectOrder: readonly PolicyChange['effect'][] = ['looser', 'other', 'tighter']

/** What `head` changes of `base`, in the words of the file, what is looser first. Order and wording don't count. */
export function diffPolicies(base: Policy, head: Policy): PolicyChange[] {
  const kinds = inconclusiveKinds.filter((kind) => isSetApart(kind, base) || isSetApart(kind, head))
  const settings = diffValues({
    base: writeSettings(base, kinds),
    head: writeSettings(head, kinds),
    path: [],
    of: null,
  })
  return sortChanges([...diffCategories(base, head), ...settings])
}

/** What is looser first, else as it was. */
export function sortChanges(changes: readonly PolicyChange[]): PolicyChange[] {
  return changes.toSorted((a, b) => effectOrder.indexOf(a.effect) - effectOrder.indexOf(b.effect))
}

/** Whether a file that the policy refers to is another one in the change under test; `null` where it is not. */
export function diffText(file: {
  what: string
  file: string
  before: string | null
  after: string | null
}): PolicyChange | null {
  const { what, before, after } = file
  if (before === after) return null
  const kind = before === null ? 'added' : after === null ? 'removed' : 'rewritten'
  return makeChange({ kind, what, of: file.file })
}

/** A change with nothing but what is given. */
export function makeChange(
  given: Pick<PolicyChange, 'kind' | 'what' | 'of'> & Partial<PolicyChange>,
): PolicyChange {
  return { from: null, to: null, effect: 'other', applied: false, ...given }
}

type Values = Readonly<Record<string, unknown>>
type InconclusiveKind = keyof Policy['gate']['onInconclusive']
const inconclusiveKinds = ['underpowered', 'measurement', 'judge'] as const satisfies InconclusiveKind[]

function isSetApart(kind: InconclusiveKind, { gate }: Policy): boolean {
  return gate.onInconclusive[kind] !== gate.onInconclusive.suspect
}

/** All but the categories, by the names of the file. A key that is not named here keeps its own, in snake case. */
function writeSettings(policy: Policy, kinds: readonly InconclusiveKind[]): Values {
  const { categories: _, judge, ...rest } = policy
  const { onInconclusive, missingBudgetShare, ...gate } = policy.gate
  const { timeoutMs, ...replay } = policy.replay
  return {
    ...rest,
    replay: { ...replay, timeoutS: timeoutMs / 1000 },
    judge: judge === null ? null : nameSecondGrading(judge),
    gate: {
      ...gate,
      missingBudget: missingBudgetShare,
      onInconclusive: onInconclusive.suspect,
      ...Object.fromEntries(kinds.map((kind) => [`on_${kind}`, onInconclusive[kind]])),
    },
    tools: policy.tools === null ? null : JSON.stringify(policy.tools),
    realism: policy.realism === null ? null : JSON.stringify(policy.realism),
    // Keys of these are names of the user's: they are values here.
    sample: { ...policy.sample, target: writeMap(policy.sample.target ?? {}) },
    prices: writeMap(policy.prices),
  }
}

function writeMap(map: Values): string | null {
  return Object.keys(map).length === 0 ? null : JSON.stringify(map)
}

function nameSecondGrading({ secondGradingShare, ...judge }: NonNullable<Policy['judge']>): Values {
  return { ...judge, secondGrading: secondGradingShare }
}

function diffCategories(base: Policy, head: Policy): PolicyChange[] {
  const heads = new Map(head.categories.map((category) => [category.id, category]))
  const known = new Set(base.categories.map(({ id }) => id))
  const kept = base.categories.flatMap((category): PolicyChange[] => {
    const proposed = heads.get(category.id)
    if (proposed !== undefined) return diffCategory({ base, head, category, proposed })
    const effect = category.role === 'block' ? 'looser' : 'other'
    return [makeChange({ kind: 'removed', what: 'category', of: category.id, effect })]
  })
  const added = head.categories
    .filter(({ id }) => !known.has(id))
    .map(({ id, role }) => {
      const effect = role === 'block' ? 'tighter' : 'other'
      return makeChange({ kind: 'added', what: 'category', of: id, effect })
    })
  return [...kept, ...added]
}

function diffCategory(request: {
  base: Policy
  head: Policy
  category: CategoryPolicy
  proposed: CategoryPolicy
}): PolicyChange[] {
  const { base, head, category, proposed } = request
  const changes = diffValues({
    base: writeCategory(category),
    head: writeCategory(proposed),
    path: [],
    of: category.id,
  }).map((change) => {
    const isLimit = change.what === 'limit' || change.what === 'margin'
    return { ...change, applied: isLimit && change.effect === 'tighter' && change.from !== null }
  })
  const before = shortenGraders(category, base)
  const after = shortenGraders(proposed, head)
  if (isDeepStrictEqual(category.graders, proposed.graders) || isDeepStrictEqual(before, after))
    return changes
  const from = describeGraders(category)
  const to = describeGraders(proposed)
  const subject = { what: 'graders', of: category.id }
  const isShown = from !== to && Math.max(from.length, to.length) <= longestValue
  return [
    ...changes,
    makeChange(isShown ? { kind: 'changed', ...subject, from, to } : { kind: 'rewritten', ...subject }),
  ]
}

function writeCategory(category: CategoryPolicy): Values {
  const { id: _, graders: __, limitPer100k: limit, marginPer100k: margin, ...rest } = category
  return { ...rest, limit, margin }
}

/** What a category's `rubric` alone stands for follows the judge, whose own change is listed once. */
function shortenGraders({ id, graders }: CategoryPolicy, { judge }: Policy): unknown {
  const rubric = graders[0]?.rubric
  if (typeof rubric !== 'string') return graders
  return isDeepStrictEqual(graders, resolveGraders({ id, rubric }, judge)) ? rubric : graders
}

function describeGraders({ graders }: CategoryPolicy): string {
  const words = graders.map(({ kind, model, rubric }) =>
    [kind, model, rubric].filter((word) => typeof word === 'string').join(' '),
  )
  return words.join(', then ')
}

/** Compares values by key, down to what is no map on both sides. */
function diffValues(values: {
  base: Values
  head: Values
  path: string[]
  of: string | null
}): PolicyChange[] {
  const { base, head, of } = values
  const names = new Set([...Object.keys(base), ...Object.keys(head)])
  return [...names].flatMap((name) => {
    const before = base[name] ?? null
    const after = head[name] ?? null
    if (isDeepStrictEqual(before, after)) return []
    const path = [...values.path, name]
    if (isMap(before) && isMap(after)) return diffValues({ base: before, head: after, path, of })
    return [diffValue({ what: writeKey(path), of, before, after })]
  })
}

function diffValue(value: {
  what: string
  of: string | null
  before: unknown
  after: unknown
}): PolicyChange {
  const { what, of, before, after } = value
  const effect = compareLooseness(value)
  if (isMap(before) || isMap(after)) {
    return makeChange({ kind: after === null ? 'removed' : 'added', what, of, effect })
  }
  const [from, to] = formatPair(value)
  if (Math.max(from?.length ?? 0, to?.length ?? 0) > longestValue) {
    return makeChange({ kind: 'rewritten', what, of, effect })
  }
  return makeChange({ kind: 'changed', what, of, from, to, effect })
}

const rates: ReadonlySet<string> = new Set(['limit', 'margin'])
const shares: ReadonlySet<string> = new Set([
  'gate.missing_budget',
  'judge.second_grading',
  'gate.require_calibration.min_sensitivity',
  'gate.require_calibration.max_false_positive_rate',
])

/** Two values as a user writes them, told apart also where rounding would make them look the same. */
function formatPair(value: {
  what: string
  before: unknown
  after: unknown
}): [string | null, string | null] {
  const { what, before, after } = value
  const perUnit = rates.has(what) ? 1 : shares.has(what) ? 100_000 : null
  const format = (written: unknown, isExact: boolean): string | null => {
    if (written === null) return null
    if (Array.isArray(written)) return written.length === 0 ? null : written.join(', ')
    if (typeof written !== 'number' || perUnit === null) return String(written)
    const per100k = Number((written * perUnit).toPrecision(12))
    return isExact ? `${per100k} per 100k` : formatRate(per100k)
  }
  const [from, to] = [format(before, false), format(after, false)]
  return from === to ? [format(before, true), format(after, true)] : [from, to]
}

const byConclusion = (value: unknown) => ['fail', 'warn', 'pass'].indexOf(String(value))
const none = Number.POSITIVE_INFINITY
const isNone = (value: unknown) => Number(value === null)
const byUpper = (value: unknown) => (typeof value === 'number' ? value : none)

/** How much each value lets through, for the keys of which that is known. */
const looseness: Readonly<Record<string, (value: unknown) => number>> = {
  role: (value) => Number(value === 'watch'),
  regression: (value) => Number(value === false),
  limit: byUpper,
  margin: byUpper,
  'gate.on_inconclusive': byConclusion,
  'gate.on_underpowered': byConclusion,
  'gate.on_measurement': byConclusion,
  'gate.on_judge': byConclusion,
  'gate.missing_budget': byUpper,
  'gate.decide_by': (value) => Number(value === 'point-estimate'),
  'gate.require_calibration': isNone,
  'gate.require_calibration.min_sensitivity': (value) => -Number(value),
  'gate.require_calibration.max_false_positive_rate': byUpper,
  'gate.require_calibration.max_age_days': byUpper,
  'gate.require_calibration.otherwise': (value) => Number(value === 'advisory'),
  'replay.allow_recorded': Number,
  'replay.reuse_baseline_days': Number,
  history: (value) => Number(value === 'optional'),
  accept_diagnosis: (value) => Number(value === 'owner-review'),
  'checkpoint.digest': isNone,
  'checkpoint.served_digest': isNone,
}

function compareLooseness(value: { what: string; before: unknown; after: unknown }): PolicyChange['effect'] {
  const weigh = Object.hasOwn(looseness, value.what) ? looseness[value.what] : undefined
  if (weigh === undefined) return 'other'
  const [before, after] = [weigh(value.before), weigh(value.after)]
  return after > before ? 'looser' : after < before ? 'tighter' : 'other'
}

/** `['sample', 'smokeTurns']` as `sample.smoke_turns`. */
function writeKey(path: readonly string[]): string {
  return path.map((name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)).join('.')
}

function isMap(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
