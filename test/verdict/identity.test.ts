import { describe, expect, it } from '@jest/globals'
import type { Probe } from '../../src/replay/probe.ts'
import { decideVerdict } from '../../src/verdict/decide.ts'
import { assessIdentity, findIdentityProblems } from '../../src/verdict/identity.ts'
import { makeRecord, makeReport } from '../report/fixture.ts'
import { type IdentityParts, identify, listed } from '../support/identity.ts'
import { onAnyInconclusive } from '../support/plans.ts'

const category = { id: 'a', baseline: {}, candidate: {} }
const { summary } = makeRecord({ turns: 400, categories: [category] })
const assess = (parts: IdentityParts, arm: 'candidate' | 'baseline' = 'candidate') =>
  assessIdentity(identify(parts)(summary), arm)
const kinds = (parts: IdentityParts, arm?: 'candidate' | 'baseline') =>
  assess(parts, arm).problems.map(({ kind }) => kind)

describe('names', () => {
  it.each([{ 'ckpt-42': 400 }, { 'ckpt-42-2025-08-07': 400 }, { 'models/ckpt-42': 400 }])(
    'assert the checkpoint where all answers have one that is its own: %j',
    (models) => {
      expect(assess({ candidate: { models } })).toEqual({ level: 'asserted', problems: [] })
    },
  )

  it.each([
    [{ 'ckpt-43': 400 }, 'other-name'],
    [{ 'ckpt-4': 400 }, 'other-name'],
    [{ gpt: 400 }, 'other-name'],
    [{ 'ckpt-41': 400 }, 'other-arm'],
    [{ 'models/ckpt-41': 400 }, 'other-arm'],
    [{ 'ckpt-41-2025-08-07': 400 }, 'other-arm'],
    [{ 'ckpt-42': 399, 'ckpt-41': 1 }, 'several-names'],
    [{ 'ckpt-42': 399, other: 1 }, 'several-names'],
    // An alias that was pointed elsewhere during the run.
    [{ 'ckpt-42-2025-08-07': 200, 'ckpt-42-2025-11-01': 200 }, 'several-names'],
  ])('speak against it: %j', (models, kind) => {
    const { level, problems } = assess({ candidate: { models } })
    expect([level, problems.map((problem) => problem.kind)]).toEqual(['none', [kind]])
  })

  it('speak of the baseline in the same way', () => {
    expect(kinds({ baseline: { models: { other: 400 } } }, 'baseline')).toEqual(['other-name'])
    expect(kinds({ baseline: { models: { 'ckpt-42': 400 } } }, 'baseline')).toEqual(['other-arm'])
    expect(kinds({ baseline: { models: { 'ckpt-42': 400 } } }, 'candidate')).toEqual([])
  })

  it('go to the arm that has more in common with them', () => {
    const ids = { baseline: 'gpt-5-mini', candidate: 'gpt-5-mini-2025-08-07' }
    const answered = { models: { 'gpt-5-mini-2025-08-07': 400 } }
    expect(kinds({ ids, candidate: answered })).toEqual([])
    // The alias stands for the very checkpoint that it is compared with.
    expect(kinds({ ids, baseline: answered }, 'baseline')).toEqual(['other-arm'])
    const path = { models: { 'models/gpt-5-mini-2025-08-07': 400 } }
    expect(kinds({ ids, baseline: path }, 'baseline')).toEqual(['other-arm'])
    expect(kinds({ ids, candidate: path })).toEqual([])
  })

  it('are no question where a checkpoint is compared with itself', () => {
    const ids = { baseline: 'ckpt-42', candidate: 'ckpt-42' }
    for (const arm of ['candidate', 'baseline'] as const) expect(kinds({ ids }, arm)).toEqual([])
  })

  it('are what policy says that the server uses, or the id', () => {
    const checkpoint = { servedAs: 'acme-{checkpoint}', answersAs: '{checkpoint}.gguf' }
    for (const name of ['ckpt-42.gguf', 'models/ckpt-42.gguf', 'ckpt-42'])
      expect(kinds({ checkpoint, candidate: { models: { [name]: 400 } } })).toEqual([])
    expect(kinds({ checkpoint, candidate: { models: { 'acme-ckpt-42': 400 } } })).toEqual(['other-name'])
    const asked = { servedAs: 'acme-{checkpoint}' }
    expect(kinds({ checkpoint: asked, candidate: { models: { 'acme-ckpt-42': 400 } } })).toEqual([])
    const baseline = { models: { 'ckpt-41.gguf': 400 } }
    expect(kinds({ checkpoint, candidate: baseline })).toEqual(['other-arm'])
  })

  it('that are missing, in all answers or in some, are not the asked one', () => {
    expect(assess({ candidate: { models: {}, unnamed: 400 } })).toEqual({
      level: 'none',
      problems: [{ kind: 'unnamed', answers: 400, of: 400 }],
    })
    expect(assess({ candidate: { models: { 'ckpt-42': 388 }, unnamed: 12 } }).problems).toEqual([
      { kind: 'unnamed', answers: 12, of: 400 },
    ])
  })

  it('say nothing where nothing answered', () => {
    expect(assess({ candidate: { models: {}, probes: [listed(), listed()] } })).toEqual({
      level: 'none',
      problems: [],
    })
  })
})

describe('what an endpoint lists', () => {
  const level = (probes: Probe[]) => assess({ candidate: { probes } }).level

  it('raises the level where it is the same before and after', () => {
    expect(level([listed(), listed()])).toBe('probed')
    expect(level([listed(), listed(), listed()])).toBe('probed')
  })

  it.each<[string, Probe[]]>([
    ['once', [listed()]],
    ['never', []],
    ['by a server without a list', [{ kind: 'not-offered' }, { kind: 'not-offered' }]],
    [
      'not of this model',
      [
        { kind: 'unlisted', models: 3 },
        { kind: 'unlisted', models: 3 },
      ],
    ],
    ['only when it was loaded', [{ kind: 'unlisted', models: 0 }, listed()]],
    ['before, and then it could not be read', [listed(), { kind: 'failed', cause: 'timeout' }]],
    ['after, and it could not be read before', [{ kind: 'failed', cause: 'timeout' }, listed()]],
  ])('leaves it where it was said %s', (_, probes) => {
    expect(assess({ candidate: { probes } })).toEqual({ level: 'asserted', problems: [] })
  })

  it.each<[string, Probe[]]>([
    ['entry', [listed(), listed({ entrySha256: 'b'.repeat(64) })]],
    ['entry', [listed(), listed({ name: 'models/ckpt-42' })]],
    ['digest', [listed({ servedDigest: 'x' }), listed({ servedDigest: 'y' })]],
    ['gone', [listed(), { kind: 'unlisted', models: 1 }]],
    // Of two parts of a run, between which something was deployed.
    ['entry', [listed(), listed(), listed({ entrySha256: 'b'.repeat(64) }), listed()]],
    [
      'digest',
      [listed({ servedDigest: 'x' }), { kind: 'failed', cause: 'timeout' }, listed({ servedDigest: 'y' })],
    ],
  ])('is a change during the run: %s', (what, probes) => {
    expect(assess({ candidate: { probes } })).toEqual({
      level: 'none',
      problems: [{ kind: 'changed', what }],
    })
  })

  it('is no change where a digest could not be had once', () => {
    expect(level([listed({ servedDigest: 'x' }), listed()])).toBe('probed')
  })

  it('excuses no missing name', () => {
    expect(kinds({ candidate: { models: {}, unnamed: 400, probes: [listed(), listed()] } })).toEqual([
      'unnamed',
    ])
  })
})

describe('a digest', () => {
  const right = 'ab'.repeat(32)
  const wrong = 'cd'.repeat(32)
  const header = { digest: 'serving.sha256', servedDigest: { header: 'x-digest' } }
  const byHeader = (candidate: IdentityParts['candidate'], digests = { baseline: wrong, candidate: right }) =>
    assess({ checkpoint: header, digests, ...(candidate === undefined ? {} : { candidate }) })

  it('verifies the checkpoint where every answer carries the expected one', () => {
    for (const told of [right, right.toUpperCase(), `sha256:${right}`, ` SHA256:${right} `])
      expect(byHeader({ digests: { [told]: 400 } })).toEqual({ level: 'verified', problems: [] })
  })

  it('outweighs names that are missing and lists that change, and no name of another', () => {
    const digests = { [right]: 400 }
    expect(byHeader({ digests, models: {}, unnamed: 400 }).level).toBe('verified')
    expect(byHeader({ digests, models: { 'ckpt-42': 200, 'models/ckpt-42': 200 } }).level).toBe('verified')
    const moved = [listed(), listed({ entrySha256: 'b'.repeat(64) })]
    expect(byHeader({ digests, probes: moved }).level).toBe('verified')
    expect(byHeader({ digests, models: { other: 400 } })).toMatchObject({
      level: 'none',
      problems: [{ kind: 'other-name' }],
    })
  })

  it('that is another, in one answer too, speaks against it', () => {
    expect(byHeader({ digests: { [wrong]: 400 } })).toEqual({
      level: 'none',
      problems: [{ kind: 'digest-differs', expected: right, digests: [wrong] }],
    })
    expect(byHeader({ digests: { [right]: 399, [wrong]: 1 } }).problems).toEqual([
      { kind: 'digest-differs', expected: right, digests: [right, wrong] },
    ])
  })

  it('that policy asks for and nobody tells, in one answer too, verifies nothing', () => {
    expect(byHeader({ undigested: 400 })).toEqual({
      level: 'none',
      problems: [{ kind: 'undigested', some: false }],
    })
    expect(byHeader({ digests: { [right]: 399 }, undigested: 1 }).problems).toEqual([
      { kind: 'undigested', some: true },
    ])
    expect(byHeader({}).problems).toEqual([{ kind: 'undigested', some: false }])
  })

  it.each([
    { digest: 'sha', servedDigest: { models: 'sha256' } },
    { digest: 'sha', servedDigest: 'ollama' as const },
  ])('is had from the list, before and after: %j', (checkpoint) => {
    const digests = { candidate: right }
    const told = listed({ servedDigest: right })
    const at = (probes: Probe[]) => assess({ checkpoint, digests, candidate: { probes } })
    expect(at([told, told])).toEqual({ level: 'verified', problems: [] })
    expect(at([told]).problems).toEqual([{ kind: 'undigested', some: true }])
    expect(at([told, listed()]).problems).toEqual([{ kind: 'undigested', some: true }])
    expect(at([]).problems).toEqual([{ kind: 'undigested', some: false }])
    const other = listed({ servedDigest: wrong })
    expect(at([other, other]).problems).toMatchObject([{ kind: 'digest-differs', digests: [wrong] }])
    expect(at([told, other]).problems.map(({ kind }) => kind)).toEqual(['digest-differs', 'changed'])
    expect(at([told, told]).level).toBe('verified')
  })

  it('is not expected of a checkpoint that is named by hand, but that it is one, and its own', () => {
    const named = { baseline: wrong, candidate: null }
    const parts = (digests: Record<string, number>) => byHeader({ digests }, named as never)
    expect(parts({ [right]: 400 })).toEqual({ level: 'asserted', problems: [] })
    expect(parts({})).toEqual({ level: 'asserted', problems: [] })
    expect(parts({ [right]: 200, ef: 200 }).problems).toEqual([
      { kind: 'digest-differs', expected: null, digests: [right, 'ef'] },
    ])
    expect(parts({ [wrong]: 400 }).problems).toEqual([{ kind: 'other-arm', name: 'ckpt-41' }])
  })

  it('is no question where nothing answered', () => {
    expect(byHeader({ models: {} })).toEqual({ level: 'none', problems: [] })
  })
})

describe('the verdict', () => {
  const red: IdentityParts[] = [
    { candidate: { models: { other: 400 } } },
    { candidate: { models: {}, unnamed: 400 } },
    { candidate: { models: { 'ckpt-42': 399 }, unnamed: 1 } },
    { candidate: { probes: [listed(), listed({ entrySha256: 'b'.repeat(64) })] } },
    { baseline: { models: { other: 400 } } },
    { baseline: { models: {}, unnamed: 400 } },
  ]

  it.each(red)('is inconclusive and red whatever the counts are and the policy lets through: %j', (parts) => {
    for (const candidate of [{}, { events: 60 }]) {
      const { verdict } = makeReport({
        turns: 400,
        categories: [{ ...category, candidate }],
        gate: { onInconclusive: onAnyInconclusive('pass') },
        change: identify(parts),
      })
      expect(verdict).toMatchObject({ verdict: 'inconclusive', conclusion: 'failure' })
    }
  })

  it('says how far it is known who answered', () => {
    const changed = identify({ candidate: { probes: [listed(), listed()] } })(summary)
    expect(decideVerdict(changed, []).identity).toEqual({ candidate: 'probed', baseline: 'asserted' })
  })

  it('has each reason in words', () => {
    const say = (parts: IdentityParts) => findIdentityProblems(identify(parts)(summary))
    expect(red.flatMap(say)).toEqual([
      'candidate: another model answered',
      'candidate: 400 of 400 answers name no model',
      'candidate: 1 of 400 answers name no model',
      'candidate: what its endpoint lists changed during the run',
      'baseline: another model answered',
      'baseline: 400 of 400 answers name no model',
    ])
    const checkpoint = { digest: 'a', servedDigest: { header: 'x' } }
    const digests = { baseline: 'aaaaaaaa', candidate: 'bbbbbbbb' }
    const told = { baseline: { digests: { aaaaaaaa: 400 } }, checkpoint, digests }
    expect(say({ ...told, candidate: { undigested: 400 } })).toEqual([
      'candidate: the deployment tells no digest',
    ])
    expect(say({ ...told, candidate: { digests: { aaaaaaaa: 400 } } })).toEqual([
      'candidate: the digest is another',
    ])
    const some = { digests: { bbbbbbbb: 399 }, undigested: 1 }
    expect(say({ ...told, candidate: some })).toEqual(['candidate: the digest is missing in part'])
  })
})
