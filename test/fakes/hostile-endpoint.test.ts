import { afterEach, describe, expect, it } from '@jest/globals'
import {
  type HostileEndpoint,
  type HostileMode,
  type HostileOptions,
  startHostileEndpoint,
} from './hostile-endpoint.ts'

let endpoint: HostileEndpoint | undefined

afterEach(() => endpoint?.close())

async function open(mode: HostileMode, options?: HostileOptions): Promise<HostileEndpoint> {
  endpoint = await startHostileEndpoint(mode, options)
  return endpoint
}

const post = (url: string, init?: RequestInit) =>
  fetch(url, { method: 'POST', body: '{"model":"m"}', ...init })

const timeLimit = () => ({ signal: AbortSignal.timeout(300) })

/** Reads a body, giving up 200 ms after its headers have come. */
async function readUntilGivenUp(url: string): Promise<string> {
  const controller = new AbortController()
  const response = await post(url, { signal: controller.signal })
  const timer = setTimeout(() => controller.abort(), 200)
  return response.text().finally(() => clearTimeout(timer))
}

/** The first `count` bytes of a body, after which the request is given up. */
async function readStart(response: Response, count: number): Promise<string> {
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    if (text.length >= count) break
  }
  return text
}

describe('startHostileEndpoint', () => {
  it('hangs after it has read the whole request', async () => {
    const { url, received } = await open('hang')
    await expect(post(`${url}/v1/chat/completions`, timeLimit())).rejects.toMatchObject({
      name: 'TimeoutError',
    })
    expect(received).toHaveLength(1)
    expect(received[0]).toMatch(/^POST \/v1\/chat\/completions HTTP\/1\.1\r\n/)
    expect(received[0]?.endsWith('{"model":"m"}')).toBe(true)
  })

  it('sends headers and then nothing', async () => {
    const { url } = await open('half-open')
    await expect(readUntilGivenUp(url)).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('drips a body without end', async () => {
    const { url } = await open('drip', { intervalMs: 5 })
    const dripping = await post(url)
    expect(await readStart(dripping, 3)).toMatch(/^ {3,}$/)
    await expect(readUntilGivenUp(url)).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('sends headers without end', async () => {
    const { url } = await open('endless-headers', { intervalMs: 20 })
    await expect(post(url, timeLimit())).rejects.toMatchObject({ name: 'TimeoutError' })
    await endpoint?.close()
    const fast = await open('endless-headers', { intervalMs: 0 })
    await expect(post(fast.url)).rejects.toMatchObject({ cause: { code: 'UND_ERR_HEADERS_OVERFLOW' } })
  })

  it('closes before the promised body is complete', async () => {
    const { url } = await open('truncated')
    const response = await post(url)
    await expect(response.text()).rejects.toThrow('terminated')
  })

  it('resets the connection', async () => {
    const { url } = await open('reset')
    await expect(post(url)).rejects.toMatchObject({
      cause: { code: 'ECONNRESET' },
    })
  })

  it('answers HTML, and JSON that is none', async () => {
    const page = await open('html')
    const html = await post(page.url)
    expect(html.headers.get('content-type')).toBe('text/html')
    expect(await html.text()).toContain('<h1>Sign in</h1>')
    await page.close()
    const { url } = await open('not-json')
    const response = await post(url)
    expect(response.headers.get('content-type')).toBe('application/json')
    await expect(response.json()).rejects.toThrow('is not valid JSON')
  })

  it('redirects to where the test says', async () => {
    const { url } = await open('redirect', { location: 'http://127.0.0.1:9/elsewhere' })
    const response = await post(url, { redirect: 'manual' })
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe('http://127.0.0.1:9/elsewhere')
    await expect(startHostileEndpoint('redirect')).rejects.toThrow('redirect needs a location')
  })

  it('sends a body without end', async () => {
    const { url } = await open('huge')
    const text = await readStart(await post(url), 1_000_000)
    expect(text.length).toBeGreaterThanOrEqual(1_000_000)
    expect(text.startsWith('{"id": "xxx')).toBe(true)
  })
})
