import type { Deadlines } from '../replay/deadlines.ts'
import { readArguments } from './canonical-arguments.ts'
import type { AnsweredCall, AskedCall, Environment } from './environment.ts'
import { createLiveServer, type LiveServer, type ServerCounts } from './live-server.ts'
import { findEffect, type ToolSettings } from './settings.ts'

/** A tool as a server lists it. */
export interface ServerTool {
  name: string
  /** Whether it says that it changes nothing. A server that says nothing of it may change something. */
  isReadOnly: boolean
}

/** The tools of a server, and what must not change while it is used. */
export interface ServerTools {
  tools: readonly ServerTool[]
  /** Canonical text of all that was listed: names, schemas, descriptions and annotations. */
  listing: string
}

/**
 * What a server did. `hung`: nothing within the deadline; `lost`: there is no connection, or none any more; `refused`: an
 * error of the protocol, or an answer that is none.
 */
export type Served<Value> =
  | { kind: 'served'; value: Value }
  | { kind: 'hung' }
  | { kind: 'lost'; detail: string }
  | { kind: 'refused'; detail: string }

/** A server of tools. Connects when it is first asked, and anew after it was lost. Never rejects. */
export interface ToolServer {
  readonly origin: string
  list(signal: AbortSignal): Promise<Served<ServerTools>>
  call(
    request: { tool: string; arguments: Record<string, unknown> },
    signal: AbortSignal,
  ): Promise<Served<{ text: string; isError: boolean }>>
  /** Whether it has announced, ever, that its list of tools has changed. */
  hasAnnouncedChange(): boolean
  /** Ends the connection and all that waits for it. */
  close(): Promise<void>
}

export interface ConnectorParts {
  settings: Pick<ToolSettings, 'perTool'>
  connectors: readonly { name: string; tools: readonly string[]; server: ToolServer }[]
  deadlines: Deadlines
  /** Of one request to a server. */
  timeoutMs: number
  /** Told once of each server that is dropped, and of each tool that can't be used. */
  warn: (text: string) => void
}

/** What came of each server, by its name. */
export type ConnectorCounts = ({ name: string } & ServerCounts)[]

/**
 * Asks live servers that only read. A call gets there if all of this holds, each of it checked here whatever others have
 * checked: policy says that the tool writes nothing (`writes: false`), the server's allow-list has it, the server
 * says `readOnlyHint: true` of it, and its list of tools is the one that was seen first.
 *
 * It has no answer once the replay has written something: the live world would not show it. Nor from a server that was
 * dropped, for the rest of the run.
 */
export function createConnectorEnvironment(parts: ConnectorParts): {
  environment: Environment
  counts(): ConnectorCounts
  /** Ends all connections. */
  close(): Promise<void>
} {
  const { settings, connectors } = parts
  const servers = new Map<string, LiveServer>(
    connectors.map((connector) => [connector.name, createLiveServer({ ...parts, ...connector })]),
  )
  const findServer = (tool: string): LiveServer | undefined => {
    const connector = connectors.find(({ tools }) => tools.includes(tool))
    return connector === undefined ? undefined : servers.get(connector.name)
  }
  const isRead = (tool: string) => findEffect(settings, tool) === 'reads'
  return {
    environment: {
      source: 'connector',
      async answer({ call, since }: AskedCall) {
        const { name: tool, arguments: written } = call.function
        if (!isRead(tool) || since.some((past) => mayHaveWritten(past, isRead))) return null
        const read = readArguments(written)
        const server = findServer(tool)
        if (read.kind === 'verbatim' || server === undefined) return null
        const answer = await server.ask(tool, JSON.parse(read.text))
        return answer === null ? null : { kind: 'answered', ...answer }
      },
    },
    counts: () => [...servers].map(([name, server]) => ({ name, ...server.counts() })),
    async close() {
      await Promise.all(connectors.map(({ server }) => server.close()))
    },
  }
}

/** What was refused, or failed, has changed nothing as far as the model was told. */
function mayHaveWritten({ call, result }: AnsweredCall, isRead: (tool: string) => boolean): boolean {
  return !result.isError && !isRead(call.function.name)
}
