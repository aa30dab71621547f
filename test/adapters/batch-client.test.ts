import { afterEach, describe, expect, it } from '@jest/globals'
import { connectBatches } from '../../src/adapters/batch-client.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import {
  type LoopbackServer,
  readBody,
  type ScriptedResponse,
  sendScripted,
  startLoopbackServer,
} from '../fakes/loopback-server.ts'

const servers: LoopbackServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

interface Asked {
  method: string
  path: string
  authorization: string | undefined
  type: string
  body: Buffer
}

async function connect(answer: (asked: Asked) => ScriptedResponse, key: string | null = 'sk-a-secret-key') {
  const log: Asked[] = []
  const server = await startLoopbackServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request
    const body = await readBody(request)
    const { authorization } = headers
    const asked = { method, path, authorization, type: headers['content-type'] ?? '', body }
    log.push(asked)
    sendScripted(response, answer(asked))
  })
  servers.push(server)
  const url = `${server.url}/v1/`
  const client = await connectBatches({ url, key, secrets: ['another-secret'], clock: createFakeClock() })
  return { client, log, server }
}

const { signal } = new AbortController()
const state = { id: 'batch_1', object: 'batch', status: 'in_progress', input_file_id: 'f1' }

describe('a client of files and batches', () => {
  it('uploads lines as a file of purpose `batch`, with the key', async () => {
    const { client, log } = await connect(() => ({ status: 200, body: { id: 'f1' } }))
    const lines = Array.from({ length: 4500 }, (_, index) => `{"line": "é ${index}"}`)
    expect(await client.upload({ name: 'requests.jsonl', lines }, signal)).toEqual({
      kind: 'uploaded',
      file: 'f1',
    })
    const [asked] = log
    expect(asked).toMatchObject({
      method: 'POST',
      path: '/v1/files',
      authorization: 'Bearer sk-a-secret-key',
    })
    const headers = { 'content-type': asked?.type ?? '' }
    const form = await new Response(new Uint8Array(asked?.body ?? []), { headers }).formData()
    const file = form.get('file')
    expect(form.get('purpose')).toBe('batch')
    expect(file instanceof File && file.name).toBe('requests.jsonl')
    expect(file instanceof Blob ? await file.text() : '').toBe(lines.map((line) => `${line}\n`).join(''))
  })

  it('sends no key where there is none', async () => {
    const { client, log } = await connect(() => ({ status: 200, body: state }), null)
    await client.retrieve('batch_1', signal)
    expect(log[0]?.authorization).toBeUndefined()
  })

  it('makes, finds, looks at and cancels batches', async () => {
    const { client, log } = await connect(({ method, path }) => ({
      status: 200,
      body: method === 'GET' && path.startsWith('/v1/batches?') ? { data: [{ odd: 1 }, state] } : state,
    }))
    const read = { kind: 'batch', id: 'batch_1', status: 'in_progress', inputFile: 'f1', outputFile: null }
    expect(await client.create({ inputFile: 'f1', url: '/v1/responses' }, signal)).toMatchObject(read)
    expect(JSON.parse(String(log[0]?.body))).toEqual({
      input_file_id: 'f1',
      endpoint: '/v1/responses',
      completion_window: '24h',
    })
    expect(await client.find('f1', signal)).toMatchObject(read)
    expect(await client.find('f2', signal)).toEqual({ kind: 'none' })
    expect(await client.retrieve('batch_1', signal)).toMatchObject(read)
    expect(await client.cancel('batch_1', signal)).toMatchObject(read)
    expect(log.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/batches',
      'GET /v1/batches?limit=100',
      'GET /v1/batches?limit=100',
      'GET /v1/batches/batch_1',
      'POST /v1/batches/batch_1/cancel',
    ])
  })

  it('reads what servers leave out as what there is not', async () => {
    const { client } = await connect(() => ({
      status: 200,
      body: {
        ...state,
        status: 'failed',
        request_counts: 'many',
        errors: { data: [{ message: 'why', line: 'x' }] },
      },
    }))
    expect(await client.retrieve('batch_1', signal)).toMatchObject({
      counts: { total: 0, completed: 0, failed: 0 },
      errors: [{ code: null, line: null, message: 'why' }],
    })
  })

  it.each([
    [{ status: 200, body: '<html>' }, 'unreadable-answer'],
    [{ status: 200, body: { status: 'completed' } }, 'unreadable-answer'],
    [{ status: 404, body: {} }, 'not-found'],
    [{ status: 429, headers: { 'retry-after': '7' }, body: {} }, 'rate-limited'],
    [{ status: 307, headers: { location: 'http://127.0.0.1:1/' }, body: '' }, 'connection-lost'],
  ])('explains what is no batch: %j', async (answer, cause) => {
    const { client } = await connect(() => answer)
    const failed = await client.retrieve('batch_1', signal)
    expect(failed).toMatchObject({ kind: 'failed', cause })
    if (cause === 'rate-limited') expect(failed).toMatchObject({ retryAfterMs: 7000 })
  })

  it('says that an upload without a name is none', async () => {
    const { client } = await connect(() => ({ status: 200, body: { object: 'file' } }))
    expect(await client.upload({ name: 'a', lines: ['{}'] }, signal)).toMatchObject({
      cause: 'unreadable-answer',
    })
  })

  it('reads a file line by line, without secrets, and goes on after what is no JSON or has no end', async () => {
    const long = `{"long": "${'x'.repeat(17 * 1024 * 1024)}"}`
    const text = `{"a": "sk-a-secret-key and another-secret"}\n\nno json\n${long}\r\n{"b": 1}`
    const { client } = await connect(() => ({ status: 200, body: text }))
    const lines: unknown[] = []
    expect(await client.read('f1', (line) => lines.push(line), signal)).toEqual({ kind: 'read' })
    expect(lines).toEqual([{ a: '[redacted] and [redacted]' }, undefined, undefined, { b: 1 }])
  })

  it('is broken off when its run is cancelled', async () => {
    const { client } = await connect(() => ({ status: 200, body: state }))
    const cancel = new AbortController()
    cancel.abort()
    expect(await client.retrieve('batch_1', cancel.signal)).toMatchObject({
      kind: 'failed',
      cause: 'timeout',
    })
  })

  it('keeps secrets out of its errors', async () => {
    const body = { error: { message: 'no access for sk-a-secret-key' } }
    const { client } = await connect(() => ({ status: 403, body }))
    const failed = await client.retrieve('batch_1', signal)
    expect(failed).toMatchObject({ cause: 'unauthorized', detail: expect.stringContaining('[redacted]') })
    expect(JSON.stringify(failed)).not.toContain('secret-key')
  })
})
