import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import type { Served, ServerTools, ToolServer } from '../tools/connector.ts'
import {
  describeTools,
  explainServerError,
  renderResult,
  toolPageSchema,
  toolResultSchema,
} from './mcp-answer.ts'
import { createToolFetch } from './mcp-fetch.ts'
import { createRedactor } from './redact.ts'

const mostPages = 50
/** Deadlines are the caller's. */
const noTimeout = { timeout: 2 ** 31 - 1 }

/** A server of tools by its address. */
export interface ToolServerAddress {
  url: string
  key: string | null
  /** What this server should never have seen, and must not bring in: the keys of others. */
  secrets?: readonly string[]
  /** Longer answers are refused. */
  largestAnswerBytes?: number
}

/**
 * A client of an MCP server over Streamable HTTP. There is no other way: a server that is started by a command would let
 * policy run commands where keys are.
 *
 * The key goes to this origin only, as a bearer token, and is redacted from everything that comes back. The client offers the
 * server nothing: no sampling, no questions to a user, no files.
 */
export function connectToolServer(address: ToolServerAddress): ToolServer {
  const { origin } = new URL(address.url)
  const redact = createRedactor(address.key, address.secrets)
  const connection = createConnection(address, origin)
  const request = async <Value>(
    signal: AbortSignal,
    send: (client: Client) => Promise<Value>,
  ): Promise<Served<Value>> => {
    const link = connection.open()
    try {
      return { kind: 'served', value: await untilAborted(link.ready.then(send), signal) }
    } catch (error) {
      const failed: Served<Value> = signal.aborted ? { kind: 'hung' } : explainServerError(error, redact)
      if (failed.kind === 'lost' || !link.isReady) await connection.discard(link)
      return failed
    }
  }
  return {
    origin,
    list: (signal) => request(signal, (client) => listTools(client, signal)),
    call: ({ tool, arguments: input }, signal) =>
      request(signal, async (client) => {
        const asked = { method: 'tools/call' as const, params: { name: tool, arguments: input } }
        const result = await client.request(asked, toolResultSchema, { signal, ...noTimeout })
        return { text: redact(renderResult(result)), isError: result.isError === true }
      }),
    hasAnnouncedChange: connection.hasAnnouncedChange,
    close: connection.close,
  }
}

async function listTools(client: Client, signal: AbortSignal): Promise<ServerTools> {
  const tools: Parameters<typeof describeTools>[0][number][] = []
  let cursor: string | undefined
  for (let page = 0; page < mostPages; page += 1) {
    const asked = { method: 'tools/list' as const, params: cursor === undefined ? {} : { cursor } }
    const listed = await client.request(asked, toolPageSchema, { signal, ...noTimeout })
    tools.push(...listed.tools)
    cursor = listed.nextCursor ?? undefined
    if (cursor === undefined) return describeTools(tools)
  }
  throw Object.assign(new Error(`the list of tools has more than ${mostPages} pages`), { code: 400 })
}

/** A connection, from when it is begun. */
interface Link {
  ready: Promise<Client>
  client: Client | null
  isReady: boolean
}

interface Connection {
  /** The one at hand, or a new one. */
  open(): Link
  /** Ends it, if it is still the one at hand: the next request connects anew. */
  discard(link: Link): Promise<void>
  hasAnnouncedChange(): boolean
  close(): Promise<void>
}

function createConnection(address: ToolServerAddress, origin: string): Connection {
  const state: { link: Link | null; isClosed: boolean; hasChanged: boolean } = {
    link: null,
    isClosed: false,
    hasChanged: false,
  }
  const connect = async (link: Link): Promise<Client> => {
    const { client, transport } = await createClient({ address, origin }, () => {
      state.hasChanged = true
    })
    if (state.isClosed || state.link !== link) throw new Error('the connection was ended')
    link.client = client
    // Its types say of optional fields what ours don't.
    await client.connect(transport as Parameters<Client['connect']>[0], noTimeout)
    link.isReady = true
    return client
  }
  const discard = async (link: Link) => {
    if (state.link === link) state.link = null
    await link.client?.close().catch(() => undefined)
  }
  return {
    hasAnnouncedChange: () => state.hasChanged,
    open() {
      if (state.link !== null) return state.link
      const link: Link = { ready: Promise.resolve().then(() => connect(link)), client: null, isReady: false }
      state.link = link
      link.ready.catch(() => undefined)
      return link
    },
    discard,
    async close() {
      state.isClosed = true
      if (state.link !== null) await discard(state.link)
    },
  }
}

async function createClient(
  { address, origin }: { address: ToolServerAddress; origin: string },
  onChange: () => void,
) {
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js')
  const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js')
  const { ToolListChangedNotificationSchema } = await import('@modelcontextprotocol/sdk/types.js')
  const client = new Client({ name: 'checkpoint-gate', version: '1' }, { jsonSchemaValidator: noValidator })
  client.setNotificationHandler(ToolListChangedNotificationSchema, onChange)
  client.onerror = () => undefined
  const transport = new StreamableHTTPClientTransport(new URL(address.url), {
    fetch: createToolFetch(origin, address.largestAnswerBytes),
    requestInit: address.key === null ? {} : { headers: { authorization: `Bearer ${address.key}` } },
  })
  return { client, transport }
}

/** A server's schemas are never compiled into code: the requests that are made here need none. */
const noValidator = {
  getValidator(): never {
    throw new Error('schemas of a server are not compiled')
  },
}

/** Rejects when the signal aborts, whatever the promise does then. */
async function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  let abort: () => void = () => undefined
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(new Error('no answer within the deadline'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
  })
  // Whoever lost the race may still reject.
  promise.catch(() => undefined)
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
