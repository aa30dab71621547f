import { afterEach, describe, expect, it } from '@jest/globals'
import { connectToolServer } from '../../src/adapters/mcp-connector.ts'
import type { ToolServer } from '../../src/tools/connector.ts'
import { sendJson, startLoopbackServer } from '../fakes/loopback-server.ts'
import {
  describeTool,
  type FakeToolServer,
  returnText,
  startToolServer,
  type ToolServerScript,
} from '../fakes/tool-server.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()))
})

/** A promise that is resolved from outside. */
function createSignal() {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve: () => resolve() }
}

const never = () => new AbortController().signal
const call = (server: ToolServer, tool = 'get') => server.call({ tool, arguments: { id: 1 } }, never())

async function start(
  script: Partial<ToolServerScript> = {},
  options: Partial<Parameters<typeof connectToolServer>[0]> = {},
): Promise<{ fake: FakeToolServer; server: ToolServer }> {
  const fake = await startToolServer({
    tools: [describeTool('get', true), describeTool('put')],
    call: (name, input) => returnText(`${name} ${JSON.stringify(input)}`),
    ...script,
  })
  const server = connectToolServer({ url: `${fake.url}/mcp`, key: null, ...options })
  opened.push(server, fake)
  return { fake, server }
}

describe('an MCP server', () => {
  it('is asked for its tools and called, over one connection', async () => {
    const { fake, server } = await start()
    expect(await server.list(never())).toEqual({
      kind: 'served',
      value: {
        tools: [
          { name: 'get', isReadOnly: true },
          { name: 'put', isReadOnly: false },
        ],
        listing: expect.stringContaining('readOnlyHint'),
      },
    })
    expect(await call(server)).toEqual({ kind: 'served', value: { text: 'get {"id":1}', isError: false } })
    expect(fake.calls).toEqual(['get'])
    expect(server.hasAnnouncedChange()).toBe(false)
  })

  it('has the same listing in another order, and another one when an annotation changes', async () => {
    const { fake, server } = await start()
    const list = async () => {
      const listed = await server.list(never())
      return listed.kind === 'served' ? listed.value.listing : listed
    }
    const first = await list()
    fake.script.tools = [describeTool('put'), describeTool('get', true)]
    expect(await list()).toBe(first)
    fake.script.tools = [describeTool('put'), describeTool('get', false)]
    expect(await list()).not.toBe(first)
  })

  it('passes on errors of tools, and names what is no text', async () => {
    const { fake, server } = await start()
    fake.script.call = () => ({ ...returnText('no such customer'), isError: true })
    expect(await call(server)).toEqual({ kind: 'served', value: { text: 'no such customer', isError: true } })
    fake.script.call = () => ({
      content: [
        { type: 'text', text: 'see:' },
        { type: 'image', mimeType: 'image/png', data: 'AAAA' },
        { type: 'resource', resource: { uri: 'file:///a', text: 'inside' } },
        { type: 'resource', resource: { uri: 'file:///b', blob: 'AAAA' } },
        { type: 'resource_link', uri: 'file:///c', name: 'c' },
      ],
    })
    expect(await call(server)).toEqual({
      kind: 'served',
      value: {
        text: 'see:\n[image: image/png, 3 bytes, not shown]\ninside\n[resource, not shown]\n[resource_link, not shown]',
        isError: false,
      },
    })
    fake.script.call = () => ({ content: [], structuredContent: { a: 1 } })
    expect(await call(server)).toEqual({ kind: 'served', value: { text: '{"a":1}', isError: false } })
  })

  it('reads 5 MB, and no more than it is let', async () => {
    const large = 'x'.repeat(5 * 1024 * 1024)
    const { server } = await start({ call: () => returnText(large) })
    expect(await call(server)).toEqual({ kind: 'served', value: { text: large, isError: false } })
    const { server: strict } = await start(
      { call: () => returnText(large) },
      { largestAnswerBytes: 1_000_000 },
    )
    expect(await call(strict)).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('1000000 bytes'),
    })
    // The connection is still there.
    expect(await strict.list(never())).toMatchObject({ kind: 'served' })
  })

  it('has its key as a bearer token with every request, and gives no key back', async () => {
    const key = 'sk-connector-0123456789'
    const { fake, server } = await start(
      { call: () => returnText(`you are ${key}, and know other-secret-987`) },
      { key, secrets: ['other-secret-987'] },
    )
    expect(await call(server)).toMatchObject({
      value: { text: 'you are [redacted], and know [redacted]' },
    })
    expect(new Set(fake.requests.map(({ authorization }) => authorization))).toEqual(
      new Set([`Bearer ${key}`]),
    )
  })

  it('is asked nothing beyond its deadline, while connecting or later', async () => {
    const reached = createSignal()
    const { fake, server } = await start({
      call: () => {
        reached.resolve()
        return new Promise(() => undefined)
      },
    })
    const deadline = new AbortController()
    const hanging = server.call({ tool: 'get', arguments: {} }, deadline.signal)
    await reached.promise
    deadline.abort()
    expect(await hanging).toEqual({ kind: 'hung' })
    fake.script.call = () => returnText('again')
    expect(await call(server)).toMatchObject({ value: { text: 'again' } })

    const connecting = createSignal()
    const silent = await startLoopbackServer(async () => connecting.resolve())
    const other = connectToolServer({ url: silent.url, key: null })
    opened.push(other, silent)
    const short = new AbortController()
    const listing = other.list(short.signal)
    await connecting.promise
    short.abort()
    expect(await listing).toEqual({ kind: 'hung' })
  })

  it('is lost when it dies, and connects anew', async () => {
    const { fake, server } = await start()
    expect(await call(server)).toMatchObject({ kind: 'served' })
    fake.script.isDead = true
    expect(await call(server)).toMatchObject({ kind: 'lost' })
    expect(await call(server)).toMatchObject({ kind: 'lost' })
    fake.script.isDead = false
    expect(await call(server)).toMatchObject({ kind: 'served' })
    fake.forgetSessions()
    expect(await call(server)).toMatchObject({ kind: 'lost' })
    expect(await call(server)).toMatchObject({ kind: 'served' })
  })

  it('says when its tools have changed', async () => {
    const { fake, server } = await start()
    await server.list(never())
    // The stream of announcements is opened by the client when it likes; what is said before is lost.
    while (!server.hasAnnouncedChange()) {
      await fake.announceChange()
      await new Promise(setImmediate)
    }
    expect(server.hasAnnouncedChange()).toBe(true)
  })

  it('is refused by its protocol, and follows no redirect', async () => {
    const { server } = await start({
      call: () => {
        throw new Error('broken')
      },
    })
    expect(await call(server)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('broken') })
    const asked: string[] = []
    const elsewhere = await startLoopbackServer(async (request, response) => {
      asked.push(request.url ?? '')
      sendJson(response, { status: 200, body: {} })
    })
    const redirecting = await startLoopbackServer(async (_, response) => {
      response.writeHead(307, { location: elsewhere.url }).end()
    })
    const other = connectToolServer({ url: redirecting.url, key: 'sk-connector-0123456789' })
    opened.push(other, elsewhere, redirecting)
    expect(await other.list(never())).toMatchObject({ kind: 'lost' })
    expect(asked).toEqual([])
  })

  it('is refused where it wants another key', async () => {
    const closed = await startLoopbackServer(async (_, response) => {
      sendJson(response, { status: 401, body: { error: 'who are you?' } })
    })
    const server = connectToolServer({ url: closed.url, key: null })
    opened.push(server, closed)
    expect(await server.list(never())).toMatchObject({ kind: 'refused' })
  })
})
