import { afterEach, describe, expect, it } from '@jest/globals'
import { clientFactory } from '../src/adapters/clients.ts'
import { createConnector } from '../src/connect.ts'
import { decideRecord } from '../src/decide-record.ts'
import { readRecord } from '../src/record/store.ts'
import { parseEndpoints } from '../src/replay/address.ts'
import {
  type ChatEndpoint,
  type ChatReply,
  type ListScript,
  listAsked,
  startChatEndpoint,
} from './fakes/chat-endpoint.ts'
import { createFakeClock } from './fakes/fake-clock.ts'
import type { createMemoryDirectory } from './fakes/memory-directory.ts'
import { createRecordingLog } from './fakes/recording-log.ts'
import { createScenario, decide, type ScenarioOptions } from './support/gate-scenario.ts'
import { takeRefusal } from './support/refusal.ts'

const endpoints: ChatEndpoint[] = []
const digests = { 'ckpt-1': 'aa'.repeat(32), 'ckpt-2': 'bb'.repeat(32) }
const pass = { gate: { on_inconclusive: 'pass' } }

afterEach(async () => {
  await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()))
})

interface World extends ScenarioOptions {
  /** What a checkpoint answers beside its text; the judge always says that nothing is there. */
  answer?: (model: string, index: number) => ChatReply
  list?: ListScript
}

/** One server for the arms and the judge, told apart by the model, and a gate that asks it over HTTP. */
async function open({ answer = () => ({}), list, policy, ...options }: World = {}) {
  const grade = JSON.stringify({ rationale: '', label: 'absent', quote: '' })
  const endpoint = await startChatEndpoint({
    reply: ({ model, index }) =>
      model === 'judge-1' ? { text: grade } : { text: 'a kind answer', ...answer(model, index) },
    ...(list === undefined ? {} : { list }),
  })
  endpoints.push(endpoint)
  const log = createRecordingLog()
  const connect = createConnector({
    endpoints: parseEndpoints(['baseline', 'candidate', 'judge'].map((name) => `${name}=${endpoint.url}`)),
    environment: {},
    factory: clientFactory,
    clock: createFakeClock(),
    log,
    remedy: 'give it',
  })
  return {
    endpoint,
    scenario: createScenario({
      turns: 12,
      policy: { categories: [{ id: 'rude', rubric: 'rubrics/rude.md' }], ...policy },
      ...options,
      ports: { connect, log, ...options.ports },
    }),
  }
}

async function run(world: World = {}) {
  const { scenario, endpoint } = await open(world)
  const { record, verdict } = await decide(scenario)
  // What is said follows from the files of the run alone.
  const again = decideRecord(await readRecord(scenario.directory)).verdict
  expect(JSON.stringify(again)).toBe(JSON.stringify(verdict))
  return { endpoint, record, verdict, arms: record.summary.arms }
}

const models = (entries: object[]) => ({ status: 200, body: { object: 'list', data: entries } })
const both = [{ id: 'ckpt-1' }, { id: 'ckpt-2' }]

describe('names', () => {
  it('assert the checkpoints where there is no list', async () => {
    const { verdict, arms } = await run()
    expect(verdict).toMatchObject({
      verdict: 'pass',
      identity: { candidate: 'asserted', baseline: 'asserted' },
    })
    expect(arms.candidate.identity.probes).toEqual([{ kind: 'not-offered' }, { kind: 'not-offered' }])
  })

  it('of a third model are red, whatever the policy lets through', async () => {
    const { verdict } = await run({
      policy: pass,
      answer: (model) => (model === 'ckpt-2' ? { model: 'ckpt-3' } : {}),
    })
    expect(verdict).toMatchObject({
      verdict: 'inconclusive',
      conclusion: 'failure',
      reasons: ['candidate: another model answered'],
      identity: { candidate: 'none', baseline: 'asserted' },
    })
  })

  it('of a dated form are its own', async () => {
    const { verdict, arms } = await run({ answer: (model) => ({ model: `models/${model}-2026-11-02` }) })
    expect(verdict).toMatchObject({ verdict: 'pass', identity: { candidate: 'asserted' } })
    expect(arms.candidate.models).toEqual({ 'models/ckpt-2-2026-11-02': 12 })
  })

  it.each([
    ['all', () => true, 12],
    ['one', (index: number) => index === 0, 1],
  ])('that are missing in %s of the answers are red and recorded as such', async (_, isUnnamed, unnamed) => {
    let answered = 0
    const { verdict, arms, record } = await run({
      policy: pass,
      answer: (model) => (model === 'ckpt-2' && isUnnamed(answered++) ? { model: null } : {}),
    })
    expect(verdict).toMatchObject({
      verdict: 'inconclusive',
      conclusion: 'failure',
      reasons: [`candidate: ${unnamed} of 12 answers name no model`],
    })
    expect(arms.candidate.identity.unnamed).toBe(unnamed)
    expect(arms.candidate.models).toEqual(unnamed === 12 ? {} : { 'ckpt-2': 11 })
    const kept = [...record.completions].flatMap(({ arm, completion }) =>
      arm === 'candidate' && completion.kind === 'completed' ? [completion.model] : [],
    )
    expect(kept.filter((model) => model === null)).toHaveLength(unnamed)
  })

  it('are asked for, and answered under, as policy says that the server calls them', async () => {
    const checkpoint = {
      file: 'checkpoint.txt',
      served_as: 'acme/{checkpoint}',
      answers_as: '{checkpoint}.gguf',
    }
    const { verdict, endpoint } = await run({
      policy: { checkpoint },
      answer: (model) => ({ model: `${model.split('/')[1]}.gguf` }),
    })
    const asked = listAsked(endpoint).map(({ raw }) => JSON.parse(raw).model)
    expect(new Set(asked)).toEqual(new Set(['acme/ckpt-1', 'acme/ckpt-2', 'judge-1']))
    expect(verdict).toMatchObject({
      verdict: 'pass',
      identity: { candidate: 'asserted', baseline: 'asserted' },
    })
  })
})

describe('the list of models', () => {
  it('is asked for before the first request and after the last, and raises the level', async () => {
    const { verdict, endpoint, record } = await run({ list: () => models(both) })
    expect(verdict).toMatchObject({ verdict: 'pass', identity: { candidate: 'probed', baseline: 'probed' } })
    expect(endpoint.log.map(({ method }) => method).join(' ')).toMatch(/^GET GET (?:POST ){48}GET GET$/)
    // A probe is no replay: it counts for no budget.
    expect(record.summary.cost.requests).toBe(48)
  })

  it('that has changed after the run is red, whatever the policy lets through', async () => {
    const { verdict } = await run({
      policy: pass,
      list: ({ index }) => models([{ id: 'ckpt-1' }, { id: 'ckpt-2', root: index < 2 ? '/a' : '/b' }]),
    })
    expect(verdict).toMatchObject({
      verdict: 'inconclusive',
      conclusion: 'failure',
      reasons: ['candidate: what its endpoint lists changed during the run'],
      identity: { candidate: 'none', baseline: 'probed' },
    })
  })

  it('is asked for again where that may help, and ends no run', async () => {
    const { verdict, arms, endpoint } = await run({ list: () => ({ status: 503, body: {} }) })
    expect(verdict).toMatchObject({ verdict: 'pass', identity: { candidate: 'asserted' } })
    const failed = { kind: 'failed', cause: 'server-error' }
    expect(arms.candidate.identity.probes).toEqual([failed, failed])
    expect(endpoint.log.filter(({ method }) => method === 'GET')).toHaveLength(12)
    const once = await run({
      list: ({ index }) => (index < 2 ? { status: 503, body: {} } : models(both)),
    })
    expect(once.verdict.identity).toEqual({ candidate: 'probed', baseline: 'probed' })
  })

  it('is not asked for when the run was cancelled', async () => {
    const cancel = new AbortController()
    const { verdict, endpoint } = await run({
      list: () => models(both),
      ports: { cancelled: cancel.signal },
      answer: () => {
        cancel.abort()
        return {}
      },
    })
    expect(verdict.verdict).toBe('inconclusive')
    expect(endpoint.log.filter(({ method }) => method === 'GET')).toHaveLength(2)
  })

  it('is Ollama’s with a digest', async () => {
    const tags = { models: Object.entries(digests).map(([id, digest]) => ({ name: `${id}:latest`, digest })) }
    const list: ListScript = ({ path }) =>
      path === '/api/tags'
        ? { status: 200, body: tags }
        : models(both.map(({ id }) => ({ id: `${id}:latest`, owned_by: 'library' })))
    const probed = await run({ list })
    expect(probed.verdict.identity).toEqual({ candidate: 'probed', baseline: 'probed' })
    expect(probed.arms.candidate.identity.probes[0]).toMatchObject({ servedDigest: digests['ckpt-2'] })
    const verified = await run({ list, ...expecting('ollama') })
    expect(verified.verdict).toMatchObject({ verdict: 'pass', identity: { candidate: 'verified' } })
  })
})

describe('a continued run', () => {
  const half = { sample: { turns: 12, epoch: 'e1' }, budget: { max_requests: 20 } }
  const cut = async (list: ListScript, directory?: ReturnType<typeof createMemoryDirectory>) => {
    const { scenario } = await open({
      policy: { ...(directory === undefined ? half : {}), gate: { early_stopping: 'off' } },
      list,
      ...(directory === undefined ? {} : { directory }),
    })
    const { record, verdict } = await decide(scenario)
    return { directory: scenario.directory, record, verdict }
  }

  it('knows what its first part was answered by, and asks nothing more than it has to', async () => {
    const first = await cut(() => models(both))
    expect(first.record.summary.stopped).toBe('max-requests')
    const second = await cut(() => models(both), first.directory)
    expect(second.record.summary.arms.candidate.identity.probes).toHaveLength(4)
    expect(second.verdict).toMatchObject({ verdict: 'pass', identity: { candidate: 'probed' } })
    const third = await cut(() => models(both), first.directory)
    expect(third.record.summary.arms.candidate.identity.probes).toHaveLength(4)
  })

  it('is red where something was deployed between its parts', async () => {
    const first = await cut(() => models(both))
    const redeployed = [{ id: 'ckpt-1' }, { id: 'ckpt-2', root: '/other' }]
    const second = await cut(() => models(redeployed), first.directory)
    expect(second.verdict.reasons).toEqual(['candidate: what its endpoint lists changed during the run'])
  })
})

/** A policy that expects digests, and pointer files that have them. */
function expecting(served: unknown, told: Partial<typeof digests> = digests): World {
  const point = (id: keyof typeof digests) => ({ 'model.yaml': JSON.stringify({ id, sha: told[id] }) })
  return {
    policy: { ...pass, checkpoint: { file: 'model.yaml', path: 'id', digest: 'sha', served_digest: served } },
    files: { base: point('ckpt-1'), head: point('ckpt-2') },
  }
}

describe('a digest in a header', () => {
  const byHeader = (tell: (model: keyof typeof digests, index: number) => Record<string, string>) =>
    run({
      ...expecting({ header: 'x-checkpoint-digest' }),
      answer: (model, index) => ({ headers: tell(model as keyof typeof digests, index) }),
    })

  it('verifies the checkpoints, also where their answers have no name', async () => {
    const { verdict, arms } = await run({
      ...expecting({ header: 'x-checkpoint-digest' }),
      answer: (model) => ({
        model: null,
        headers: { 'x-checkpoint-digest': `sha256:${digests[model as 'ckpt-1'].toUpperCase()}` },
      }),
    })
    expect(verdict).toMatchObject({
      verdict: 'pass',
      identity: { candidate: 'verified', baseline: 'verified' },
    })
    expect(arms.candidate.identity.digests).toEqual({ [`sha256:${'BB'.repeat(32)}`]: 12 })
  })

  it('that is the baseline’s is red', async () => {
    const { verdict } = await byHeader(() => ({ 'x-checkpoint-digest': digests['ckpt-1'] }))
    expect(verdict).toMatchObject({
      conclusion: 'failure',
      reasons: ['candidate: the digest is another'],
      identity: { candidate: 'none', baseline: 'verified' },
    })
  })

  it('that is missing in all answers, or in one, is red', async () => {
    const none = await byHeader(() => ({}))
    expect(none.verdict).toMatchObject({
      conclusion: 'failure',
      reasons: ['baseline: the deployment tells no digest', 'candidate: the deployment tells no digest'],
    })
    let first = true
    const some = await byHeader((model) => {
      const isLeftOut = model === 'ckpt-2' && first
      if (isLeftOut) first = false
      return isLeftOut ? {} : { 'x-checkpoint-digest': digests[model] }
    })
    expect(some.verdict.reasons).toEqual(['candidate: the digest is missing in part'])
    expect(some.arms.candidate.identity).toMatchObject({
      digests: { [digests['ckpt-2']]: 11 },
      undigested: 1,
    })
  })

  it('that changes during the run is red', async () => {
    let count = 0
    const { verdict } = await byHeader((model) => ({
      'x-checkpoint-digest': model === 'ckpt-2' && count++ > 5 ? 'cc'.repeat(32) : digests[model],
    }))
    expect(verdict.reasons).toEqual(['candidate: the digest is another'])
  })

  it('is had from a field of the list, too', async () => {
    const list: ListScript = () => models(Object.entries(digests).map(([id, sha256]) => ({ id, sha256 })))
    const { verdict } = await run({ ...expecting({ models: 'sha256' }), list })
    expect(verdict).toMatchObject({
      verdict: 'pass',
      identity: { candidate: 'verified', baseline: 'verified' },
    })
    const without = await run({ ...expecting({ models: 'sha256' }), list: () => models(both) })
    expect(without.verdict.reasons).toEqual([
      'baseline: the deployment tells no digest',
      'candidate: the deployment tells no digest',
    ])
  })
})

describe('an expected digest', () => {
  const header = { header: 'x-checkpoint-digest' }

  it('fixes what is measured', async () => {
    const one = await run(expecting(header))
    const other = await run(expecting(header, { ...digests, 'ckpt-2': 'dd'.repeat(32) }))
    expect(one.record.summary.plan.digests).toEqual({
      baseline: digests['ckpt-1'],
      candidate: digests['ckpt-2'],
    })
    expect(other.record.summary.planDigest).not.toBe(one.record.summary.planDigest)
  })

  it('that is not written ends the run before anything is asked', async () => {
    for (const id of ['ckpt-1', 'ckpt-2'] as const) {
      const { scenario, endpoint } = await open(expecting(header, { ...digests, [id]: undefined }))
      expect(await takeRefusal(() => scenario.run())).toMatchObject({
        code: 'checkpoint',
        message: "the digest of the checkpoint's weights is not there",
        where: { file: 'model.yaml', field: 'sha' },
      })
      expect(endpoint.log).toEqual([])
    }
  })

  it('is none of a candidate that is named by hand: what its deployment tells is only shown', async () => {
    const { verdict, record } = await run({
      ...expecting(header),
      commits: { candidate: { kind: 'named', checkpoint: 'ckpt-2' } },
      answer: (model) => ({ headers: { 'x-checkpoint-digest': digests[model as 'ckpt-1'] } }),
    })
    expect(verdict).toMatchObject({
      verdict: 'pass',
      identity: { candidate: 'asserted', baseline: 'verified' },
    })
    expect(record.summary.arms.candidate.identity.digests).toEqual({ [digests['ckpt-2']]: 12 })
  })
})
