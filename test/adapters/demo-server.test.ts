import { Agent, request as sendRequest } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import OpenAI from 'openai'
import { z } from 'zod'
import { type DemoServer, startDemoServer } from '../../src/adapters/demo-server.ts'
import { answerChat } from '../../src/demo/simulation.ts'

const contentSchema = z.object({
  choices: z.tuple([z.object({ message: z.object({ content: z.string().nullable() }) })]),
})

let server: DemoServer

beforeEach(async () => {
  server = await startDemoServer()
})

afterEach(async () => {
  await server.close()
})

function post(body: string): Promise<Response> {
  return fetch(`${server.url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
}

function ask(text: string, model = 'demo-good') {
  return { model, messages: [{ role: 'user' as const, content: text }] }
}

describe('the demo server', () => {
  it('listens on the loopback interface', () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/)
  })

  it('answers with the simulation, in the shape of OpenAI', async () => {
    const request = ask('How do I bake bread?')
    const answer = answerChat(request)
    if (answer.kind !== 'completion') throw new Error('no completion')
    const response = await post(JSON.stringify(request))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toEqual({
      id: answer.id,
      object: 'chat.completion',
      created: expect.any(Number),
      model: 'demo-good',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: answer.completion.content, refusal: null },
          logprobs: null,
          finish_reason: answer.completion.finishReason,
        },
      ],
      usage: {
        prompt_tokens: answer.promptTokens,
        completion_tokens: answer.completionTokens,
        total_tokens: answer.promptTokens + answer.completionTokens,
      },
      system_fingerprint: answer.fingerprint,
    })
  })

  it('serves the official client, tool calls included', async () => {
    const client = new OpenAI({ baseURL: server.url, apiKey: 'none', maxRetries: 0 })
    const tool = {
      type: 'function' as const,
      function: { name: 'get_forecast', parameters: { properties: { place: { type: 'string' } } } },
    }
    const completions = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        client.chat.completions.create({ ...ask(`Weather in Porto in ${index} days?`), tools: [tool] }),
      ),
    )
    const choices = completions.flatMap((completion) => completion.choices)
    const calls = choices.filter((choice) => choice.finish_reason === 'tool_calls')
    expect(calls.length).toBeGreaterThan(0)
    expect(calls.length).toBeLessThan(20)
    for (const choice of calls) expect(choice.message.tool_calls).toHaveLength(1)
    for (const choice of choices.filter((other) => !calls.includes(other))) {
      expect(choice.message.tool_calls).toBeUndefined()
    }
  })

  it('lists its models', async () => {
    const client = new OpenAI({ baseURL: server.url, apiKey: 'none', maxRetries: 0 })
    const { data } = await client.models.list()
    const names = ['baseline', 'good', 'bad', 'judge', 'tools']
    expect(data.map((model) => model.id)).toEqual(names.map((name) => `demo-${name}`))
  })

  it('refuses an unknown model', async () => {
    const response = await post(JSON.stringify(ask('Hello', 'demo-other')))
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({
      error: {
        message: "The model 'demo-other' does not exist",
        type: 'invalid_request_error',
        param: null,
        code: 'model_not_found',
      },
    })
  })

  it.each([
    ['no JSON', '{', 'body'],
    ['no messages', '{"model": "demo-good"}', 'messages'],
    ['an empty list of messages', '{"model": "demo-good", "messages": []}', 'messages'],
    ['a wish for a stream', JSON.stringify({ ...ask('Hello'), stream: true }), 'stream'],
    ['a wish for two answers', JSON.stringify({ ...ask('Hello'), n: 2 }), '^n:'],
  ])('refuses %s', async (_, body, where) => {
    const response = await post(body)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      error: {
        message: expect.stringMatching(where),
        type: 'invalid_request_error',
        param: null,
        code: 'invalid_request',
      },
    })
  })

  it.each([
    ['GET', '/chat/completions'],
    ['POST', '/completions'],
    ['GET', ''],
  ])('does not know %s /v1%s', async (method, path) => {
    const response = await fetch(server.url + path, { method })
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { code: 'unknown_url' } })
  })

  it('keeps connections open', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const isReused = () =>
      new Promise<boolean>((done, fail) => {
        const sent = sendRequest(`${server.url}/models`, { agent }, (response) => {
          response.resume().on('end', () => done(sent.reusedSocket))
        })
        sent.on('error', fail).end()
      })
    expect(await isReused()).toBe(false)
    // The agent takes a socket back a tick after the response has ended.
    await new Promise((done) => setImmediate(done))
    expect(await isReused()).toBe(true)
    agent.destroy()
  })

  it('answers many requests at once as it answers them one by one', async () => {
    const requests = Array.from({ length: 300 }, (_, index) => ask(`Question ${index}?`, 'demo-bad'))
    const bodies = await Promise.all(
      requests.map(async (request) => {
        const response = await post(JSON.stringify(request))
        return contentSchema.parse(await response.json()).choices[0].message.content
      }),
    )
    expect(bodies).toEqual(
      requests.map((request) => {
        const answer = answerChat(request)
        return answer.kind === 'completion' ? answer.completion.content : undefined
      }),
    )
  })

  it('is gone after close', async () => {
    const other = await startDemoServer()
    expect((await fetch(`${other.url}/models`)).status).toBe(200)
    await other.close()
    await expect(fetch(`${other.url}/models`)).rejects.toThrow()
  })
})
