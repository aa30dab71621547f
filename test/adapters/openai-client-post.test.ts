import { afterEach, describe, expect, it } from '@jest/globals'
import { connectEndpoint } from '../../src/adapters/openai-client.ts'
import { createBudget } from '../../src/replay/budget.ts'
import { isTransportFailure } from '../../src/replay/completion.ts'
import { createEndpoint } from '../../src/replay/endpoint.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { type HostileMode, startHostileEndpoint } from '../fakes/hostile-endpoint.ts'
import {
  classify,
  moderate,
  predict,
  type ScoreReply,
  type ScoreRequest,
  startScoreEndpoint,
} from '../fakes/score-endpoint.ts'

const key = 'sk-canary-0123456789'
const closing: (() => Promise<void>)[] = []
const environment = { ...process.env }

afterEach(async () => {
  process.env = { ...environment }
  await Promise.all(closing.splice(0).map((close) => close()))
})

const moderation = {
  customId: 'c#1|candidate|rude',
  path: '/moderations',
  body: { model: 'm-1', input: 'hello' },
}

async function connect(url: string, options: { key?: string | null } = {}) {
  return connectEndpoint({
    url,
    key: options.key === undefined ? key : options.key,
    clock: createFakeClock(),
    onFallback: () => undefined,
  })
}

async function serve(reply: (request: ScoreRequest) => ScoreReply) {
  const server = await startScoreEndpoint(reply)
  closing.push(server.close)
  return server
}

/** A moderation endpoint, and a way to ask it once. */
async function open(reply: (request: ScoreRequest) => ScoreReply, options: { key?: string | null } = {}) {
  const server = await serve(reply)
  const client = await connect(`${server.url}/v1`, options)
  const post = (signal = AbortSignal.timeout(20_000)) => client.post(moderation, signal)
  return { server, client, post }
}

async function startHostile(mode: HostileMode, location?: string) {
  const server = await startHostileEndpoint(mode, location === undefined ? {} : { location })
  closing.push(server.close)
  const client = await connect(`${server.url}/v1`)
  return { server, post: (ms = 20_000) => client.post(moderation, AbortSignal.timeout(ms)) }
}

describe('a request that is no chat', () => {
  it('is sent as it is to the path under the address', async () => {
    const { server, post } = await open(() => ({ body: moderate() }))
    expect(await post()).toEqual({ kind: 'posted', body: moderate() })
    expect(server.log.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /v1/moderations'])
    expect(JSON.parse(server.log[0]?.raw ?? '')).toEqual(moderation.body)
  })

  it.each([
    ['/classify', { model: 'm', input: 'x' }, classify([0.25, 0.75], 'toxic')],
    ['/predict', { inputs: 'x', truncate: false }, predict({ toxic: 0.75, fine: 0.25 })],
  ])(
    'reaches %s of a server whose address has no path, with and without a slash',
    async (path, body, answer) => {
      const server = await serve(() => ({ body: answer }))
      for (const url of [server.url, `${server.url}/`]) {
        const client = await connect(url)
        const posted = await client.post({ customId: 'x', path, body }, AbortSignal.timeout(20_000))
        expect(posted).toEqual({ kind: 'posted', body: answer })
      }
      expect(server.log.map((entry) => entry.path)).toEqual([path, path])
    },
  )

  it('shows nothing that says what it is for', async () => {
    const { server, post } = await open(() => ({ body: moderate() }))
    await post()
    const { headers, raw } = server.log[0] ?? {}
    expect(JSON.stringify(headers) + raw).not.toMatch(/eval|gate|judge|grad|c#1/i)
  })

  it('is sent once, and the status names the cause of a failure', async () => {
    for (const [status, cause] of [
      [400, 'bad-request'],
      [401, 'unauthorized'],
      [404, 'not-found'],
      [413, 'bad-request'],
      [422, 'bad-request'],
      [424, 'bad-request'],
      [429, 'rate-limited'],
      [500, 'server-error'],
      [503, 'server-error'],
    ] as const) {
      const { server, post } = await open(() => ({ status, body: { error: { message: 'no' } } }))
      expect(await post()).toMatchObject({ kind: 'failed', cause, detail: `${status} no` })
      expect(server.log).toHaveLength(1)
    }
  })

  it('reads how long an endpoint asks to wait', async () => {
    const { post } = await open(() => ({ status: 429, headers: { 'retry-after': '7' } }))
    expect(await post()).toMatchObject({ cause: 'rate-limited', retryAfterMs: 7000 })
  })
})

describe('an answer that is no chat', () => {
  it.each([
    ['JSON that is called text', { 'content-type': 'text/plain' }],
    ['JSON without a type', { 'content-type': '' }],
    ['JSON of a type of its own', { 'content-type': 'application/vnd.acme+json' }],
  ])('is read: %s', async (_name, headers) => {
    const { post } = await open(() => ({ headers, body: JSON.stringify(moderate()) }))
    expect(await post()).toEqual({ kind: 'posted', body: moderate() })
  })

  it.each([
    ['an empty body', { body: '' }],
    ['an empty body that is called JSON', { body: '', headers: { 'content-type': 'application/json' } }],
    ['a page', { body: '<h1>Sign in</h1>', headers: { 'content-type': 'text/html' } }],
    ['a word', { body: 'ok' }],
    ['JSON that ends early', { body: '{"results": [', headers: { 'content-type': 'application/json' } }],
    // Python writes it so, and JSON has no such number.
    ['NaN', { body: '{"score": NaN}', headers: { 'content-type': 'application/json' } }],
    ['NaN that is called text', { body: '[{"label": "toxic", "score": NaN}]' }],
    ['bytes that are no text', { body: Buffer.from([0xff, 0xfe, 0x00]) }],
  ])('is unreadable, and may be tried again: %s', async (_name, reply) => {
    const { post } = await open(() => reply)
    const failed = await post()
    expect(failed).toMatchObject({ kind: 'failed', cause: 'unreadable-answer' })
    expect(failed.kind === 'failed' && isTransportFailure(failed)).toBe(true)
  })

  it('may be any JSON: what it should be, the grader knows', async () => {
    for (const body of [null, [], {}, 7, { results: 'none' }]) {
      const headers = { 'content-type': 'application/json' }
      const { post } = await open(() => ({ headers, body: JSON.stringify(body) }))
      expect(await post()).toEqual({ kind: 'posted', body })
    }
  })

  it('is a failure, and no error, where it is nested past all reason', async () => {
    const body = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    const { post } = await open(() => ({ body, headers: { 'content-type': 'application/json' } }))
    expect(await post()).toMatchObject({ kind: 'failed' })
  })
})

describe('a hostile endpoint that is no chat', () => {
  it.each(['hang', 'half-open', 'drip'] as const)('%s ends at the deadline', async (mode) => {
    const { server, post } = await startHostile(mode)
    expect(await post(150)).toMatchObject({ kind: 'failed', cause: 'timeout' })
    expect(server.received).toHaveLength(1)
  })

  it.each([
    ['truncated', 'connection-lost'],
    ['reset', 'connection-lost'],
    ['html', 'unreadable-answer'],
    ['not-json', 'unreadable-answer'],
    ['huge', 'connection-lost'],
  ] as const)('%s is a transport failure, %s', async (mode, cause) => {
    const { post } = await startHostile(mode)
    expect(await post()).toMatchObject({ kind: 'failed', cause })
  })
})

describe('the key of an endpoint that is no chat', () => {
  it('is sent as a bearer, and none where there is none', async () => {
    const locked = await open(() => ({ body: moderate() }))
    await locked.post()
    expect(locked.server.log[0]?.headers.authorization).toBe(`Bearer ${key}`)
    process.env.OPENAI_API_KEY = 'sk-of-someone'
    const free = await open(() => ({ body: moderate() }), { key: null })
    await free.post()
    expect(free.server.log[0]?.headers.authorization).toBeUndefined()
  })

  it('stays with its origin when the endpoint redirects', async () => {
    const elsewhere = await serve(() => ({ body: moderate({ hate: 0.9 }) }))
    const { server, post } = await startHostile('redirect', `${elsewhere.url}/v1/moderations`)
    expect(await post()).toMatchObject({ kind: 'failed', cause: 'connection-lost' })
    expect(server.received).toHaveLength(1)
    expect(elsewhere.log).toEqual([])
  })

  it('is not sent to another path of the same origin either', async () => {
    const { server, post } = await open(({ index }) =>
      index === 0 ? { status: 307, headers: { location: '/v1/moderations' } } : { body: moderate() },
    )
    expect(await post()).toMatchObject({ kind: 'failed', cause: 'connection-lost' })
    expect(server.log).toHaveLength(1)
  })

  it('is not sent where a path would lead away from the address', async () => {
    const elsewhere = await serve(() => ({ body: moderate() }))
    const { server, client } = await open(() => ({ body: moderate() }))
    const path = `${elsewhere.url}/v1/moderations`
    const failed = await client.post({ ...moderation, path }, AbortSignal.timeout(20_000))
    expect(failed).toMatchObject({ kind: 'failed', detail: expect.stringContaining('would leave') })
    expect([elsewhere.log, server.log]).toEqual([[], []])
  })
})

describe('a key that an endpoint echoes outside of a chat', () => {
  // A header may hold all of these, and a key that looks like a part of the answer must not take it apart.
  const keys = [
    key,
    'sk-"quoted"',
    'sk-back\\slash',
    'sk-at-the-end\\',
    '"',
    '\\',
    '":',
    'results',
    '0.75',
    '7',
  ]

  it.each(keys)('is redacted from every text and name of the body, which stays JSON: %s', async (secret) => {
    const echo = {
      model: `m ${secret}`,
      results: [{ [secret]: secret, nested: [secret, `${secret} ${secret}`], score: 0.75, none: null }],
    }
    const { post } = await open(() => ({ body: echo }), { key: secret })
    const posted = await post()
    if (posted.kind !== 'posted') throw new Error(`not posted: ${posted.detail}`)
    const texts = listTexts(posted.body).map((text) => text.replaceAll('[redacted]', ''))
    expect(texts.join('\n')).not.toContain(secret)
    expect(posted.body).toMatchObject({ model: 'm [redacted]' })
    expect(Object.values(posted.body as Record<string, unknown>)[1]).toEqual([
      {
        '[redacted]': '[redacted]',
        nested: ['[redacted]', '[redacted] [redacted]'],
        score: 0.75,
        none: null,
      },
    ])
  })

  it.each(keys.slice(0, 4))(
    'is redacted from the detail of a failure, escaped or not: %s',
    async (secret) => {
      for (const body of [
        { error: { message: `Incorrect API key provided: ${secret}.` } },
        // Without a message of its own, the detail is the error as JSON.
        { error: [{ msg: 'bad key', input: secret }] },
        { error: `bad key ${secret}`, error_type: 'validation' },
        `<html>${secret}</html>`,
      ]) {
        const { post } = await open(() => ({ status: 400, body }), { key: secret })
        const failed = await post()
        expect(failed).toMatchObject({ kind: 'failed', detail: expect.stringContaining('[redacted]') })
        for (const form of [secret, JSON.stringify(secret).slice(1, -1)])
          expect(failed.kind === 'failed' && failed.detail).not.toContain(form)
      }
    },
  )
})

function listTexts(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, entry]) => [
    ...(Array.isArray(value) ? [] : [name]),
    ...listTexts(entry),
  ])
}

describe('an endpoint around a client that is no chat', () => {
  async function wrap(reply: (request: ScoreRequest) => ScoreReply, maxRequests: number | null = null) {
    const { server, client } = await open(reply)
    const clock = createFakeClock()
    const cancelled = new AbortController().signal
    const budget = createBudget({ limits: { maxRequests, maxMinutes: null }, clock, cancelled })
    const settings = { name: 'moderation', concurrency: 1, maxAttempts: 4, timeoutMs: 20_000 }
    const endpoint = createEndpoint({ ...settings, client, budget, clock, cancelled, random: () => 0 })
    return { server, clock, endpoint, budget }
  }

  it.each([
    { status: 429, headers: { 'retry-after': '9' } },
    { status: 500 },
    { status: 503, body: 'upstream connect error' },
    { body: 'not JSON' },
  ])('asks again after %j, and each request counts', async (reply) => {
    const { server, clock, endpoint, budget } = await wrap(({ index }) =>
      index < 2 ? reply : { body: moderate() },
    )
    expect(await endpoint.post(moderation)).toEqual({ kind: 'posted', body: moderate() })
    expect([server.log.length, budget.requests(), endpoint.failures()]).toEqual([3, 3, 0])
    expect(clock.sleptMs).toHaveLength(2)
    if (reply.status === 429) expect(clock.sleptMs).toEqual([9000, 9000])
  })

  it('does not ask again after an answer that would be the same', async () => {
    const { server, endpoint } = await wrap(() => ({ status: 413, body: { error: 'too long' } }))
    expect(await endpoint.post(moderation)).toMatchObject({ kind: 'failed', cause: 'bad-request' })
    expect(server.log).toHaveLength(1)
  })

  it('does not ask past its attempts, nor past the budget', async () => {
    const tired = await wrap(() => ({ status: 500 }))
    expect(await tired.endpoint.post(moderation)).toMatchObject({ kind: 'failed', cause: 'server-error' })
    expect([tired.server.log.length, tired.endpoint.failures()]).toEqual([4, 1])
    const poor = await wrap(() => ({ body: moderate() }), 1)
    expect(await poor.endpoint.post(moderation)).toMatchObject({ kind: 'posted' })
    expect(await poor.endpoint.post(moderation)).toEqual({ kind: 'not-asked', reason: 'max-requests' })
    expect(poor.server.log).toHaveLength(1)
  })

  it('gives up at once where the key is refused, or nobody has such an address', async () => {
    for (const [status, problem] of [
      [401, 'refuses the key'],
      [404, 'has no such address or model'],
    ] as const) {
      const { endpoint, server } = await wrap(() => ({ status }))
      await expect(endpoint.post(moderation)).rejects.toMatchObject({
        code: 'endpoint',
        message: expect.stringContaining(problem),
      })
      expect(server.log).toHaveLength(1)
    }
  })
})
