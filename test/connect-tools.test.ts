import { describe, expect, it } from '@jest/globals'
import { connectToolServer } from '../src/adapters/mcp-connector.ts'
import { type ConnectToolServer, createToolConnector } from '../src/connect-tools.ts'
import type { EndpointAddress } from '../src/replay/address.ts'

const connectors = [{ name: 'rates', endpoint: 'live-rates', tools: ['get_rate'] }]
const environment = {
  CHECKPOINT_GATE_KEY_LIVE_RATES: ' sk-rates-0123 ',
  CHECKPOINT_GATE_KEY_JUDGE: 'sk-judge-0123',
}

function connect(address?: EndpointAddress) {
  const asked: Parameters<ConnectToolServer>[0][] = []
  const connectAll = createToolConnector({
    endpoints: new Map(address === undefined ? [] : [['live-rates', address]]),
    environment,
    connect: (request) => {
      asked.push(request)
      return connectToolServer(request)
    },
    remedy: 'name it',
  })
  const servers = connectAll(connectors)
  return { asked, servers }
}

describe('servers of tools', () => {
  it('have the key of their own endpoint, and know what to keep out of results', () => {
    const { asked, servers } = connect({ kind: 'url', url: 'https://rates.example.com/mcp' })
    expect(asked).toEqual([
      {
        url: 'https://rates.example.com/mcp',
        key: 'sk-rates-0123',
        secrets: ['sk-rates-0123', 'sk-judge-0123'],
      },
    ])
    expect(servers).toMatchObject([
      { name: 'rates', tools: ['get_rate'], server: { origin: 'https://rates.example.com' } },
    ])
  })

  it('need an address, which is no recording', () => {
    expect(() => connect()).toThrow(
      'endpoint "live-rates", an MCP server for connector "rates", has no address',
    )
    expect(() => connect({ kind: 'recorded', path: 'answers.jsonl' })).toThrow('is a recording')
  })
})
