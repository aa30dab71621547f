import { beforeAll, describe, expect, it } from '@jest/globals'
import { formatError, GateError } from '../src/errors.ts'
import type { Files } from '../src/ports.ts'
import type { ToolDatabase } from '../src/tools/database.ts'
import { conversations, policy, useLintFolders } from './support/lint-folder.ts'
import { buildDatabase, makeConversation } from './tools/call-conversations.ts'

const { lintFolder } = useLintFolders()

describe('lint of a policy with tools', () => {
  let database: ToolDatabase
  let files: Partial<Files>

  beforeAll(async () => {
    database = await buildDatabase([makeConversation('past', [['get_user', '{"id":1}', 'Ann']])])
    files = { openToolDatabase: async () => ({ database, close: () => undefined }) }
  })

  async function check(tools: object, others: Partial<Files> = files, changes: Record<string, string> = {}) {
    const found = await lintFolder(
      { 'gate.yml': `${policy}tools: ${JSON.stringify(tools)}\n`, ...changes },
      others,
    )
    return { ...found, problems: found.problems.map((problem) => formatError(problem)) }
  }

  it('finds nothing wrong where the database is the one of the policy', async () => {
    const { problems, warnings, checked } = await check({
      per_tool: { 'get_*': { writes: false } },
      database: { folder: 'tools', sha256: database.digest },
    })
    expect(problems).toEqual([])
    expect(warnings.filter((warning) => warning.includes('tool'))).toEqual([])
    expect(checked).toContain('database of tool calls tools: 1 calls of 1 tools')
  })

  it('finds another database, with the line of its digest', async () => {
    const { problems } = await check({ database: { folder: 'tools', sha256: 'a'.repeat(64) } })
    expect(problems).toEqual([
      expect.stringMatching(/^gate\.yml:\d+:\d+ \(tools\.database\.sha256\): .* its digest is [0-9a-f]{64}/s),
    ])
    expect(problems[0]).toContain(database.digest)
  })

  it('finds that there is none', async () => {
    const { problems } = await check(
      { database: { folder: 'tools', sha256: 'a'.repeat(64) } },
      {
        openToolDatabase: async (folder) => {
          throw new GateError({ code: 'corpus', message: `no ${folder}`, remedy: 'build it' })
        },
      },
    )
    expect(problems).toEqual([expect.stringContaining('no tools')])
  })

  it('warns of patterns that no tool of the turns and of the database fits', async () => {
    const called = JSON.stringify({
      ...JSON.parse(conversations[0] ?? ''),
      tools: [{ type: 'function', function: { name: 'list_orders' } }],
    })
    const corpus = [called, ...conversations.slice(1)].join('\n')
    const { problems, warnings } = await check(
      {
        per_tool: {
          'get_*': { writes: false },
          list_orders: { writes: false },
          'ger_*': { writes: true },
        },
        database: { folder: 'tools', sha256: database.digest },
      },
      files,
      { 'corpus/conversations.jsonl': corpus },
    )
    expect(problems).toEqual([])
    expect(warnings.filter((warning) => warning.includes('per_tool'))).toEqual([
      'tools.per_tool: no drawn turn and no past call has a tool that "ger_*" is for (there are get_user, list_orders)',
    ])
  })

  it('warns where nothing has tools', async () => {
    const { warnings } = await check({})
    expect(warnings).toContain(
      'no drawn turn has tools, and no past call is known: `tools` has nothing to answer',
    )
  })

  it('warns of a simulator of the candidate’s family, and refuses a checkpoint as one', async () => {
    const simulate = (model: string) =>
      check({ environments: ['simulated'], simulator: { model } }, files, {
        'deploy/model.yaml': 'serving: { checkpoint: gpt-4o }',
      })
    const { problems, warnings } = await simulate('gpt-5-mini')
    expect(problems).toEqual([])
    expect(warnings).toContainEqual(
      expect.stringContaining('the simulator of tools gpt-5-mini is of the same family (OpenAI)'),
    )
    expect((await simulate('gpt-4o')).problems).toEqual([
      expect.stringContaining('the simulator of tools is "gpt-4o", which is a checkpoint under test'),
    ])
    const other = await simulate('claude-sonnet-5')
    expect(other.warnings.filter((warning) => warning.includes('simulator'))).toEqual([])
  })
})
