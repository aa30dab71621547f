import { afterEach, describe, expect, it } from '@jest/globals'
import { readRetryAfter } from '../../src/adapters/explain-error.ts'
import { connectEndpoint } from '../../src/adapters/openai-client.ts'
import type { ChatRequest, Exchange } from '../../src/replay/completion.ts'
import {
  type ChatEndpoint,
  type ChatReply,
  type ChatScript,
  startChatEndpoint,
} from '../fakes/chat-endpoint.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const key = 'sk-canary-0123456789'
const endpoints: ChatEndpoint[] = []
const environment = { ...process.env }

afterEach(async () => {
  process.env = { ...environment }
  await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()))
})

async function serve(reply: ChatScript): Promise<ChatEndpoint> {
  const endpoint = await startChatEndpoint({ reply })
  endpoints.push(endpoint)
  return endpoint
}

async function open(reply: ChatScript, options: { key?: string | null } = {}) {
  const endpoint = await serve(reply)
  const notes: string[] = []
  const client = await connectEndpoint({
    url: endpoint.url,
    key: options.key === undefined ? key : options.key,
    clock: createFakeClock(new Date('2026-11-02T08:00:00Z')),
    onFallback: (text) => notes.push(text),
  })
  const ask = (
    parts: Partial<ChatRequest> = {},
    signal = new AbortController().signal,
    exchange?: Exchange,
  ) =>
    client.complete(
      { customId: 'c#1', model: 'ckpt-2', messages: [{ role: 'user', content: 'hello' }], ...parts },
      signal,
      exchange,
    )
  const bodies = () => endpoint.log.map((entry) => JSON.parse(entry.raw) as Record<string, unknown>)
  return { endpoint, client, ask, bodies, notes }
}

const refuse = (message: string): ChatReply => ({ status: 400, body: { error: { message } } })
const responseFormat = { name: 'grade', schema: { type: 'object' } }

describe('connectEndpoint', () => {
  it('sends what it is given and nothing else', async () => {
    const { ask, bodies, endpoint } = await open(() => ({ text: 'hi' }))
    expect(await ask()).toMatchObject({ kind: 'completed', text: 'hi', model: 'ckpt-2' })
    const tools = [{ type: 'function' as const, function: { name: 'find' } }]
    await ask({ temperature: 0, maxTokens: 64, tools, responseFormat })
    const messages = [{ role: 'user', content: 'hello' }]
    expect(bodies()).toEqual([
      { model: 'ckpt-2', messages },
      {
        model: 'ckpt-2',
        messages,
        tools,
        temperature: 0,
        max_completion_tokens: 64,
        response_format: { type: 'json_schema', json_schema: { ...responseFormat, strict: true } },
      },
    ])
    expect(endpoint.log[0]?.path).toBe('/v1/chat/completions')
  })

  it('shows the candidate nothing that says it is being evaluated', async () => {
    const { ask, endpoint } = await open(() => ({ text: 'hi' }))
    await ask()
    const { headers, raw } = endpoint.log[0] ?? {}
    expect(JSON.stringify(headers) + raw).not.toMatch(/eval|gate|judge|grad|c#1/i)
  })

  it('sends the key as a bearer, and without one sends none', async () => {
    const locked = await open(() => ({ text: 'hi' }))
    await locked.ask()
    expect(locked.endpoint.log[0]?.headers.authorization).toBe(`Bearer ${key}`)
    process.env.OPENAI_API_KEY = 'sk-of-someone'
    const free = await open(() => ({ text: 'hi' }), { key: null })
    await free.ask()
    expect(free.endpoint.log[0]?.headers.authorization).toBeUndefined()
  })

  it('ignores the environment: addresses, organisations, logging and proxies', async () => {
    const other = await serve(() => ({ text: 'wrong server' }))
    const origin = new URL(other.url).origin
    Object.assign(process.env, {
      OPENAI_BASE_URL: other.url,
      OPENAI_API_KEY: 'sk-of-someone',
      OPENAI_ORG_ID: 'org-of-someone',
      OPENAI_PROJECT_ID: 'project-of-someone',
      OPENAI_LOG: 'debug',
      HTTP_PROXY: origin,
      http_proxy: origin,
      HTTPS_PROXY: origin,
      ALL_PROXY: origin,
      NODE_USE_ENV_PROXY: '1',
    })
    const { ask, endpoint } = await open(() => ({ text: 'right server' }))
    expect(await ask()).toMatchObject({ text: 'right server' })
    expect(other.log).toEqual([])
    const sent = JSON.stringify(endpoint.log[0]?.headers)
    expect(sent).not.toContain('someone')
    expect(sent).not.toMatch(/openai-(organization|project)/i)
  })

  it('has an origin without path for messages', async () => {
    const { client, endpoint } = await open(() => ({ text: 'hi' }))
    expect(client.origin).toBe(new URL(endpoint.url).origin)
    expect(client.source).toEqual({ kind: 'live' })
  })

  it.each([
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'not-found'],
    [400, 'bad-request'],
    [429, 'rate-limited'],
    [500, 'server-error'],
    [503, 'server-error'],
  ])('asks once and names the cause of status %d', async (status, cause) => {
    const { ask, endpoint } = await open(() => ({ status, headers: { 'x-should-retry': 'true' } }))
    expect(await ask()).toMatchObject({ kind: 'failed', cause, detail: `${status} scripted ${status}` })
    expect(endpoint.log).toHaveLength(1)
  })

  it.each([
    ['7', 7000],
    ['0.5', 500],
    ['Mon, 02 Nov 2026 08:02:00 GMT', 120_000],
    ['Mon, 02 Nov 2026 07:00:00 GMT', 0],
    ['99999999999', 99_999_999_999_000],
    ['1e999', null],
    ['soon', null],
  ])('reads Retry-After: %s', async (value, retryAfterMs) => {
    const { ask } = await open(() => ({ status: 429, headers: { 'retry-after': value } }))
    expect(await ask()).toMatchObject({ cause: 'rate-limited', retryAfterMs })
  })

  it('falls back to max_tokens once, for all requests that were refused together', async () => {
    const { ask, bodies, notes } = await open(({ body }) =>
      'max_completion_tokens' in body
        ? { ...refuse("Unrecognized request argument: 'max_completion_tokens'"), delayMs: 20 }
        : { text: 'hi' },
    )
    const completions = await Promise.all([1, 2, 3].map(() => ask({ maxTokens: 64 })))
    expect(completions.map(({ kind }) => kind)).toEqual(['completed', 'completed', 'completed'])
    await ask({ maxTokens: 64 })
    const sent = bodies().map((body) => ('max_tokens' in body ? 'old' : 'new'))
    expect(sent).toEqual(['new', 'new', 'new', 'old', 'old', 'old', 'old'])
    expect(notes).toEqual([expect.stringContaining('does not know max_completion_tokens')])
  })

  it('does not fall back twice, nor for another refusal', async () => {
    const stubborn = await open(() => refuse('max_completion_tokens, max_tokens: neither'))
    expect(await stubborn.ask({ maxTokens: 64 })).toMatchObject({ cause: 'bad-request' })
    expect(stubborn.endpoint.log).toHaveLength(2)
    const other = await open(() => refuse('the context is too long'))
    expect(await other.ask({ maxTokens: 64 })).toMatchObject({ cause: 'bad-request' })
    expect(other.endpoint.log).toHaveLength(1)
  })

  it('leaves out a response format that the server refuses, and remembers it', async () => {
    const { ask, bodies, notes } = await open(({ body }) =>
      'response_format' in body ? refuse('json_schema is not supported') : { text: 'hi' },
    )
    const first = await Promise.all([1, 2, 3, 4, 5, 6].map(() => ask({ responseFormat })))
    expect(first.map(({ kind }) => kind)).toEqual(first.map(() => 'completed'))
    const before = bodies().length
    expect(await ask({ responseFormat })).toMatchObject({ kind: 'completed' })
    expect(bodies().length).toBe(before + 1)
    expect(bodies().at(-1)).not.toHaveProperty('response_format')
    expect(notes).toHaveLength(1)
  })

  it('keeps the response format when it was something else that the server refused', async () => {
    const { ask, bodies, notes } = await open(({ messages, body }) => {
      if (messages[0]?.content === 'long') return refuse('the context is too long')
      return { text: 'response_format' in body ? 'with' : 'without' }
    })
    const long = await ask({ responseFormat, messages: [{ role: 'user', content: 'long' }] })
    expect(long).toMatchObject({ kind: 'failed', cause: 'bad-request' })
    expect(await ask({ responseFormat })).toMatchObject({ text: 'with' })
    expect([bodies().length, notes.length]).toEqual([3, 0])
  })
})

describe('a key that the endpoint echoes', () => {
  it('is redacted from every part of a completion', async () => {
    const { ask } = await open(() => ({
      body: {
        model: `model-${key}`,
        system_fingerprint: `fp-${key}`,
        choices: [
          {
            finish_reason: `stop-${key}`,
            message: {
              content: `the key is ${key}, I repeat: ${key}`,
              refusal: `no ${key}`,
              tool_calls: [{ id: key, type: 'function', function: { name: `f${key}`, arguments: key } }],
            },
          },
        ],
      },
    }))
    const completion = await ask()
    expect(completion).toMatchObject({ text: 'the key is [redacted], I repeat: [redacted]' })
    expect(JSON.stringify(completion)).not.toContain(key)
  })

  it.each([
    { status: 401, body: { error: { message: `Incorrect API key provided: ${key}.` } } },
    { status: 400, body: { error: { code: key, message: { nested: key } } } },
    { status: 500, body: `<html>${key}</html>` },
    { status: 500, body: `${'x'.repeat(290)}${key}` },
    { body: { choices: [{ finish_reason: key, message: { content: '' } }] } },
    { body: { choices: [{ message: key }] } },
  ])('is redacted from the detail of a failure %#', async (reply) => {
    const { ask } = await open(() => reply)
    const failed = await ask()
    expect(failed.kind).toBe('failed')
    expect(JSON.stringify(failed)).not.toContain('sk-')
  })
})

describe('readRetryAfter', () => {
  const now = new Date('2026-11-02T08:00:00Z')
  it.each([
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{ 'retry-after-ms': 'x', 'retry-after': '9' }, 9000],
    [{ 'retry-after': '-5' }, 0],
    [{ 'retry-after': ' ' }, null],
    [{}, null],
  ])('reads %j as %p', (headers, expected) => {
    expect(readRetryAfter({ headers: new Headers(headers) }, now)).toBe(expected)
  })

  it('reads nothing where there are no headers', () => {
    expect(readRetryAfter({ headers: undefined }, now)).toBeNull()
  })
})

describe('what is counted and heeded', () => {
  /** An exchange that lets so many requests take another form. */
  function listen(others: number) {
    const heard: unknown[] = []
    let asked = 0
    const exchange: Exchange = {
      heard: (allowances) => heard.push(...allowances),
      async mayAskAgain() {
        asked += 1
        return asked <= others
      },
    }
    return { exchange, heard, asked: () => asked }
  }
  const { signal } = new AbortController()
  const left = { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '0' }

  it.each([200, 429, 500])(
    'passes on what the headers of an answer with status %d say is left',
    async (status) => {
      const { ask } = await open(() => ({ text: 'hi', status, headers: left }))
      const { exchange, heard } = listen(0)
      await ask({}, signal, exchange)
      expect(heard).toEqual([{ of: 'requests', limit: 60, remaining: 0, resetMs: null }])
    },
  )

  it('says which failures mean that there is too much to do', async () => {
    const overloaded = async (status: number) => {
      const answer = await (await open(() => ({ status }))).ask()
      return answer.kind === 'failed' && answer.overloaded === true
    }
    expect(await Promise.all([429, 500, 502, 503, 529].map(overloaded))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ])
  })

  it('asks before each other form of a request, and leaves it where there is none left', async () => {
    const reply: ChatScript = ({ body }) =>
      'max_completion_tokens' in body
        ? refuse("Unrecognized request argument: 'max_completion_tokens'")
        : 'response_format' in body
          ? refuse('json_schema is not supported')
          : { text: 'hi' }
    const both = await open(reply)
    const free = listen(2)
    expect(await both.ask({ maxTokens: 64, responseFormat }, signal, free.exchange)).toMatchObject({
      text: 'hi',
    })
    expect([both.endpoint.log.length, free.asked()]).toEqual([3, 2])
    const poor = await open(reply)
    const spent = listen(1)
    const refused = await poor.ask({ maxTokens: 64, responseFormat }, signal, spent.exchange)
    expect(refused).toMatchObject({ kind: 'failed', cause: 'bad-request' })
    expect([poor.endpoint.log.length, spent.asked()]).toEqual([2, 2])
  })
})
