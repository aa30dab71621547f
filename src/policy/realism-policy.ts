import { z } from 'zod'
import { strictObject } from './document.ts'
import {
  type AutomaticRealism,
  type DiscriminatorResult,
  type RealismDigests,
  type RealismResult,
  realismAlpha,
  type WrittenWinRate,
} from './realism-result.ts'
import { path, positive, share } from './schema-parts.ts'

/** How realistic simulated tools have to be shown to be, as a user writes it. */
export function createRealismSchema() {
  return strictObject({
    result: path.meta({ description: 'The file that `checkpoint-gate realism` wrote (docs/realism.md).' }),
    require: z.literal('indistinguishable').optional().meta({
      description: 'The verdict that it must have. Without it and `min_win_rate` the result is only shown.',
    }),
    limits: strictObject({ lower: share, upper: share }).prefault({ lower: '45%', upper: '55%' }).meta({
      description: 'Between which win rates both 95 % bounds must lie to be indistinguishable.',
    }),
    min_win_rate: share.optional().meta({
      description: 'The win rate of simulated rollouts that must be shown (`40%`; 95 % lower bound).',
    }),
    discriminator: z.string().min(1).optional().meta({
      description: 'The model that must have been the discriminator; any, when absent.',
    }),
    max_age_days: positive.max(3650).default(90).meta({ description: 'How old the result may be, in days.' }),
    automatic: z.enum(['shown', 'counts']).default('shown').meta({
      description: 'Whether the same is required of the regression on features, beside the discriminator.',
    }),
  }).superRefine(({ min_win_rate: least, limits, require: required }, context) => {
    const isRequired = required === 'indistinguishable'
    if (!(limits.lower < 0.5 && limits.upper > 0.5)) {
      const message = 'the limits lie on both sides of 50 %, which is what can’t be told apart'
      context.addIssue({ code: 'custom', message, path: ['limits'] })
    }
    if (isRequired && least !== undefined && least > limits.upper) {
      const message = `it lies above the limits that \`require\` keeps to (up to ${100 * limits.upper} %): both can’t be`
      context.addIssue({ code: 'custom', message, path: ['min_win_rate'] })
    }
    if (least === undefined || (least > 0 && least < 1)) return
    const message = 'a win rate lies above 0 and below 100 %; 50 % is what can’t be told apart'
    context.addIssue({ code: 'custom', message, path: ['min_win_rate'] })
  })
}

/** What a policy requires of a measurement of realism. */
export interface RealismRequirement {
  result: string
  /** Within which win rates both bounds must lie; `null` where it need not be indistinguishable. */
  limits: { lower: number; upper: number } | null
  minWinRate: number | null
  discriminator: string | null
  maxAgeDays: number
  automatic: 'shown' | 'counts'
}

/** The requirement with the names and units of the rest of the code. */
export function toRealism(written: z.infer<ReturnType<typeof createRealismSchema>>): RealismRequirement {
  return {
    result: written.result,
    limits: written.require === 'indistinguishable' ? written.limits : null,
    minWinRate: written.min_win_rate ?? null,
    discriminator: written.discriminator ?? null,
    maxAgeDays: written.max_age_days,
    automatic: written.automatic,
  }
}

/** Why a result does not show what is required. */
export const realismReasons = [
  'no-result',
  'other-simulator',
  'other-database',
  'other-policy',
  'too-old',
  'no-discriminator',
  'other-discriminator',
  'inconclusive',
  'distinguishable',
  'win-rate-too-low',
] as const
export type RealismReason = (typeof realismReasons)[number]

/** Whether a result shows what is required; `detail` says in words why not, free of untrusted text. */
export type RealismCheck = { kind: 'ok' } | { kind: 'short'; reason: RealismReason; detail: string }

const dayMs = 86_400_000

/**
 * Whether a measurement of realism shows what a policy requires, of the very simulator, database and policy that a run uses.
 * What is not stated in the result is not taken for what is used. Where nothing is required, it is ok whatever it shows.
 */
export function checkRealism(request: {
  required: RealismRequirement
  /** `null` where the file that the policy names is not there. */
  result: RealismResult | null
  now: Date
  digests: RealismDigests
}): RealismCheck {
  const { required, result, now, digests } = request
  if (required.limits === null && required.minWinRate === null) return { kind: 'ok' }
  if (result === null) return fallShort('no-result', 'there is no result')
  return (
    findOther(result.of, digests) ??
    findAge({ required, result, now }) ??
    findDiscriminator(required, result.discriminator) ??
    findConfidence(result) ??
    findContradiction(result) ??
    findShortfall(required, result) ?? { kind: 'ok' }
  )
}

function fallShort(reason: RealismReason, detail: string): RealismCheck {
  return { kind: 'short', reason, detail }
}

function findOther(of: RealismDigests, used: RealismDigests): RealismCheck | null {
  for (const part of ['simulator', 'database', 'policy'] as const) {
    if (of[part] === used[part]) continue
    const detail =
      of[part] === null
        ? `it does not say of which ${part} it is`
        : used[part] === null
          ? `it is of a ${part}, and the run has none`
          : `it is of another ${part}`
    return fallShort(`other-${part}`, detail)
  }
  return null
}

/** A result from the future is of a clock that is wrong: how old it is, nobody knows. */
function findAge(parts: {
  required: RealismRequirement
  result: RealismResult
  now: Date
}): RealismCheck | null {
  const { required, result, now } = parts
  const days = (now.getTime() - new Date(result.measured_at).getTime()) / dayMs
  if (days >= -1 && days <= required.maxAgeDays) return null
  const shown = days < 0 ? 'it is dated after this run' : `it is ${Math.floor(days)} days old`
  return fallShort('too-old', `${shown}, and may be ${required.maxAgeDays}`)
}

function findDiscriminator(
  { discriminator: wanted }: RealismRequirement,
  measured: DiscriminatorResult | null,
): RealismCheck | null {
  if (measured === null)
    return fallShort('no-discriminator', 'no model was asked, only features were compared')
  if (wanted === null || measured.model === wanted) return null
  return fallShort('other-discriminator', 'another model was the discriminator than the one that is required')
}

function findConfidence({ alpha }: RealismResult): RealismCheck | null {
  return alpha <= realismAlpha ? null : fallShort('inconclusive', 'its bounds are no 95 % bounds')
}

/** What a file says of itself has to agree: it lies in the repository, where it can be edited. */
function findContradiction({ discriminator, automatic }: RealismResult): RealismCheck | null {
  const measures = [...(discriminator === null ? [] : [discriminator]), automatic]
  const agrees = measures.every(
    ({ win_rate: winRate, control }) => isCoherent(winRate) && isDetected(control),
  )
  return agrees ? null : fallShort('inconclusive', 'its counts, rates and bounds do not agree')
}

const rounding = 1e-6
/** No one-sided 95 % bound lies nearer (it is 1.64 in large samples, and more in small and in clustered ones). */
const leastStandardErrors = 1.4

function isCoherent({ pairs, won, tied, lost, missing, rate, lower, upper }: WrittenWinRate): boolean {
  const judged = won + tied + lost
  if (judged + missing !== pairs) return false
  if (judged === 0 || rate === null) return rate === null && lower < rounding && upper > 1 - rounding
  const counted = (won + tied / 2) / judged
  const least = leastStandardErrors * Math.sqrt((rate * (1 - rate)) / judged)
  return (
    Math.abs(rate - counted) < rounding &&
    lower <= rate - least + rounding &&
    upper >= rate + least - rounding
  )
}

function isDetected(control: DiscriminatorResult['control']): boolean {
  if (control === null || !control.detected) return true
  return control.pairs > 0 && control.lower > 0.5
}

function findShortfall(required: RealismRequirement, result: RealismResult): RealismCheck | null {
  const { discriminator, automatic } = result
  const measures: [string, DiscriminatorResult | AutomaticRealism | null][] = [
    ['the discriminator', discriminator],
    ['the automatic comparison', required.automatic === 'counts' ? automatic : null],
  ]
  for (const [name, measure] of measures) {
    const short = measure === null ? null : findMissed(required, { name, measure })
    if (short !== null) return short
  }
  return null
}

function findMissed(
  { limits, minWinRate }: RealismRequirement,
  { name, measure }: { name: string; measure: DiscriminatorResult | AutomaticRealism },
): RealismCheck | null {
  const { lower, upper } = measure.win_rate
  if (measure.control?.detected !== true) {
    return fallShort('inconclusive', `${name} did not detect degraded rollouts, and so proves nothing`)
  }
  // What lies within the limits is within them, also where it is not 50 %: by policy's limits, not by the command's.
  if (limits !== null && !(lower >= limits.lower && upper <= limits.upper)) {
    return measure.verdict === 'distinguishable'
      ? fallShort('distinguishable', `${name} tells simulated rollouts from real ones`)
      : fallShort('inconclusive', `${name} has not shown that they can’t be told apart`)
  }
  if (minWinRate !== null && !(lower >= minWinRate)) {
    const shown = Number((100 * lower).toPrecision(3))
    return fallShort(
      'win-rate-too-low',
      `${name} shows a win rate of ${shown} % or more, which is not enough`,
    )
  }
  return null
}
