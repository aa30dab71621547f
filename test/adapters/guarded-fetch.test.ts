import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from '@jest/globals'
import { createGuardedFetch } from '../../src/adapters/guarded-fetch.ts'

const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

type Seen = { method: string; path: string; headers: IncomingMessage['headers']; body: string }

async function serve(answer: (response: ServerResponse, seen: Seen) => void) {
  const seen: Seen[] = []
  const sockets = new Set<number>()
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    sockets.add(request.socket.remotePort ?? 0)
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      const one = { method, path, headers, body: Buffer.concat(parts).toString() }
      seen.push(one)
      answer(response, one)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, sockets }
}

const post = (body: string | FormData = '{}') => ({ method: 'POST', body })

describe('a guarded fetch', () => {
  it('sends what it is given', async () => {
    const { origin, seen } = await serve((response) => response.end('{"a": 1}'))
    const guarded = await createGuardedFetch(origin)
    const headers = { 'content-type': 'application/json', 'x-own': 'yes' }
    const response = await guarded(`${origin}/v1/x?y=1`, { ...post('{"b": 2}'), headers })
    expect(response).toMatchObject({ ok: true, status: 200, url: `${origin}/v1/x?y=1` })
    expect(await response.json()).toEqual({ a: 1 })
    expect(await (await guarded(new URL(`${origin}/v1/z`))).text()).toBe('{"a": 1}')
    expect(seen[0]).toMatchObject({ method: 'POST', path: '/v1/x?y=1', headers, body: '{"b": 2}' })
    expect(seen[1]).toMatchObject({ method: 'GET', path: '/v1/z' })
  })

  it('has hardly more connections than requests under way', async () => {
    const { origin, sockets, seen } = await serve((response) => response.end('{}'))
    const guarded = await createGuardedFetch(origin)
    const lane = async () => {
      for (let count = 0; count < 20; count += 1) await guarded(`${origin}/v1/x`, post())
    }
    await Promise.all([lane(), lane(), lane(), lane()])
    expect(seen).toHaveLength(80)
    expect(sockets.size).toBeLessThanOrEqual(6)
  })

  it.each(['http://127.0.0.1:1/v1/x', 'http://localhost/v1/x', 'https://127.0.0.1/v1/x'])(
    'does not leave its origin for %s',
    async (address) => {
      const { origin, seen } = await serve((response) => response.end('{}'))
      const guarded = await createGuardedFetch(origin)
      await expect(guarded(address, post())).rejects.toThrow(`a request would leave ${origin}`)
      expect(seen).toEqual([])
    },
  )

  it.each([
    ['a text', '{}'],
    ['an upload', new FormData()],
  ])('takes a redirect for an error, of %s', async (_name, body) => {
    const { origin, seen } = await serve((response) => response.writeHead(307, { location: '/other' }).end())
    const guarded = await createGuardedFetch(origin)
    const error = await guarded(`${origin}/v1/x`, post(body)).catch((cause: unknown) => cause)
    expect(String((error as Error).cause)).toContain('unexpected redirect')
    expect(seen).toHaveLength(1)
  })

  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['identity', (text: string) => Buffer.from(text)],
  ])('reads what is packed: %s', async (encoding, pack) => {
    const { origin } = await serve((response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(pack('{"a": "é"}')),
    )
    const response = await (await createGuardedFetch(origin))(`${origin}/v1/x`, post())
    expect(await response.json()).toEqual({ a: 'é' })
  })

  it.each([
    ['as it comes', {}, Buffer.alloc(2000, 'a')],
    ['unpacked', { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(2000, 'a'))],
  ])('reads no more than its limit, %s', async (_name, headers, body) => {
    const { origin } = await serve((response) => response.writeHead(200, headers).end(body))
    const guarded = await createGuardedFetch(origin, { largestAnswerBytes: 1000 })
    const read = async () => (await guarded(`${origin}/v1/x`, post())).text()
    const error = (await read().catch((cause: unknown) => cause)) as Error
    expect(`${error.message} ${String(error.cause)}`).toContain('the answer is longer than 1000 bytes')
  })

  it('ends with the signal, before it is sent and while it is answered', async () => {
    const { origin, seen } = await serve(() => undefined)
    const guarded = await createGuardedFetch(origin)
    const before = { ...post(), signal: AbortSignal.abort(new Error('too late')) }
    await expect(guarded(`${origin}/v1/x`, before)).rejects.toMatchObject({ cause: { message: 'too late' } })
    expect(seen).toEqual([])
    const controller = new AbortController()
    const asked = guarded(`${origin}/v1/x`, { ...post(), signal: controller.signal })
    while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve))
    controller.abort(new Error('enough'))
    await expect(asked).rejects.toMatchObject({ cause: { message: 'enough' } })
  })

  it('says what a connection failed of', async () => {
    const { origin } = await serve((response) => response.destroy())
    const reset = (await createGuardedFetch(origin))(`${origin}/v1/x`, post())
    await expect(reset).rejects.toMatchObject({
      cause: { code: expect.stringMatching(/UND_ERR_SOCKET|ECONNRESET/) },
    })
    const gone = await createGuardedFetch('http://127.0.0.1:1')
    await expect(gone('http://127.0.0.1:1/x', post())).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    })
  })

  it('takes no half of an answer for one', async () => {
    const { origin } = await serve((response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('{"a":')
      setTimeout(() => response.destroy(), 5)
    })
    await expect((await createGuardedFetch(origin))(`${origin}/v1/x`, post())).rejects.toThrow('fetch failed')
  })

  it('waits for the answer behind hints that come before it', async () => {
    const { origin } = await serve((response) => {
      response.writeEarlyHints({ link: '</x>; rel=preload' })
      response.writeHead(201, { 'x-own': ['one', 'two'] }).end('done')
    })
    const response = await (await createGuardedFetch(origin))(`${origin}/v1/x`, post())
    expect(response.status).toBe(201)
    expect(response.headers.get('X-Own')).toBe('one, two')
    expect(response.headers.get('x-other')).toBeNull()
    expect(await response.text()).toBe('done')
  })

  it('reads an answer in whatever way it is wanted', async () => {
    const { origin } = await serve((response) => response.end('\ufeffhi'))
    const guarded = await createGuardedFetch(origin)
    const ask = () => guarded(`${origin}/v1/x`, post())
    expect(await (await ask()).text()).toBe('hi')
    expect(new Uint8Array(await (await ask()).arrayBuffer()).byteLength).toBe(5)
    expect((await (await ask()).blob()).size).toBe(5)
    const chunks: Uint8Array[] = []
    for await (const chunk of (await ask()).body as unknown as AsyncIterable<Uint8Array>) chunks.push(chunk)
    expect(Buffer.concat(chunks).byteLength).toBe(5)
  })

  it('sends files, and streams answers that may be long', async () => {
    const { origin, seen } = await serve((response) => response.end('x'.repeat(100)))
    const guarded = await createGuardedFetch(origin, { largestAnswerBytes: 1024 ** 3 })
    const form = new FormData()
    form.set('file', new Blob(['{"custom_id": 1}']), 'in.jsonl')
    const response = await guarded(`${origin}/v1/files`, post(form))
    expect(response.body).toBeInstanceOf(ReadableStream)
    expect(await response.text()).toHaveLength(100)
    expect(seen[0]?.headers['content-type']).toContain('multipart/form-data')
    expect(seen[0]?.body).toContain('{"custom_id": 1}')
  })
})
