import { afterEach, describe, expect, it } from '@jest/globals'
import OpenAI from 'openai'
import { type ChatEndpoint, type ChatScript, startChatEndpoint } from './chat-endpoint.ts'

let endpoint: ChatEndpoint | undefined

afterEach(() => endpoint?.close())

async function openClient(reply: ChatScript) {
  const started = await startChatEndpoint({ reply })
  endpoint = started
  const client = new OpenAI({ baseURL: started.url, apiKey: 'sk-test', maxRetries: 0 })
  const ask = (content: string) =>
    client.chat.completions.create({ model: 'ckpt-41', messages: [{ role: 'user', content }] })
  return { endpoint: started, ask }
}

describe('startChatEndpoint', () => {
  it('answers what the script says, to a real client', async () => {
    const { ask } = await openClient(({ messages, index }) => ({
      text: `${index}: ${messages.at(-1)?.content}`,
    }))
    const first = await ask('a')
    const second = await ask('b')
    expect(first.choices[0]?.message).toMatchObject({ role: 'assistant', content: '0: a', refusal: null })
    expect(second.choices[0]?.message.content).toBe('1: b')
    expect(second).toMatchObject({ model: 'ckpt-41', usage: { total_tokens: 15 } })
    expect(second.choices[0]?.finish_reason).toBe('stop')
  })

  it('scripts tool calls, refusals, another model and no usage', async () => {
    const { ask } = await openClient(({ messages }) =>
      messages[0]?.content === 'tool'
        ? { toolCalls: [{ name: 'find', arguments: '{"q":1}' }] }
        : { refusal: 'no', model: 'other', usage: null, finishReason: 'content_filter' },
    )
    const tool = await ask('tool')
    expect(tool.choices[0]?.finish_reason).toBe('tool_calls')
    expect(tool.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      type: 'function',
      function: { name: 'find', arguments: '{"q":1}' },
    })
    const refused = await ask('refuse')
    expect(refused.choices[0]?.message).toMatchObject({ content: null, refusal: 'no' })
    expect(refused.choices[0]?.finish_reason).toBe('content_filter')
    expect(refused.model).toBe('other')
    expect(refused.usage).toBeUndefined()
  })

  it('scripts statuses, headers and raw bodies', async () => {
    const { endpoint } = await openClient(({ index }) =>
      index === 0 ? { status: 429, headers: { 'retry-after': '7' } } : { body: '{"choices": [' },
    )
    const request = { method: 'POST', body: JSON.stringify({ model: 'm', messages: [{ role: 'user' }] }) }
    const limited = await fetch(`${endpoint.url}/chat/completions`, request)
    expect(limited.status).toBe(429)
    expect(limited.headers.get('retry-after')).toBe('7')
    expect(await limited.json()).toMatchObject({ error: { message: 'scripted 429' } })
    const raw = await fetch(`${endpoint.url}/chat/completions`, request)
    expect(await raw.text()).toBe('{"choices": [')
  })

  it('refuses wrong paths and malformed requests without asking the script', async () => {
    const asked: string[] = []
    const { endpoint } = await openClient(({ path }) => {
      asked.push(path)
      return { text: 'x' }
    })
    const post = (path: string, body: string) => fetch(`${endpoint.url}${path}`, { method: 'POST', body })
    expect((await post('/v1/chat/completions', '{"model":"m","messages":[{"role":"user"}]}')).status).toBe(
      404,
    )
    expect((await post('/chat/completions', '{"model":"m","messages":[]}')).status).toBe(400)
    expect((await post('/chat/completions', 'model=m')).status).toBe(400)
    expect((await fetch(`${endpoint.url}/chat/completions`)).status).toBe(404)
    expect(asked).toEqual([])
  })

  it('logs every request with its headers and what was answered', async () => {
    const { endpoint, ask } = await openClient(() => ({ text: 'x', delayMs: 5 }))
    await ask('hello')
    expect(endpoint.log).toHaveLength(1)
    expect(endpoint.log[0]).toMatchObject({ method: 'POST', path: '/v1/chat/completions', status: 200 })
    expect(endpoint.log[0]?.headers.authorization).toBe('Bearer sk-test')
    expect(JSON.parse(endpoint.log[0]?.raw ?? '')).toMatchObject({ model: 'ckpt-41' })
  })

  it('closes while an answer is still being delayed', async () => {
    const { endpoint, ask } = await openClient(() => ({ text: 'late', delayMs: 60_000 }))
    const pending = ask('x')
    const failed = expect(pending).rejects.toThrow(OpenAI.APIConnectionError)
    while (endpoint.log.length === 0) await new Promise((resolve) => setImmediate(resolve))
    await endpoint.close()
    await failed
  })
})
