import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { connectEndpoint } from '../../src/adapters/openai-client.ts'
import { isTransportFailure } from '../../src/replay/completion.ts'
import { startChatEndpoint } from '../fakes/chat-endpoint.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { type HostileMode, type HostileOptions, startHostileEndpoint } from '../fakes/hostile-endpoint.ts'

const key = 'sk-canary-0123456789'
const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

/** Asks once; the deadline is short, since these servers would keep a client for ever. */
async function ask(url: string, options: { deadlineMs?: number; signal?: AbortSignal } = {}) {
  const client = await connectEndpoint({ url, key, clock: createFakeClock(), onFallback: () => undefined })
  const signal = options.signal ?? AbortSignal.timeout(options.deadlineMs ?? 20_000)
  const messages = [{ role: 'user' as const, content: 'hello' }]
  return client.complete({ customId: 'c#1', model: 'ckpt-2', messages }, signal)
}

async function startHostile(mode: HostileMode, options?: HostileOptions) {
  const endpoint = await startHostileEndpoint(mode, options)
  closing.push(endpoint.close)
  return { ...endpoint, url: `${endpoint.url}/v1` }
}

async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('the server had no port')
  return address.port
}

describe('a hostile endpoint', () => {
  it.each(['hang', 'half-open', 'drip', 'endless-headers'] as const)(
    '%s ends at the deadline',
    async (mode) => {
      const { url, received } = await startHostile(mode)
      const failed = await ask(url, { deadlineMs: 600 })
      expect(failed).toMatchObject({ kind: 'failed', cause: 'timeout' })
      expect(isTransportFailure(failed)).toBe(true)
      expect(received).toHaveLength(1)
    },
  )

  it.each([
    ['truncated', 'connection-lost'],
    ['reset', 'connection-lost'],
    ['html', 'unreadable-answer'],
    ['not-json', 'unreadable-answer'],
    ['huge', 'connection-lost'],
  ] as const)('%s is a transport failure, %s', async (mode, cause) => {
    const { url, received } = await startHostile(mode)
    const failed = await ask(url)
    expect(failed).toMatchObject({ kind: 'failed', cause })
    expect(isTransportFailure(failed)).toBe(true)
    expect(received).toHaveLength(1)
  })

  it('is not read past 16 MiB', async () => {
    const { url } = await startHostile('huge')
    expect(await ask(url)).toMatchObject({ detail: expect.stringContaining('longer than 16777216 bytes') })
  })

  it('that sends too many headers at once is a transport failure', async () => {
    const { url } = await startHostile('endless-headers', { intervalMs: 0 })
    expect(await ask(url)).toMatchObject({ cause: 'connection-lost' })
  })

  it('is never followed elsewhere, and the key stays with its origin', async () => {
    const elsewhere = await startChatEndpoint({ reply: () => ({ text: 'got you' }) })
    closing.push(elsewhere.close)
    const { url, received } = await startHostile('redirect', {
      location: `${elsewhere.url}/chat/completions`,
    })
    expect(await ask(url)).toMatchObject({ kind: 'failed', cause: 'connection-lost' })
    expect(received).toHaveLength(1)
    expect(elsewhere.log).toEqual([])
  })

  it('is not followed to another path of the same origin either', async () => {
    const endpoint = await startChatEndpoint({
      reply: ({ index }) =>
        index === 0 ? { status: 307, headers: { location: '/v1/chat/completions' } } : {},
    })
    closing.push(endpoint.close)
    expect(await ask(endpoint.url)).toMatchObject({ kind: 'failed' })
    expect(endpoint.log).toHaveLength(1)
  })
})

describe('an endpoint that is not there', () => {
  it('refuses the connection', async () => {
    const failed = await ask(`http://127.0.0.1:${await findFreePort()}/v1`)
    expect(failed).toMatchObject({
      cause: 'connection-refused',
      detail: expect.stringContaining('ECONNREFUSED'),
    })
  })
})

describe('an endpoint whose answer comes oddly', () => {
  it.each([
    ['JSON that is called text', { headers: { 'content-type': 'text/plain' } }],
    ['JSON without a type', { headers: { 'content-type': '' } }],
  ])('reads %s', async (_name, parts) => {
    const body = JSON.stringify({ choices: [{ message: { content: 'hi' } }] })
    const endpoint = await startChatEndpoint({ reply: () => ({ body, ...parts }) })
    closing.push(endpoint.close)
    expect(await ask(endpoint.url)).toMatchObject({ kind: 'completed', text: 'hi' })
  })

  it.each([
    [{ body: '' }, 'unreadable-answer'],
    [{ status: 204, body: '' }, 'unreadable-answer'],
    [{ body: '[]' }, 'unreadable-answer'],
    [{ body: 'null' }, 'unreadable-answer'],
    [{ body: '"hi"' }, 'unreadable-answer'],
    [{ body: { choices: [] } }, 'empty-choices'],
    [{ text: null }, 'empty-answer'],
    [{ text: '', finishReason: 'length' }, 'empty-answer'],
  ])('names what is wrong with %j', async (reply, cause) => {
    const endpoint = await startChatEndpoint({ reply: () => reply })
    closing.push(endpoint.close)
    expect(await ask(endpoint.url)).toMatchObject({ kind: 'failed', cause })
  })

  it('ends at once when the run is cancelled', async () => {
    const { url, received } = await startHostile('hang')
    const cancel = new AbortController()
    const asked = ask(url, { signal: cancel.signal })
    while (received[0]?.includes('hello') !== true) await new Promise((resolve) => setImmediate(resolve))
    cancel.abort()
    expect(await asked).toMatchObject({ kind: 'failed', cause: 'timeout' })
  })
})
