import { describe, expect, it } from '@jest/globals'
import { createDeadlines } from '../../src/replay/deadlines.ts'
import {
  createConnectorEnvironment,
  type Served,
  type ServerTool,
  type ToolServer,
} from '../../src/tools/connector.ts'
import { answered, ask, makeCall, say } from './asked-call.ts'

interface Script {
  tools: ServerTool[]
  listing?: string
  list?: () => Served<never> | null
  call?: (tool: string) => Served<{ text: string; isError: boolean }>
  hasChanged?: () => boolean
}

function open(script: Script, settings = say({ get: 'reads', put: 'writes' })) {
  const calls: string[] = []
  const warnings: string[] = []
  let closed = 0
  const server: ToolServer = {
    origin: 'https://crm.example.com',
    list: async () =>
      script.list?.() ?? {
        kind: 'served',
        value: { tools: script.tools, listing: script.listing ?? JSON.stringify(script.tools) },
      },
    async call({ tool }) {
      calls.push(tool)
      return script.call?.(tool) ?? { kind: 'served', value: { text: `live ${tool}`, isError: false } }
    },
    hasAnnouncedChange: () => script.hasChanged?.() ?? false,
    async close() {
      closed += 1
    },
  }
  const connector = createConnectorEnvironment({
    settings,
    connectors: [{ name: 'crm', tools: ['get', 'put', 'other'], server }],
    deadlines: createDeadlines(new AbortController().signal),
    timeoutMs: 60_000,
    warn: (text) => warnings.push(text),
  })
  const get = (parts: Parameters<typeof ask>[1] = {}) =>
    connector.environment.answer(ask(makeCall('get', { id: 1 }), parts))
  return { connector, get, calls, warnings, closed: () => closed }
}

const readOnly = (name: string): ServerTool => ({ name, isReadOnly: true })
const live = { kind: 'answered', text: 'live get', isError: false }
const lost = { kind: 'lost', detail: 'gone' } as const

describe('a connector', () => {
  it('answers what policy, the allow-list and the server all say only reads', async () => {
    const { connector, get, calls, warnings } = open({ tools: [readOnly('get')] })
    expect(await get()).toEqual(live)
    expect(calls).toEqual(['get'])
    expect(warnings).toEqual([])
    expect(connector.counts()).toEqual([
      { name: 'crm', answered: 1, unanswered: 0, reconnects: 0, dropped: null },
    ])
  })

  it('is never asked for what writes, may write, is not on its list, or has unreadable arguments', async () => {
    const script = { tools: ['get', 'put', 'other', 'unlisted'].map(readOnly) }
    const { connector, calls } = open(script, say({ get: 'reads', put: 'writes', unlisted: 'reads' }))
    for (const name of ['put', 'other', 'unlisted']) {
      expect(await connector.environment.answer(ask(makeCall(name)))).toBe(null)
    }
    expect(await connector.environment.answer(ask(makeCall('get', '{"id":')))).toBe(null)
    expect(calls).toEqual([])
  })

  it('has no answer once the replay has written: the live world would not show it', async () => {
    const { get } = open({ tools: [readOnly('get')] })
    expect(await get({ since: [answered(makeCall('put'), 'done')] })).toBe(null)
    expect(await get({ since: [answered(makeCall('unknown'), 'done')] })).toBe(null)
    expect(await get({ since: [answered(makeCall('put'), 'no', { isError: true })] })).toEqual(live)
    expect(await get({ since: [answered(makeCall('get'), 'read')] })).toEqual(live)
  })

  it.each([
    ['says that it writes', { name: 'get', isReadOnly: false }],
    ['is not there', { name: 'get2', isReadOnly: true }],
  ])('does not call a tool that %s, and says so once', async (_, tool) => {
    const { get, calls, warnings } = open({ tools: [tool] })
    expect([await get(), await get()]).toEqual([null, null])
    expect(calls).toEqual([])
    expect(warnings).toEqual([
      expect.stringContaining('connector "crm" (https://crm.example.com): never asked for "get"'),
    ])
  })

  it('does not call a tool that is listed twice', async () => {
    const { get, calls } = open({ tools: [readOnly('get'), readOnly('get')] })
    expect(await get()).toBe(null)
    expect(calls).toEqual([])
  })

  it('is dropped when its list changes between two calls, with a word', async () => {
    const script: Script = { tools: [readOnly('get')] }
    const { connector, get, calls, warnings, closed } = open(script)
    expect(await get()).toEqual(live)
    script.tools = [{ name: 'get', isReadOnly: false }]
    expect(await get()).toBe(null)
    // Also when it says again what it said at first.
    script.tools = [readOnly('get')]
    expect(await get()).toBe(null)
    expect(calls).toEqual(['get'])
    expect(warnings).toEqual([expect.stringContaining('not those that it had at first')])
    expect(connector.counts()).toEqual([
      { name: 'crm', answered: 1, unanswered: 2, reconnects: 0, dropped: 'changed' },
    ])
    expect(closed()).toBe(1)
  })

  it('is not believed when it announces a change while it is called', async () => {
    let changed = false
    const { connector, get } = open({
      tools: [readOnly('get')],
      hasChanged: () => changed,
      call: () => {
        changed = true
        return { kind: 'served', value: { text: 'live get', isError: false } }
      },
    })
    expect(await get()).toBe(null)
    expect(connector.counts()[0]).toMatchObject({ answered: 0, dropped: 'changed' })
  })

  it('is asked once more when it is lost, and dropped when it is lost again', async () => {
    const answers: Served<{ text: string; isError: boolean }>[] = [lost]
    const { connector, get, warnings } = open({
      tools: [readOnly('get')],
      call: () => answers.shift() ?? { kind: 'served', value: { text: 'live get', isError: false } },
    })
    expect(await get()).toEqual(live)
    expect(connector.counts()[0]).toMatchObject({ answered: 1, reconnects: 1, dropped: null })
    answers.push(lost)
    expect(await get()).toBe(null)
    expect(connector.counts()[0]).toMatchObject({ answered: 1, unanswered: 1, dropped: 'lost' })
    expect(warnings).toEqual([expect.stringContaining('lost again after one more try (gone)')])
  })

  it('counts calls that lose one connection together as one loss', async () => {
    let dead = true
    const { connector, get } = open({ tools: [readOnly('get')], list: () => (dead ? lost : null) })
    const together = Promise.all(Array.from({ length: 5 }, () => get()))
    // The first round of all five ends before the second begins.
    await Promise.resolve()
    dead = false
    expect(await together).toEqual(Array(5).fill(live))
    expect(connector.counts()[0]).toMatchObject({ reconnects: 1, dropped: null })
  })

  it('may hang twice, and is dropped when three requests in a row do', async () => {
    const script: Script = { tools: [readOnly('get')], call: () => ({ kind: 'hung' }) }
    const { connector, get, warnings } = open(script)
    expect([await get(), await get()]).toEqual([null, null])
    script.call = () => ({ kind: 'served', value: { text: 'live get', isError: false } })
    expect(await get()).toEqual(live)
    script.call = () => ({ kind: 'hung' })
    expect([await get(), await get(), await get(), await get()]).toEqual([null, null, null, null])
    expect(connector.counts()[0]).toMatchObject({ answered: 1, unanswered: 6, dropped: 'hung' })
    expect(warnings).toHaveLength(1)
  })

  it('passes on a refused call once in words, and is dropped when it refuses to list', async () => {
    const script: Script = { tools: [readOnly('get')], call: () => ({ kind: 'refused', detail: 'no' }) }
    const { connector, get, warnings } = open(script)
    expect([await get(), await get()]).toEqual([null, null])
    expect(warnings).toEqual([expect.stringContaining('it refused a call of "get": no')])
    script.list = () => ({ kind: 'refused', detail: '401' })
    expect(await get()).toBe(null)
    expect(connector.counts()[0]).toMatchObject({ unanswered: 3, dropped: 'refused' })
  })
})
