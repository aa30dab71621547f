import { afterEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { connectToolServer } from '../../src/adapters/mcp-connector.ts'
import { toolEnvironments } from '../../src/policy/tools-policy.ts'
import { type ToolSource, toolSources } from '../../src/replay/completion.ts'
import { createDeadlines } from '../../src/replay/deadlines.ts'
import { fail } from '../../src/replay/read-answer.ts'
import { type ChainAnswer, type ChainParts, createToolChain } from '../../src/tools/chain.ts'
import { createConnectorEnvironment, type ToolServer } from '../../src/tools/connector.ts'
import type { AskedCall, Environment } from '../../src/tools/environment.ts'
import { listEnvironments } from '../../src/tools/settings.ts'
import { describeTool, returnText, startToolServer } from '../fakes/tool-server.ts'
import { makeTurn } from '../support/grading.ts'
import { addAnswerCounts, answerCountsSchema, countAnswers, describeAnswer } from './answer-counts.ts'
import { makeCall, makeTool, offerTools, say } from './asked-call.ts'
import { buildDatabase, makeConversation } from './call-conversations.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()))
})

type Answer = Awaited<ReturnType<Environment['answer']>>

function stand(
  source: ToolSource,
  answer: (asked: AskedCall) => Answer,
): Environment & { asked: AskedCall[] } {
  const asked: AskedCall[] = []
  return {
    source,
    asked,
    async answer(call) {
      asked.push(call)
      return answer(call)
    },
  }
}
const text = (said: string): Answer => ({ kind: 'answered', text: said, isError: false })

function open(
  environments: readonly Environment[],
  parts: Partial<ChainParts['settings']> = {},
  more: Partial<ChainParts> = {},
) {
  return createToolChain({
    settings: {
      environments: [...toolEnvironments],
      perTool: [],
      similar: { threshold: 0.5, examples: 3 },
      limits: { steps: 20, tokens: null, minutes: 10, resultBytes: 1024 },
      ...parts,
    },
    environments,
    database: null,
    similar: null,
    seed: 's',
    ...more,
  })
}

const turn = offerTools('get', 'put')
const arm = 'candidate' as const

describe('the chain', () => {
  it('takes the first answer in the order of policy, and names its source', async () => {
    const recorded = stand('recorded', () => null)
    const simulated = stand('simulated', () => text('made up'))
    const tools = open([simulated, recorded]).open({ turn, arm })
    expect(await tools.answer(makeCall('get', { id: 1 }, 'call-9'))).toEqual({
      kind: 'answered',
      result: { callId: 'call-9', text: 'made up', isError: false, source: 'simulated' },
      defect: null,
      isCut: false,
    })
    expect(recorded.asked).toHaveLength(1)
    expect(recorded.asked[0]).toMatchObject({ turn, arm, tool: makeTool('get'), since: [], examples: [] })
  })

  it('follows an order of its own for a tool', async () => {
    const recorded = stand('recorded', () => text('recorded'))
    const simulated = stand('simulated', () => text('simulated'))
    const perTool = [{ pattern: 'p*', environments: ['simulated' as const], writes: null }]
    const tools = open([recorded, simulated], { perTool }).open({ turn, arm })
    expect(await tools.answer(makeCall('get'))).toMatchObject({ result: { source: 'recorded' } })
    expect(await tools.answer(makeCall('put'))).toMatchObject({ result: { source: 'simulated' } })
  })

  it('blocks what nothing answers', async () => {
    const tools = open([stand('recorded', () => null)]).open({ turn, arm })
    expect(await tools.answer(makeCall('get'))).toMatchObject({
      result: { source: 'blocked', isError: true, text: expect.stringMatching(/^Error: /) },
      defect: null,
    })
  })

  it('passes on failures and what was not asked, and keeps nothing of them', async () => {
    const failed = fail('simulator-failed', 'no')
    const answers: Answer[] = [failed, { kind: 'not-asked', reason: 'max-requests' }, text('ok')]
    const tools = open([stand('simulated', () => answers.shift() ?? null)]).open({ turn, arm })
    expect(await tools.answer(makeCall('get'))).toEqual(failed)
    expect(await tools.answer(makeCall('get'))).toEqual({ kind: 'not-asked', reason: 'max-requests' })
    expect(tools.answered()).toEqual([])
    await tools.answer(makeCall('get'))
    expect(tools.answered()).toHaveLength(1)
  })

  it('answers parallel calls in their order, each knowing those before it and their notes', async () => {
    const simulated: Environment = {
      source: 'simulated',
      async answer({ call, since }) {
        // The first takes longest.
        for (let wait = since.length; wait < 3; wait += 1) await new Promise(setImmediate)
        const known = since.map(({ call: past, note }) => `${past.id} ${note}`).join()
        return { kind: 'answered', text: known, isError: false, note: `noted ${call.id}` }
      },
    }
    const tools = open([simulated]).open({ turn, arm })
    const answers = await Promise.all(['a', 'b', 'c'].map((id) => tools.answer(makeCall('put', {}, id))))
    expect(answers.map((answer) => answer.kind === 'answered' && answer.result.text)).toEqual([
      '',
      'a noted a',
      'a noted a,b noted b',
    ])
  })

  it('keeps trajectories apart', async () => {
    const chain = open([stand('simulated', ({ since }) => text(String(since.length)))])
    const one = chain.open({ turn, arm })
    const other = chain.open({ turn, arm: 'baseline' })
    await one.answer(makeCall('get'))
    expect(await other.answer(makeCall('get'))).toMatchObject({ result: { text: '0' } })
  })

  it('looks for examples only where `similar` is tried, with the threshold of policy', async () => {
    const asked: unknown[] = []
    const similar: ChainParts['similar'] = {
      find(call, options) {
        asked.push([call, options])
        return [{ arguments: '{}', response: 'past', isError: false, similarity: 0.9 }]
      },
    }
    const stood = stand('similar', ({ examples }) => text(examples.map(({ response }) => response).join()))
    const order = ['recorded' as const, 'similar' as const]
    const recorded = stand('recorded', ({ call }) => (call.function.name === 'put' ? text('known') : null))
    const tools = open([recorded, stood], { environments: order }, { similar }).open({ turn, arm })
    expect(await tools.answer(makeCall('put'))).toMatchObject({ result: { source: 'recorded' } })
    expect(asked).toEqual([])
    expect(await tools.answer(makeCall('get'))).toMatchObject({ result: { source: 'similar', text: 'past' } })
    expect(asked).toEqual([
      [
        { tool: 'get', arguments: '{}' },
        { threshold: 0.5, atMost: 3 },
      ],
    ])
  })

  it('cuts off a result of 5 MB, and says so in it and beside it', async () => {
    const tools = open([stand('recorded', () => text('z'.repeat(5 * 1024 * 1024)))]).open({ turn, arm })
    const answer = await tools.answer(makeCall('get'))
    expect(answer).toMatchObject({ isCut: true, result: { source: 'recorded', isError: false } })
    expect((answer as ChainAnswer).result.text).toMatch(/^z+\n\[output truncated: \d+ of 5242880 bytes\]$/)
    expect((answer as ChainAnswer).result.text.length).toBeLessThanOrEqual(1024)
  })
})

describe('a defective call', () => {
  const offered = makeTurn({ tools: [makeTool('get', { type: 'object', required: ['id'] })] })

  it.each([
    ['invalid-json', makeCall('get', '{"id":'), 'Error: the arguments of "get" are not valid JSON'],
    ['unknown-tool', makeCall('fetch'), 'Error: unknown tool "fetch"; available tools: get'],
    ['invalid-arguments', makeCall('get'), 'Error: invalid arguments for "get": id: is required'],
  ])('is told so as %s, and gets to no simulator', async (defect, call, said) => {
    const simulated = stand('simulated', () => text('made up'))
    const recorded = stand('recorded', () => null)
    const tools = open([recorded, simulated]).open({ turn: offered, arm })
    expect(await tools.answer(call)).toEqual({
      kind: 'answered',
      result: { callId: 'call-1', text: said, isError: true, source: 'blocked' },
      defect,
      isCut: false,
    })
    expect(simulated.asked).toEqual([])
  })

  it('gets what was recorded for this very call, but for tools that were not offered', async () => {
    const recorded = stand('recorded', () => text('the tool took it'))
    const tools = open([recorded]).open({ turn: offered, arm })
    expect(await tools.answer(makeCall('get'))).toMatchObject({
      result: { source: 'recorded', text: 'the tool took it' },
      defect: 'invalid-arguments',
    })
    expect(await tools.answer(makeCall('fetch'))).toMatchObject({ result: { source: 'blocked' } })
  })

  it('is none of an unknown tool where the log names no tools, but it or others call it', async () => {
    const database = await buildDatabase([makeConversation('past', [['find', '{}', 'there']])])
    const { messages } = makeConversation('own', [['get', '{}', 'here']])
    const chain = open([stand('simulated', () => text('made up'))], {}, { database })
    const tools = chain.open({ turn: makeTurn({ prefix: messages, tools: null }), arm })
    const defects = []
    for (const name of ['get', 'find', 'fetch']) {
      const answer = await tools.answer(makeCall(name))
      defects.push(answer.kind === 'answered' && answer.defect)
    }
    expect(defects).toEqual([null, null, 'unknown-tool'])
  })

  it('never makes the chain throw, whatever a model writes', async () => {
    const chain = open([stand('simulated', () => text('ok'))])
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.oneof(fc.string(), fc.json()), async (name, written) => {
        const answer = await chain.open({ turn: offered, arm }).answer(makeCall(name || 'get', written))
        return answer.kind === 'answered'
      }),
    )
  })
})

describe('a tool that writes', () => {
  const names = ['put', 'get_put', 'get', 'delete_all', '__proto__', '']
  const order = fc.uniqueArray(fc.constantFrom(...toolEnvironments), { minLength: 1 })
  const rules = fc.array(
    fc.record({
      pattern: fc.constantFrom('*', 'get*', '*put', 'put', 'delete_*', ...names),
      environments: fc.option(order),
      writes: fc.option(fc.boolean()),
    }),
    { maxLength: 6 },
  )

  it('never reaches a live server, whatever policy and the server say', async () => {
    let reached = 0
    await fc.assert(
      fc.asyncProperty(order, rules, fc.constantFrom(...names), async (environments, perTool, tool) => {
        const mayWrite =
          perTool.some(({ pattern, writes }) => writes === true && matches(pattern, tool)) ||
          !perTool.some(({ pattern, writes }) => writes === false && matches(pattern, tool))
        let calls = 0
        const server: ToolServer = {
          origin: 'https://x.example.com',
          list: async () => ({
            kind: 'served',
            value: { tools: names.map((name) => ({ name, isReadOnly: true })), listing: '' },
          }),
          async call() {
            calls += 1
            return { kind: 'served', value: { text: 'live', isError: false } }
          },
          hasAnnouncedChange: () => false,
          close: async () => undefined,
        }
        const connector = createConnectorEnvironment({
          settings: { perTool },
          connectors: [{ name: 'x', tools: names, server }],
          deadlines: createDeadlines(new AbortController().signal),
          timeoutMs: 60_000,
          warn: () => undefined,
        })
        const chain = open([connector.environment], { environments, perTool })
        const asked = await chain.open({ turn: offerTools(...names), arm }).answer(makeCall(tool))
        // Asked past the chain, the connector itself refuses too.
        const direct = {
          turn: offerTools(tool),
          arm,
          call: makeCall(tool),
          tool: null,
          since: [],
          examples: [],
        }
        const itself = mayWrite ? await connector.environment.answer(direct) : null
        reached += calls
        if (!mayWrite) return true
        return calls === 0 && itself === null && (asked as ChainAnswer).result.source !== 'connector'
      }),
      { numRuns: 1000 },
    )
    // Those that only read do reach it, so that this could fail.
    expect(reached).toBeGreaterThan(20)
  })

  /** Written otherwise than in the sources. */
  function matches(pattern: string, name: string): boolean {
    const source = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    return new RegExp(`^${source.join('.*')}$`, 's').test(name)
  }
})

describe('all environments together', () => {
  it('go on without a live server that turns out to write', async () => {
    const fake = await startToolServer({
      tools: [describeTool('get', true)],
      call: (name) => returnText(`live ${name}`),
    })
    const server = connectToolServer({ url: fake.url, key: null })
    const warnings: string[] = []
    const settings = say({ get: 'reads', put: 'writes' })
    const connector = createConnectorEnvironment({
      settings,
      connectors: [{ name: 'crm', tools: ['get'], server }],
      deadlines: createDeadlines(new AbortController().signal),
      timeoutMs: 60_000,
      warn: (told) => warnings.push(told),
    })
    opened.push(connector, fake)
    const simulated = stand('simulated', () => text('made up'))
    const chain = open([connector.environment, simulated], {
      environments: ['recorded', 'connector', 'simulated'],
      ...settings,
    })
    const sourceOf = async (name: string, input = {}) => {
      const answer = await chain.open({ turn, arm }).answer(makeCall(name, input))
      return answer.kind === 'answered' ? answer.result.source : answer
    }
    expect(await sourceOf('get')).toBe('connector')
    expect(await sourceOf('put')).toBe('simulated')
    fake.script.tools = [describeTool('get', false)]
    expect(await sourceOf('get')).toBe('simulated')
    expect(fake.calls).toEqual(['get'])
    expect(warnings).toHaveLength(1)
  })
})

describe('counts of answers', () => {
  it('have every call once, under a source, and made-up names together', async () => {
    const chain = open([
      stand('recorded', ({ call }) => (call.function.name === 'get' ? text('x'.repeat(2000)) : null)),
    ])
    const tools = chain.open({ turn, arm })
    const described = []
    for (const name of ['get', 'get', 'put', 'fly', '__proto__']) {
      const answer = await tools.answer(makeCall(name))
      if (answer.kind === 'answered') described.push(describeAnswer(name, answer))
    }
    const counts = countAnswers(described)
    const none = { recorded: 0, similar: 0, simulated: 0, connector: 0, blocked: 0 }
    const defects = { 'invalid-json': 0, 'unknown-tool': 0, 'invalid-arguments': 0 }
    expect(answerCountsSchema.parse(counts)).toEqual([
      {
        tool: null,
        calls: 2,
        sources: { ...none, blocked: 2 },
        defects: { ...defects, 'unknown-tool': 2 },
        errors: 2,
        cut: 0,
      },
      { tool: 'get', calls: 2, sources: { ...none, recorded: 2 }, defects, errors: 0, cut: 2 },
      { tool: 'put', calls: 1, sources: { ...none, blocked: 1 }, defects, errors: 1, cut: 0 },
    ])
    const [first = [], rest = []] = [described.slice(0, 2), described.slice(2)].map(countAnswers)
    expect(addAnswerCounts(rest, first)).toEqual(counts)
    expect(addAnswerCounts(counts, [])).toEqual(counts)
  })
})

describe('the order of environments', () => {
  it('has the sources that results can have', () => {
    expect(toolEnvironments).toEqual(toolSources)
  })

  it('leaves a live server out for tools that may write', () => {
    const settings = { environments: [...toolEnvironments], ...say({ 'get*': 'reads', '*_put': 'writes' }) }
    const others = ['recorded', 'similar', 'simulated']
    expect(listEnvironments(settings, 'get')).toEqual([...others, 'connector'])
    for (const tool of ['get_put', 'put', '']) expect(listEnvironments(settings, tool)).toEqual(others)
  })
})
