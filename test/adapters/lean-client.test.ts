import { afterEach, describe, expect, it } from '@jest/globals'
import * as openai from 'openai'
import { createGuardedFetch } from '../../src/adapters/guarded-fetch.ts'
import { createLeanClient } from '../../src/adapters/lean-client.ts'
import { type ChatEndpoint, startChatEndpoint } from '../fakes/chat-endpoint.ts'

let endpoint: ChatEndpoint | undefined

afterEach(() => endpoint?.close())

async function open(options: Omit<openai.ClientOptions, 'apiKey'> = {}) {
  const started = await startChatEndpoint({
    reply: () => ({ text: 'hi' }),
    list: ({ path }) => ({ status: 200, body: { path } }),
  })
  endpoint = started
  const fetch = await createGuardedFetch(new URL(started.url).origin)
  const settings = { baseURL: started.url, apiKey: 'sk-own', maxRetries: 0, ...options }
  const client = createLeanClient({ openai, options: settings, fetch })
  const ask = (content: string, own: openai.OpenAI.RequestOptions = {}) =>
    client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content }] }, own)
  return { client, ask, log: started.log }
}

const signal = () => new AbortController().signal

describe('the lean client', () => {
  it('sends what the plain one does, but for what it says of the machine', async () => {
    const { ask, log, client } = await open()
    const plain = new openai.OpenAI({ baseURL: client.baseURL, apiKey: 'sk-own', maxRetries: 0 })
    await ask('one', { signal: signal() })
    await ask('two', { signal: signal() })
    await plain.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'two' }] })
    const [first, second, theirs] = log
    expect(second?.headers).toEqual({
      ...first?.headers,
      'content-length': second?.headers['content-length'],
    })
    expect(second?.raw).toBe(theirs?.raw)
    const names = ['accept', 'authorization', 'content-type', 'user-agent']
    for (const name of names) expect(second?.headers[name]).toBe(theirs?.headers[name])
    expect(Object.keys(second?.headers ?? {}).filter((name) => name.startsWith('x-stainless'))).toEqual([])
  })

  it('leaves to the SDK what differs in more than its address and JSON', async () => {
    const { client, ask, log } = await open()
    await ask('one', { signal: signal() })
    await ask('two', { signal: signal(), headers: { 'x-own': 'yes' } })
    await ask('three', { signal: signal() })
    await client.get('/models', { signal: signal(), query: { after: 'a b' } })
    expect(log.map(({ headers }) => headers['x-own'])).toEqual([undefined, 'yes', undefined, undefined])
    expect(log.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/chat/completions',
      'POST /v1/chat/completions',
      'POST /v1/chat/completions',
      'GET /v1/models?after=a%20b',
    ])
  })

  it('sends no key where there is none', async () => {
    const { ask, log } = await open({ defaultHeaders: { authorization: null } })
    await ask('one', { signal: signal() })
    await ask('two', { signal: signal() })
    expect(log.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined])
  })

  it('has a deadline of its own where a request has no signal', async () => {
    const { ask, log } = await open({ timeout: 5000 })
    expect((await ask('one')).choices[0]?.message.content).toBe('hi')
    await ask('two', { signal: signal() })
    await ask('three')
    const [first, , third] = log
    expect(third?.headers.authorization).toBe(first?.headers.authorization)
    expect(third?.raw).toContain('three')
  })
})
