import { afterEach, describe, expect, it } from '@jest/globals'
import { connectEndpoint } from '../../src/adapters/openai-client.ts'
import { openRecording } from '../../src/adapters/recorded-client.ts'
import type { ProbeRequest } from '../../src/replay/probe.ts'
import { type ChatReply, type ListScript, startChatEndpoint } from '../fakes/chat-endpoint.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { type HostileMode, startHostileEndpoint } from '../fakes/hostile-endpoint.ts'

const key = 'sk-canary-0123456789'
const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

async function connect(url: string) {
  const client = await connectEndpoint({
    url,
    key,
    clock: createFakeClock(),
    onFallback: () => undefined,
  })
  const probe = (parts: Partial<ProbeRequest> = {}, ms = 20_000) =>
    client.probe?.({ model: 'ckpt-2', servedDigest: null, ...parts }, AbortSignal.timeout(ms))
  return { client, probe }
}

async function open(list: ListScript, reply: () => ChatReply = () => ({ text: 'hi' })) {
  const endpoint = await startChatEndpoint({ reply, list })
  closing.push(endpoint.close)
  return { endpoint, ...(await connect(endpoint.url)) }
}

const respond = (data: unknown[]) => ({ status: 200, body: { object: 'list', data } })

describe('a probe', () => {
  it('asks for the list of models, with the key', async () => {
    const { endpoint, probe } = await open(() => respond([{ id: 'ckpt-2', owned_by: 'vllm' }]))
    expect(await probe()).toEqual({
      kind: 'listed',
      name: 'ckpt-2',
      entrySha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      servedDigest: null,
    })
    expect(endpoint.log.map(({ method, path, raw }) => [method, path, raw])).toEqual([
      ['GET', '/v1/models', ''],
    ])
    expect(endpoint.log[0]?.headers.authorization).toBe(`Bearer ${key}`)
  })

  it.each([404, 405, 501])('finds that there is no list by status %d', async (status) => {
    const { probe } = await open(() => ({ status, body: { error: { message: 'no' } } }))
    expect(await probe()).toEqual({ kind: 'not-offered' })
  })

  it.each([
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [429, 'rate-limited'],
    [500, 'server-error'],
  ])('fails by status %d, and says no more of it', async (status, cause) => {
    const { probe, endpoint } = await open(() => ({ status, body: { error: { message: `key ${key}` } } }))
    expect(await probe()).toEqual({ kind: 'failed', cause })
    expect(endpoint.log).toHaveLength(1)
  })

  it.each<[HostileMode, string]>([
    ['hang', 'timeout'],
    ['drip', 'timeout'],
    ['truncated', 'connection-lost'],
    ['reset', 'connection-lost'],
    ['html', 'unreadable-answer'],
    ['not-json', 'unreadable-answer'],
    ['huge', 'connection-lost'],
  ])('fails with an endpoint that can only %s', async (mode, cause) => {
    const server = await startHostileEndpoint(mode)
    closing.push(server.close)
    const { probe } = await connect(`${server.url}/v1`)
    expect(await probe({}, mode === 'hang' || mode === 'drip' ? 200 : 20_000)).toEqual({
      kind: 'failed',
      cause,
    })
  })

  it('follows no redirect, so that the key stays with its origin', async () => {
    const other = await startChatEndpoint({ reply: () => ({}), list: () => respond([{ id: 'ckpt-2' }]) })
    closing.push(other.close)
    const server = await startHostileEndpoint('redirect', { location: `${other.url}/models` })
    closing.push(server.close)
    const { probe } = await connect(`${server.url}/v1`)
    expect(await probe()).toMatchObject({ kind: 'failed' })
    expect(other.log).toEqual([])
  })

  it('fails where nobody listens', async () => {
    const { endpoint, probe } = await open(() => undefined)
    await endpoint.close()
    expect(await probe()).toEqual({ kind: 'failed', cause: 'connection-refused' })
  })

  it('lets no key through that the list echoes', async () => {
    const { probe } = await open(() => respond([{ id: 'ckpt-2', note: key, sum: `x${key}` }]))
    expect(JSON.stringify(await probe({ servedDigest: { models: 'sum' } }))).not.toContain(key)
    expect(await probe({ servedDigest: { models: 'sum' } })).toMatchObject({ servedDigest: 'x[redacted]' })
  })

  it('is none of a recording, which serves nothing', async () => {
    expect((await openRecording('/dev/null')).probe).toBeUndefined()
  })
})

describe('a probe of Ollama', () => {
  const digest = 'ab'.repeat(32)
  const serve: (tags: ReturnType<ListScript>, owner?: string) => ListScript =
    (tags, owner = 'library') =>
    ({ path }) =>
      path === '/v1/models' ? respond([{ id: 'ckpt-2:latest', created: 1, owned_by: owner }]) : tags
  const tags = { status: 200, body: { models: [{ name: 'ckpt-2:latest', digest }] } }

  it('asks for the digest beside /v1, where the list looks like Ollama’s', async () => {
    const { probe, endpoint } = await open(serve(tags))
    expect(await probe()).toMatchObject({ kind: 'listed', name: 'ckpt-2:latest', servedDigest: digest })
    expect(endpoint.log.map(({ path }) => path)).toEqual(['/v1/models', '/api/tags'])
  })

  it('asks others for it only where policy says so', async () => {
    const { probe, endpoint } = await open(serve(tags, 'vllm'))
    expect(await probe()).toMatchObject({ kind: 'listed', servedDigest: null })
    expect(await probe({ servedDigest: { header: 'x' } })).toMatchObject({ servedDigest: null })
    expect(endpoint.log.map(({ path }) => path)).toEqual(['/v1/models', '/v1/models'])
    expect(await probe({ servedDigest: 'ollama' })).toMatchObject({ servedDigest: digest })
  })

  it('is a list like another where the digest can’t be had', async () => {
    for (const answer of [undefined, { status: 500, body: {} }, { status: 200, body: '<html>' }]) {
      const { probe } = await open(serve(answer))
      expect(await probe({ servedDigest: 'ollama' })).toMatchObject({ kind: 'listed', servedDigest: null })
    }
  })

  it('has its digest also where it has no list in the shape of OpenAI’s', async () => {
    const { probe } = await open(({ path }) => (path === '/api/tags' ? tags : undefined))
    expect(await probe({ servedDigest: 'ollama' })).toMatchObject({ kind: 'listed', servedDigest: digest })
    expect(await probe()).toEqual({ kind: 'not-offered' })
  })
})

describe('the header of a completion', () => {
  const ask = async (headers: Record<string, string>, digestHeader?: string) => {
    const { client } = await open(
      () => undefined,
      () => ({ text: 'hi', headers }),
    )
    return client.complete(
      { customId: 'c#1', model: 'ckpt-2', messages: [{ role: 'user', content: 'hello' }], digestHeader },
      new AbortController().signal,
    )
  }

  it('is read where policy names one, whatever its case', async () => {
    expect(await ask({ 'X-Digest': ' sha256:AB ' }, 'x-digest')).toMatchObject({ servedDigest: 'sha256:AB' })
    expect(await ask({ 'x-digest': `x${key}` }, 'X-Digest')).toMatchObject({ servedDigest: 'x[redacted]' })
    expect(await ask({ 'x-digest': 'y'.repeat(999) }, 'x-digest')).toMatchObject({
      servedDigest: 'y'.repeat(256),
    })
  })

  it('is null where it is not there, and left out where none is asked for', async () => {
    expect(await ask({}, 'x-digest')).toMatchObject({ servedDigest: null })
    expect(await ask({ 'x-digest': '' }, 'x-digest')).toMatchObject({ servedDigest: null })
    expect(await ask({ 'x-digest': 'ab' })).not.toHaveProperty('servedDigest')
  })
})
