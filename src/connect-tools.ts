import { listKeys } from './connect.ts'
import { GateError } from './errors.ts'
import { type EndpointAddress, nameKeyVariable } from './replay/address.ts'
import type { ToolServer } from './tools/connector.ts'
import type { ToolSettings } from './tools/settings.ts'

/** How a server of tools is reached: the adapter, as a function. Nothing is sent before the server is asked. */
export type ConnectToolServer = (address: {
  url: string
  key: string | null
  /** The keys of all endpoints: none may come back from this one. */
  secrets?: readonly string[]
}) => ToolServer

/** The server of a connector, and its tools that may be called. */
export interface ConnectedTools {
  name: string
  tools: readonly string[]
  server: ToolServer
}

/**
 * Makes the servers of a policy's connectors, each with the key that the environment has for its endpoint. What it returns
 * throws GateError for an endpoint without an address, and for one that is a recording.
 */
export function createToolConnector(request: {
  endpoints: ReadonlyMap<string, EndpointAddress>
  environment: Record<string, string | undefined>
  connect: ConnectToolServer
  /** What to do when an endpoint has no address. */
  remedy: string
}): (connectors: ToolSettings['connectors']) => ConnectedTools[] {
  const { endpoints, environment, connect, remedy } = request
  const secrets = listKeys(environment)
  const connectOne = ({ name, endpoint, tools }: ToolSettings['connectors'][number]): ConnectedTools => {
    const address = endpoints.get(endpoint)
    if (address === undefined) {
      throw new GateError({
        code: 'endpoint',
        message: `endpoint "${endpoint}", an MCP server for connector "${name}", has no address`,
        remedy,
      })
    }
    if (address.kind === 'recorded') {
      throw new GateError({
        code: 'endpoint',
        message: `endpoint "${endpoint}", an MCP server for connector "${name}", is a recording`,
        remedy: 'give the address of the server; recorded results are the environment `recorded`',
      })
    }
    const key = environment[nameKeyVariable(endpoint)]?.trim() ?? ''
    return { name, tools, server: connect({ url: address.url, key: key === '' ? null : key, secrets }) }
  }
  return (connectors) => connectors.map(connectOne)
}
