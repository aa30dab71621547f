import { describe, expect, it } from '@jest/globals'
import { listIdentityProblems, sayIdentity, saySameWeights } from '../../src/report/identity.ts'
import { renderComment } from '../../src/report/reporters/comment.ts'
import { renderTable } from '../../src/report/reporters/terminal.ts'
import { formatPlain } from '../../src/report/text.ts'
import { type IdentityParts, identify, listed } from '../support/identity.ts'
import { makeRecord, makeView } from './fixture.ts'

const categories = [{ id: 'a', baseline: {}, candidate: {} }]
const { summary } = makeRecord({ turns: 400, categories })
const right = 'ab'.repeat(32)
const wrong = 'cd'.repeat(32)
const verifying: IdentityParts = {
  checkpoint: { digest: 'serving.sha256', servedDigest: { header: 'x-digest' } },
  digests: { baseline: wrong, candidate: right },
  baseline: { digests: { [wrong]: 400 } },
}
const say = (parts: IdentityParts, arm: 'candidate' | 'baseline' = 'candidate') =>
  formatPlain(sayIdentity(identify(parts)(summary), arm))
const problems = (parts: IdentityParts) => listIdentityProblems(identify(parts)(summary)).map(formatPlain)

describe('what is known of who answered', () => {
  it.each<[string, IdentityParts['candidate']]>([
    ['its endpoint was not asked for its list both before and after', {}],
    ['its endpoint has no list of models', { probes: [{ kind: 'not-offered' }, { kind: 'not-offered' }] }],
    ['its endpoint does not list it', { probes: [{ kind: 'unlisted', models: 3 }, listed()] }],
    [
      'what its endpoint lists could not be read',
      { probes: [listed(), { kind: 'failed', cause: 'timeout' }] },
    ],
    ['a recording lists nothing', { source: { kind: 'recorded', sha256: 'x' } }],
  ])('is said with what it rests on: %s', (why, candidate) => {
    expect(say({ ...(candidate === undefined ? {} : { candidate }) })).toBe(
      `asserted (all 400 answers name it; ${why})`,
    )
  })

  it('is said of lists and digests', () => {
    expect(say({ candidate: { probes: [listed(), listed()] } })).toBe(
      'probed (all 400 answers name it; its endpoint lists it, the same before and after)',
    )
    const told = listed({ servedDigest: right })
    expect(say({ candidate: { probes: [told, told], models: { 'ckpt-42': 1 } } })).toBe(
      `probed (its answer names it; its endpoint lists it, the same before and after, with the digest ${right.slice(0, 16)}…)`,
    )
    expect(say({ ...verifying, candidate: { digests: { [right]: 400 } } })).toBe(
      `verified (every answer carries the digest ${right.slice(0, 16)}… that deploy/model.yaml has for it)`,
    )
    const list: IdentityParts = {
      ...verifying,
      checkpoint: { digest: 'x', servedDigest: 'ollama' },
      candidate: { probes: [told, told] },
    }
    expect(say(list)).toMatch(/^verified \(its endpoint lists the digest/)
  })

  it('says that nothing is expected of a checkpoint that is named by hand', () => {
    expect(say({ ...verifying, digests: { candidate: null } })).toMatch(
      /; named by hand, so that no digest is expected\)$/,
    )
  })

  it('is nothing where something speaks against it, or nobody answered', () => {
    expect(say({ candidate: { models: { other: 400 } } })).toBe('not known (something speaks against it)')
    expect(say({ candidate: { models: {} } })).toBe('not known (nothing answered)')
  })

  it('stands in the plan of the comment, for either arm, and on the terminal', () => {
    const change = identify({
      candidate: { probes: [listed(), listed()], systemFingerprints: { fp_1: 100, fp_2: 300 } },
    })
    const view = makeView({ turns: 400, categories, change })
    const comment = renderComment(view)
    expect(comment).toMatch(
      /\| Which candidate answered \| probed \(.*\), `system_fingerprint` `fp_2` 75 %, `fp_1` 25 % \|/,
    )
    expect(comment).toMatch(/\| Which baseline answered \| asserted \(all 400 answers name it;/)
    expect(renderTable(view)).toContain('\nWhich candidate answered: probed (all 400 answers name it;')
    expect(renderTable(view)).toContain('\nWhich baseline answered: asserted (')
  })
})

describe('what speaks against the answers', () => {
  it.each<[IdentityParts, string]>([
    [
      { candidate: { models: { other: 400 } } },
      'other answered as the candidate, which is no name of ckpt-42. Serve it there or correct the address; where its server calls it so, say so in the policy (checkpoint.answers_as); then measure again from the start.',
    ],
    [
      { candidate: { models: { 'ckpt-41': 400 } } },
      "ckpt-41, the baseline, answered at the candidate's endpoint, so that ckpt-42 was not measured. Serve it there or correct the address, then measure again from the start.",
    ],
    [
      { baseline: { models: { 'ckpt-42': 400 } } },
      "ckpt-42, the candidate, answered at the baseline's endpoint, so that ckpt-41 was not measured. Serve it there or correct the address, then measure again from the start.",
    ],
    [
      { candidate: { models: {}, unnamed: 400 } },
      'No answer of the candidate names a model, so that nothing says that ckpt-42 was measured. Have its server fill model in, or tell a digest (checkpoint.served_digest in the policy), then measure again from the start.',
    ],
    [
      { candidate: { models: { 'ckpt-42': 388 }, unnamed: 12, source: { kind: 'recorded', sha256: 'x' } } },
      '12 of 400 answers of the candidate name no model, so that nothing says that ckpt-42 was measured. Write the model that answered into response.body.model of each line, then measure again from the start.',
    ],
    [
      { candidate: { probes: [listed(), listed({ entrySha256: 'b' })] } },
      "What the candidate's endpoint lists of ckpt-42 changed during the run, so that it may have been replaced meanwhile. Leave the deployment as it is while it is measured, then measure again from the start.",
    ],
    [
      { candidate: { probes: [listed({ servedDigest: 'a' }), listed({ servedDigest: 'b' })] } },
      "The digest that the candidate's endpoint lists of ckpt-42 changed during the run, so that it may have been replaced meanwhile. Leave the deployment as it is while it is measured, then measure again from the start.",
    ],
    [
      { candidate: { probes: [listed(), { kind: 'unlisted', models: 2 }] } },
      "The candidate's endpoint listed ckpt-42 before the run, and does not any more, so that it may have been replaced meanwhile. Leave the deployment as it is while it is measured, then measure again from the start.",
    ],
    [
      { ...verifying, candidate: { digests: { ['ef'.repeat(32)]: 400 } } },
      "The candidate's deployment told the digest efefefefefefefef… where deploy/model.yaml has abababababababab… for ckpt-42. Deploy these weights or correct the digest, then measure again from the start.",
    ],
    [
      { ...verifying, candidate: { digests: { [wrong]: 400 } } },
      "The candidate's deployment told the digest cdcdcdcdcdcdcdcd…, which is the baseline's, where deploy/model.yaml has abababababababab… for ckpt-42. Deploy these weights or correct the digest, then measure again from the start.",
    ],
    [
      {
        ...verifying,
        digests: { baseline: wrong, candidate: null },
        candidate: { digests: { one: 1, two: 399 } },
      },
      "The candidate's deployment told 2 digests (one, two), so that no one checkpoint was measured. Pin its endpoint to one, then measure again from the start.",
    ],
    [
      { ...verifying, candidate: { undigested: 400 } },
      "The candidate's deployment told no digest, and the policy asks for it with every answer (checkpoint.served_digest), so that nothing verifies that ckpt-42 was measured. Have the deployment tell it, then measure again from the start.",
    ],
    [
      { ...verifying, candidate: { digests: { [right]: 399 }, undigested: 1 } },
      "The candidate's deployment told no digest with 1 answer, and the policy asks for it with every answer (checkpoint.served_digest), so that nothing verifies that ckpt-42 was measured. Have the deployment tell it, then measure again from the start.",
    ],
    [
      {
        ...verifying,
        checkpoint: { digest: 'x', servedDigest: { models: 'sha256' } },
        baseline: { probes: [listed({ servedDigest: wrong }), listed({ servedDigest: wrong })] },
        candidate: { source: { kind: 'recorded', sha256: 'x' } },
      },
      "The candidate's deployment told no digest, and the policy asks for it before and after (checkpoint.served_digest), so that nothing verifies that ckpt-42 was measured. A recording can tell none. Have the deployment tell it, then measure again from the start.",
    ],
  ])('is said with what to do: %#', (parts, text) => {
    expect(problems(parts)).toEqual([text])
  })

  it('begins the report, and is a banner for each arm', () => {
    const parts = { candidate: { models: { other: 400 } }, baseline: { models: {}, unnamed: 400 } }
    const view = makeView({ turns: 400, categories, change: identify(parts) })
    expect(view.headline).toMatch(/^INCONCLUSIVE: other answered as the candidate/)
    expect(view.banners.map(formatPlain)).toEqual(problems(parts))
  })
})

describe('what is signed', () => {
  const attest = (parts: IdentityParts) => {
    const { predicate } = makeView({ turns: 400, categories, change: identify(parts) })
    const weights = predicate.configuration.filter(({ name }) => name.startsWith('weights/'))
    return { identity: predicate.checkpointGate.identity, weights }
  }

  it('says how far it is known who answered, and the digests that were verified', () => {
    expect(attest({ ...verifying, candidate: { digests: { [right]: 400 } } })).toEqual({
      identity: { candidate: 'verified', baseline: 'verified' },
      weights: [
        { name: 'weights/baseline', digest: { sha256: wrong } },
        { name: 'weights/candidate', digest: { sha256: right } },
      ],
    })
    const { identity, weights } = attest({ ...verifying, candidate: { undigested: 400 } })
    expect([identity.candidate, weights.map(({ name }) => name)]).toEqual(['none', ['weights/baseline']])
    // No SHA-256, as a predicate needs it.
    const short = {
      ...verifying,
      digests: { candidate: 'main-2026' },
      candidate: { digests: { 'main-2026': 400 } },
    }
    expect(attest(short)).toMatchObject({ identity: { candidate: 'verified' }, weights: [] })
  })
})

describe('weights that two checkpoints share', () => {
  const shared = (parts: IdentityParts) => {
    const text = saySameWeights(identify(parts)(summary))
    return text === null ? null : formatPlain(text)
  }

  it('are named by their digest', () => {
    expect(shared({ ...verifying, digests: { baseline: right, candidate: right } })).toBe(
      `Both checkpoints have the digest ${right.slice(0, 16)}… in deploy/model.yaml: the same weights under two names were compared.`,
    )
    expect(shared(verifying)).toBeNull()
  })

  it('may be behind one name where servers call every checkpoint so', () => {
    const one = { models: { chat: 400 } }
    const parts = { checkpoint: { answersAs: 'chat' }, candidate: one, baseline: one }
    expect(shared(parts)).toMatch(/^Both arms were answered by chat\. Unless/)
    expect(shared({ ...parts, digests: { baseline: right, candidate: wrong } })).toBeNull()
    expect(shared({})).toBeNull()
  })
})
