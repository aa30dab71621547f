import { GateError } from './errors.ts'
import type { Clock, Log, ModelClient } from './ports.ts'
import { type EndpointAddress, nameKeyVariable } from './replay/address.ts'

/** How clients are made: the adapters, as functions. */
export interface ClientFactory {
  connectEndpoint(request: {
    url: string
    key: string | null
    /** The keys of all endpoints: none may come back from this one. */
    secrets?: readonly string[]
    clock: Clock
    onFallback: (text: string) => void
  }): Promise<ModelClient>
  openRecording(path: string): Promise<ModelClient>
}

/** Every endpoint key in an environment: what must never be printed. */
export function listKeys(environment: Record<string, string | undefined>): string[] {
  return Object.entries(environment).flatMap(([name, value = '']) => {
    const key = value.trim()
    return name.startsWith('CHECKPOINT_GATE_KEY_') && key !== '' ? [key] : []
  })
}

/** Makes the client of an endpoint by its name, with the key that the environment has for it. */
export function createConnector(request: {
  endpoints: ReadonlyMap<string, EndpointAddress>
  environment: Record<string, string | undefined>
  factory: ClientFactory
  clock: Clock
  log: Log
  /** What to do when an endpoint has no address. */
  remedy: string
}): (endpoint: string) => Promise<ModelClient> {
  const { endpoints, environment, factory, clock, log } = request
  const secrets = listKeys(environment)
  return async (endpoint) => {
    const address = endpoints.get(endpoint)
    if (address === undefined) {
      throw new GateError({
        code: 'endpoint',
        message: `endpoint "${endpoint}" has no address`,
        remedy: request.remedy,
      })
    }
    if (address.kind === 'recorded') return factory.openRecording(address.path)
    const key = environment[nameKeyVariable(endpoint)]?.trim() ?? ''
    return factory.connectEndpoint({
      url: address.url,
      key: key === '' ? null : key,
      secrets,
      clock,
      onFallback: (text) => log.info(text),
    })
  }
}
