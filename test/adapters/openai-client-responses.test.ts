import { afterEach, describe, expect, it } from '@jest/globals'
import { connectEndpoint } from '../../src/adapters/openai-client.ts'
import type { ChatRequest, Exchange } from '../../src/replay/completion.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import {
  type ResponsesEndpoint,
  type ResponsesScript,
  startResponsesEndpoint,
} from '../fakes/responses-endpoint.ts'

const key = 'sk-canary-0123456789'
const endpoints: ResponsesEndpoint[] = []

afterEach(async () => {
  await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()))
})

async function open(reply: ResponsesScript) {
  const endpoint = await startResponsesEndpoint(reply)
  endpoints.push(endpoint)
  const client = await connectEndpoint({
    url: endpoint.url,
    key,
    clock: createFakeClock(),
    onFallback: () => undefined,
  })
  const ask = (parts: Partial<ChatRequest> = {}, exchange?: Exchange) =>
    client.complete(
      {
        customId: 'c#1',
        model: 'ckpt-2',
        api: 'responses',
        messages: [{ role: 'user', content: 'hello' }],
        ...parts,
      },
      AbortSignal.timeout(20_000),
      exchange,
    )
  return { endpoint, ask }
}

describe('an endpoint that is asked through the Responses API', () => {
  it('gets what the API documents, with the key, and its answer is read', async () => {
    const { endpoint, ask } = await open(({ body }) => ({ text: `${body.input.length} items` }))
    const answer = await ask({
      temperature: 0.5,
      maxTokens: 64,
      tools: [{ type: 'function', function: { name: 'find' } }],
    })
    expect(answer).toMatchObject({ kind: 'completed', text: '1 items', model: 'ckpt-2' })
    const [entry] = endpoint.log
    expect(entry).toMatchObject({ method: 'POST', path: '/v1/responses' })
    expect(entry?.headers.authorization).toBe(`Bearer ${key}`)
    expect(JSON.parse(entry?.raw ?? '')).toEqual({
      model: 'ckpt-2',
      input: [{ role: 'user', content: 'hello' }],
      tools: [
        { type: 'function', name: 'find', parameters: { type: 'object', properties: {} }, strict: false },
      ],
      temperature: 0.5,
      max_output_tokens: 64,
      store: false,
    })
  })

  it.each([
    [{ status: 401 }, 'unauthorized'],
    [{ status: 404 }, 'not-found'],
    [{ status: 400 }, 'bad-request'],
    [{ status: 500 }, 'server-error'],
    [{ body: '{"output": [' }, 'unreadable-answer'],
    [{ body: { object: 'response', status: 'queued', output: [] } }, 'unreadable-answer'],
  ])('explains %j as chat does', async (reply, cause) => {
    const { ask } = await open(() => reply)
    expect(await ask()).toMatchObject({ kind: 'failed', cause })
  })

  it('says how long to wait after a 429, and what is left', async () => {
    const heard: unknown[] = []
    const headers = { 'retry-after': '7', 'x-ratelimit-remaining-requests': '0' }
    const { ask } = await open(() => ({ status: 429, headers }))
    const exchange = {
      mayAskAgain: async () => true,
      heard: (said: readonly unknown[]) => heard.push(...said),
    }
    expect(await ask({}, exchange)).toMatchObject({ cause: 'rate-limited', retryAfterMs: 7000 })
    expect(heard).toMatchObject([{ of: 'requests', remaining: 0 }])
  })

  it('takes the key out of what comes back, and a digest from its header', async () => {
    const { ask } = await open(() => ({ text: `your key is ${key}`, headers: { 'x-digest': 'sha256:ab' } }))
    expect(await ask({ digestHeader: 'x-digest' })).toMatchObject({
      text: 'your key is [redacted]',
      servedDigest: 'sha256:ab',
    })
  })
})
