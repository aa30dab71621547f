import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import {
  CallToolRequestSchema,
  type CallToolResult,
  ListToolsRequestSchema,
  type Tool,
} from '@modelcontextprotocol/sdk/types.js'
import { startLoopbackServer } from './loopback-server.ts'

/** What a stand-in of an MCP server does; all of it may be changed while it runs. */
export interface ToolServerScript {
  tools: Tool[]
  call: (name: string, input: Record<string, unknown>) => CallToolResult | Promise<CallToolResult>
  /** Whether it breaks off every connection without an answer. */
  isDead?: boolean
}

/** An MCP server over Streamable HTTP on loopback, made of the SDK's own classes. */
export interface FakeToolServer {
  url: string
  script: ToolServerScript
  /** Names of tools that were called, in order. */
  calls: string[]
  /** Methods of HTTP with their `authorization`, in order. */
  requests: { method: string; authorization: string | undefined }[]
  /** Tells its clients that its list of tools has changed. */
  announceChange(): Promise<void>
  /** Forgets all sessions, as a server does that was started again. */
  forgetSessions(): void
  close(): Promise<void>
}

/** A tool that takes anything; `readOnly: undefined` says nothing of it. */
export function describeTool(name: string, readOnly?: boolean): Tool {
  const annotations = readOnly === undefined ? {} : { annotations: { readOnlyHint: readOnly } }
  return { name, inputSchema: { type: 'object' }, ...annotations }
}

/** The result that a tool gives as a text. */
export function returnText(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] }
}

/** Starts a server that does what the script says. */
export async function startToolServer(script: ToolServerScript): Promise<FakeToolServer> {
  const sessions = new Map<string, { server: Server; transport: StreamableHTTPServerTransport }>()
  const calls: string[] = []
  const requests: FakeToolServer['requests'] = []
  const open = async () => {
    const server = new Server(
      { name: 'fake', version: '1' },
      { capabilities: { tools: { listChanged: true } } },
    )
    server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: script.tools }))
    server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
      calls.push(params.name)
      return script.call(params.name, params.arguments ?? {})
    })
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, { server, transport }),
    })
    await server.connect(transport as Parameters<Server['connect']>[0])
    return transport
  }
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    requests.push({ method: request.method ?? '', authorization: request.headers.authorization })
    if (script.isDead === true) {
      request.socket.destroy()
      return
    }
    const id = request.headers['mcp-session-id']
    const known = typeof id === 'string' ? sessions.get(id)?.transport : await open()
    if (known === undefined) response.writeHead(404).end()
    else await known.handleRequest(request, response)
  }
  const { url, close } = await startLoopbackServer(handle)
  return {
    url,
    script,
    calls,
    requests,
    async announceChange() {
      await Promise.all([...sessions.values()].map(({ server }) => server.sendToolListChanged()))
    },
    forgetSessions: () => sessions.clear(),
    close,
  }
}
