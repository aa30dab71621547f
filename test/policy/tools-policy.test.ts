import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { GateError } from '../../src/errors.ts'
import { parseSource } from '../../src/policy/document.ts'
import { createToolsSchema, findEffect, matchesName, toTools } from '../../src/policy/tools-policy.ts'
import { listDocBlocks } from '../support/doc-blocks.ts'

const parse = (text: string) =>
  toTools(parseSource({ file: 'policy.yml', text }, createToolsSchema(), 'policy'))

/** What is said of a policy that does not hold, and where. */
function refuse(text: string): string {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof GateError) return `${error.where?.field}: ${error.message}`
    throw error
  }
  return 'accepted'
}

describe('the policy of tools', () => {
  it('has its defaults, which need nothing else', () => {
    expect(parse('{}')).toEqual({
      environments: ['recorded', 'blocked'],
      perTool: [],
      database: null,
      similar: { threshold: 0.5, examples: 3 },
      simulator: null,
      connectors: [],
      limits: { steps: 20, tokens: null, minutes: 10, resultBytes: 65_536 },
    })
  })

  it('is read with all that it can say', () => {
    const text = `
environments: [recorded, similar, connector, simulated]
per_tool:
  get_customer: { writes: false, environments: [connector, blocked] }
  'update_*': { writes: true }
database: { folder: corpus/tools, sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa }
similar: { threshold: 0.7, examples: 2 }
simulator: { model: gpt-5-mini, temperature: 0 }
connectors:
  - { name: crm, endpoint: crm-live, tools: [get_customer] }
limits: { steps: 5, tokens: 20000, minutes: 2, result_bytes: 1048576 }
`
    expect(parse(text)).toEqual({
      environments: ['recorded', 'similar', 'connector', 'simulated'],
      perTool: [
        { pattern: 'get_customer', environments: ['connector', 'blocked'], writes: false },
        { pattern: 'update_*', environments: null, writes: true },
      ],
      database: { folder: 'corpus/tools', sha256: 'a'.repeat(64) },
      similar: { threshold: 0.7, examples: 2 },
      simulator: { endpoint: 'simulator', model: 'gpt-5-mini', temperature: 0 },
      connectors: [{ name: 'crm', endpoint: 'crm-live', tools: ['get_customer'] }],
      limits: { steps: 5, tokens: 20_000, minutes: 2, resultBytes: 1_048_576 },
    })
  })

  it.each([
    ['environments: [simulated]', 'simulator: `similar` and `simulated` are answered by a model: name it'],
    ['environments: [similar]\nsimulator: { model: m }', 'database: `similar` looks for past calls'],
    ['environments: [connector]', 'connectors: `connector` asks live servers: name one'],
    ['simulator: { model: m }', 'simulator: no order of environments has'],
    [
      'environments: [simulated]\nsimulator: { model: m, endpoint: candidate }',
      'simulator.endpoint: the endpoint "candidate" serves a checkpoint',
    ],
    [
      'environments: [simulated, recorded]\nsimulator: { model: m }',
      'environments: `simulated` answers every call: `recorded` after it would never be tried',
    ],
    ['environments: [blocked, recorded]', 'environments: `blocked` answers every call'],
    ['environments: [recorded, recorded]', 'environments: `recorded` stands there twice'],
    ['environments: []', 'environments:'],
    ['environments: [live]', 'environments[0]:'],
    ['enviroments: [recorded]', 'enviroments: unknown key "enviroments"; did you mean "environments"?'],
    ['per_tool: { get: { write: true } }', 'per_tool.get.write: unknown key "write"; did you mean "writes"?'],
    [
      'connectors: [{ name: crm, endpoint: crm, url: "https://x", tools: [get] }]',
      'connectors[0].url: unknown key',
    ],
    [
      'connectors: [{ name: crm, endpoint: crm, command: "rm", tools: [get] }]',
      'connectors[0].command: unknown key',
    ],
    ['limits: { result_bytes: 10 }', 'limits.result_bytes:'],
  ])('is refused, with the place: %s', (text, said) => {
    expect(refuse(text)).toContain(said)
  })

  it.each([
    ['', 'connectors[0].tools[0]: `per_tool` does not say that "get" writes nothing'],
    ['get: { writes: true }', 'connectors[0].tools[0]: "get" writes, as `per_tool` says'],
    ["get: { writes: false }, '*': { writes: true }", 'connectors[0].tools[0]: "get" writes'],
  ])('lets no live server have a tool that may write: %s', (rules, said) => {
    const text = `environments: [connector]\nper_tool: { ${rules} }\nconnectors: [{ name: a, endpoint: a, tools: [get] }]`
    expect(refuse(text)).toContain(said)
  })

  it('lets a tool and a name belong to one live server', () => {
    const connectors = (one: string, other: string) =>
      `environments: [connector]\nper_tool: { '*': { writes: false } }\nconnectors: [${one}, ${other}]`
    const first = '{ name: a, endpoint: a, tools: [get] }'
    expect(refuse(connectors(first, '{ name: b, endpoint: b, tools: [put, get] }'))).toBe(
      'connectors[1].tools[1]: "get" is a tool of "a" already',
    )
    expect(refuse(connectors(first, '{ name: a, endpoint: b, tools: [put] }'))).toBe(
      'connectors[1].name: "a" stands there twice',
    )
  })
})

describe('what a tool does', () => {
  it('is unknown where nothing is said, and to write wherever that is said', () => {
    const perTool = [
      { pattern: 'get_*', environments: null, writes: false },
      { pattern: '*_and_delete', environments: null, writes: true },
      { pattern: 'other', environments: null, writes: null },
    ]
    expect(findEffect({ perTool }, 'get_user')).toBe('reads')
    expect(findEffect({ perTool }, 'get_and_delete')).toBe('writes')
    expect(findEffect({ perTool }, 'other')).toBe('unknown')
  })

  it('is said by patterns that match as expressions do', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 8 })
    fc.assert(
      fc.property(letters, letters, (pattern, name) => {
        const source = pattern.split('*').map((part) => part.replaceAll('.', '\\.'))
        return matchesName(pattern, name) === new RegExp(`^${source.join('.*')}$`).test(name)
      }),
      { numRuns: 2000 },
    )
  })
})

it('is shown on its page as it can be written', () => {
  const block = listDocBlocks('docs/agents.md').find(({ text }) => text.startsWith('tools:'))
  const inner = (block?.text ?? '').replace(/^tools:\n/, '').replaceAll(/^ {2}/gm, '')
  expect(parse(inner)).toMatchObject({
    environments: ['recorded', 'similar', 'simulated'],
    connectors: [{ name: 'rates', tools: ['get_exchange_rate'] }],
  })
})
