import { describe, expect, it } from '@jest/globals'
import { parseSource } from '../../src/policy/document.ts'
import {
  checkRealism,
  createRealismSchema,
  type RealismRequirement,
  toRealism,
} from '../../src/policy/realism-policy.ts'
import { parseRealismResult, type RealismResult } from '../../src/policy/realism-result.ts'
import { sayRealism } from '../../src/report/realism.ts'
import { formatPlain } from '../../src/report/text.ts'
import { takeRefusal } from '../support/refusal.ts'

const parse = (text: string): RealismRequirement =>
  toRealism(parseSource({ file: 'policy.yml', text }, createRealismSchema(), 'policy'))

const winRate = {
  pairs: 1000,
  conversations: 1000,
  won: 495,
  tied: 0,
  lost: 505,
  missing: 0,
  rate: 0.495,
  lower: 0.468,
  upper: 0.522,
  p: 0.78,
  effective_pairs: 1000,
  method: 'exact' as const,
}
/** Below one half, and not within 5 points of it. */
const low = { ...winRate, won: 410, lost: 590, rate: 0.41, lower: 0.384, upper: 0.436 }
const control = { pairs: 50, rate: 1, lower: 0.94, detected: true, by_kind: [] }
const verdict = { verdict: 'indistinguishable' as const, reason: 'within-limits' as const }

const result: RealismResult = {
  version: 1,
  measured_at: '2026-10-01T08:00:00.000Z',
  gate_version: '0.1.0',
  of: { simulator: 'sim-1', database: 'db-1', policy: 'pol-1' },
  pairs: { file: 'pairs.jsonl', sha256: 'aa', total: 1000, used: 1000 },
  seed: 'realism',
  alpha: 0.05,
  limits: { lower: 0.45, upper: 0.55 },
  discriminator: {
    endpoint: 'discriminator',
    model: 'disc-1',
    answered_as: { 'disc-1': 2100 },
    requests: 2100,
    identical: 0,
    win_rate: winRate,
    position: { choices: 2100, first: 1050 },
    missing: {},
    control,
    slices: [],
    ...verdict,
  },
  automatic: {
    win_rate: winRate,
    permutation_p: 0.4,
    permutations: 199,
    folds: 5,
    features: 30,
    telling: [],
    control,
    ...verdict,
  },
}
const { discriminator, automatic } = result
if (discriminator === null) throw new Error('no discriminator')

const strict = parse('result: realism.json\nrequire: indistinguishable\n')
const check = (parts: Partial<Parameters<typeof checkRealism>[0]> = {}) =>
  checkRealism({
    required: strict,
    result,
    now: new Date('2026-11-01T08:00:00Z'),
    digests: { simulator: 'sim-1', database: 'db-1', policy: 'pol-1' },
    ...parts,
  })
const withDiscriminator = (more: Partial<typeof discriminator>): RealismResult => ({
  ...result,
  discriminator: { ...discriminator, ...more },
})

describe('what a policy requires of realism', () => {
  it('is read with its defaults', () => {
    expect(strict).toEqual({
      result: 'realism.json',
      limits: { lower: 0.45, upper: 0.55 },
      minWinRate: null,
      discriminator: null,
      maxAgeDays: 90,
      automatic: 'shown',
    })
    expect(parse('{ result: r.json, min_win_rate: 40% }')).toMatchObject({ limits: null, minWinRate: 0.4 })
  })

  it.each([
    ['result: r.json\nmin_winrate: 40%', 'min_winrate', 'min_win_rate'],
    ['result: r.json\nmin_win_rate: 0.4', 'min_win_rate', '0.4'],
    ['result: r.json\nmin_win_rate: 0%', 'min_win_rate', 'above 0'],
    ['result: r.json\nlimits: { lower: 55%, upper: 60% }', 'limits', 'both sides'],
    ['require: indistinguishable', 'result', 'missing'],
    ['result: r.json\nrequire: distinguishable', 'require', ''],
    ['result: r.json\nmax_age_days: 0', 'max_age_days', ''],
  ])('is refused with its field: %s', async (text, field, words) => {
    const refusal = await takeRefusal(() => parse(text))
    expect(refusal.where?.field).toBe(field)
    expect(refusal.message).toContain(words)
  })
})

describe('a result', () => {
  it('is read back, and refused with its line and field', async () => {
    const text = JSON.stringify(result, null, 2)
    expect(parseRealismResult({ file: 'realism.json', text })).toEqual(result)
    const spoilt = text.replace('"alpha": 0.05', '"alhpa": 0.05')
    expect(await takeRefusal(() => parseRealismResult({ file: 'realism.json', text: spoilt }))).toMatchObject(
      {
        code: 'realism',
        where: { file: 'realism.json', field: 'alhpa' },
      },
    )
  })

  it('that shows what is required is ok', () => {
    expect(check()).toEqual({ kind: 'ok' })
  })

  it.each([
    ['none', { result: null }, 'no-result'],
    [
      'of another simulator',
      { digests: { simulator: 'sim-2', database: 'db-1', policy: 'pol-1' } },
      'other-simulator',
    ],
    [
      'of a database where there is none',
      { digests: { simulator: 'sim-1', database: null, policy: 'pol-1' } },
      'other-database',
    ],
    [
      'of another policy',
      { digests: { simulator: 'sim-1', database: 'db-1', policy: 'pol-2' } },
      'other-policy',
    ],
    [
      'that does not say of what it is',
      { result: { ...result, of: { ...result.of, simulator: null } } },
      'other-simulator',
    ],
    ['of 91 days', { now: new Date('2026-12-31T09:00:00Z') }, 'too-old'],
    ['of the future', { now: new Date('2026-09-01T00:00:00Z') }, 'too-old'],
    ['without a model', { result: { ...result, discriminator: null } }, 'no-discriminator'],
    ['of another model', { required: { ...strict, discriminator: 'disc-2' } }, 'other-discriminator'],
    ['with other bounds', { result: { ...result, alpha: 0.4 } }, 'inconclusive'],
    [
      'of a blind model',
      { result: withDiscriminator({ control: { ...control, detected: false } }) },
      'inconclusive',
    ],
    ['without a control', { result: withDiscriminator({ control: null }) }, 'inconclusive'],
    [
      'with an upper bound that is too high',
      { result: withDiscriminator({ win_rate: { ...winRate, upper: 0.551 } }) },
      'inconclusive',
    ],
    [
      'that is distinguishable',
      { result: withDiscriminator({ win_rate: low, verdict: 'distinguishable' }) },
      'distinguishable',
    ],
    [
      'whose command was given wider limits',
      {
        result: {
          ...withDiscriminator({ win_rate: { ...winRate, lower: 0.41 } }),
          limits: { lower: 0.4, upper: 0.6 },
        },
      },
      'inconclusive',
    ],
  ] as [string, Partial<Parameters<typeof checkRealism>[0]>, string][])(
    '%s falls short',
    (_, parts, reason) => {
      const found = check(parts)
      expect(found).toMatchObject({ kind: 'short', reason })
      if (found.kind === 'short') expect(found.detail).not.toBe('')
    },
  )

  it('of exactly as many days as it may be is ok', () => {
    expect(check({ now: new Date('2026-12-30T08:00:00Z') })).toEqual({ kind: 'ok' })
  })

  it('has to show a least win rate by its lower bound', () => {
    const required = parse('{ result: r.json, min_win_rate: 46.8% }')
    expect(check({ required })).toEqual({ kind: 'ok' })
    const low = withDiscriminator({ win_rate: { ...winRate, lower: 0.467 }, verdict: 'inconclusive' })
    expect(check({ required, result: low })).toMatchObject({ reason: 'win-rate-too-low' })
    // A simulation that can be told apart may still be good enough.
    expect(check({ required, result: withDiscriminator({ verdict: 'distinguishable' }) })).toEqual({
      kind: 'ok',
    })
  })

  it('counts what features show only where policy says so', () => {
    const told: RealismResult = {
      ...result,
      automatic: { ...automatic, win_rate: low, verdict: 'distinguishable' },
    }
    expect(check({ result: told })).toEqual({ kind: 'ok' })
    const required = { ...strict, automatic: 'counts' as const }
    expect(check({ result: told, required })).toMatchObject({
      reason: 'distinguishable',
      detail: 'the automatic comparison tells simulated rollouts from real ones',
    })
  })

  it('is only shown where nothing is required', () => {
    expect(check({ required: parse('result: r.json'), result: null })).toEqual({ kind: 'ok' })
  })
})

describe('in a report', () => {
  it('is which, when, of what, and what it does not show', () => {
    expect(formatPlain(sayRealism(result, check()))).toBe(
      'Realism of simulated tools: indistinguishable, by disc-1 on 1,000 pairs: win rate 49.5 % (46.8 % to 52.2 %; 50 % can’t be told apart), measured 2026-10-01 of simulator sim-1.',
    )
    const late = { now: new Date('2027-10-01T08:00:00Z') }
    const automaticOnly = { ...result, discriminator: null, of: { ...result.of, simulator: null } }
    expect(formatPlain(sayRealism(automaticOnly, check(late)))).toMatch(
      /by features alone on .* of an unnamed simulator\. It does not show what policy requires: it is 365 days old, and may be 90\.$/,
    )
    expect(formatPlain(sayRealism(null, check({ result: null })))).toBe(
      'Realism of simulated tools: not measured. It does not show what policy requires: there is no result.',
    )
  })
})

describe('a result that was edited', () => {
  const required = parse('result: r.json\nrequire: indistinguishable\n')
  const digests = result.of
  const now = new Date('2026-10-02T00:00:00Z')
  const judge = (winRateChange: object, controlChange: object = {}) => {
    const { discriminator } = result
    if (discriminator === null) throw new Error('the result has no discriminator')
    const changed = {
      ...discriminator,
      win_rate: { ...winRate, ...winRateChange },
      control: { ...control, ...controlChange },
    }
    return checkRealism({ required, result: { ...result, discriminator: changed }, now, digests })
  }

  it('shows nothing where its counts, rates and bounds do not agree', () => {
    expect(judge({})).toEqual({ kind: 'ok' })
    const contradictions = [
      judge({ pairs: 0, won: 0, lost: 0, rate: null, lower: 0.5, upper: 0.5 }),
      judge({ won: 0, tied: 800, lost: 200, rate: 0.4, lower: 0.46, upper: 0.54 }),
      judge({ rate: 0.5 }),
      judge({ lower: 0.494, upper: 0.496 }),
      judge({ missing: 10 }),
      judge({}, { pairs: 0 }),
      judge({}, { lower: 0.4 }),
    ]
    for (const check of contradictions) {
      expect(check).toMatchObject({ kind: 'short', reason: 'inconclusive' })
      expect(check.kind === 'short' && check.detail).toBe('its counts, rates and bounds do not agree')
    }
  })
})
