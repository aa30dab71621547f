import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { writeRunPairs } from '../../src/commands/realism.ts'
import type { Conversation } from '../../src/corpus/conversation.ts'
import { parsePairs } from '../../src/realism/pair.ts'
import { makePair, takeRollout } from '../../src/realism/pairs-of-run.ts'
import { renderRollout } from '../../src/realism/render.ts'
import { type ChatEndpoint, startChatEndpoint } from '../fakes/chat-endpoint.ts'
import { answer, rubrics, runGateIn, writeRepository } from '../support/calibrate-repository.ts'
import { takeRefusal } from '../support/refusal.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()
const endpoints: ChatEndpoint[] = []
afterEach(async () => {
  for (const endpoint of endpoints.splice(0)) await endpoint.close()
})

const call = (id: string, name: string) => ({
  id,
  type: 'function' as const,
  function: { name, arguments: '{"city": "Oslo"}' },
})
const conversation: Conversation = {
  id: 'c',
  messages: [
    { role: 'user', content: 'Weather?' },
    { role: 'assistant', content: null, tool_calls: [call('1', 'weather')] },
    { role: 'tool', tool_call_id: '1', content: '{"sky": "clear"}' },
    { role: 'assistant', content: 'Clear.' },
    { role: 'user', content: 'Thanks.' },
    { role: 'assistant', content: 'Welcome.' },
  ],
  tools: [{ type: 'function', function: { name: 'weather' } }],
}

describe('a pair of a turn and its replay', () => {
  const content = {
    text: 'Rain.',
    refusal: null,
    toolCalls: [],
    steps: [
      {
        text: 'Let me look.',
        toolCalls: [call('x', 'weather'), call('y', 'radar')],
        results: [
          { callId: 'x', text: '{"sky": "rain"}', isError: false, source: 'simulated' as const },
          { callId: 'y', text: 'Error: no radar', isError: true, source: 'recorded' as const },
        ],
      },
    ],
  }

  it('has production’s rollout up to the next user message, and the steps of the replay as messages', () => {
    const pair = makePair({ conversation, turn: 'c#1', content })
    expect(pair).toMatchObject({ id: 'c#1', conversation: 'c', sources: { x: 'simulated', y: 'recorded' } })
    expect(pair.prefix).toEqual(conversation.messages.slice(0, 1))
    expect(pair.real).toEqual(conversation.messages.slice(1, 4))
    expect(pair.tools).toEqual(conversation.tools)
    expect(renderRollout(pair.simulated)).toBe(
      [
        '[assistant]\nLet me look.\n[tool call 1] weather({"city": "Oslo"})\n[tool call 2] radar({"city": "Oslo"})',
        '[result of call 1]\n{"sky": "rain"}',
        '[result of call 2]\nError: no radar',
        '[assistant]\nRain.',
      ].join('\n\n'),
    )
    // As a file, it is what `realism` reads.
    expect(parsePairs({ file: 'p', text: JSON.stringify(pair) })).toEqual([pair])
  })

  it('has what ends with calls that nobody answered, with a refusal, or without a word', () => {
    const end = (more: object) =>
      makePair({ conversation, turn: 'c#5', content: { text: '', refusal: null, toolCalls: [], ...more } })
    expect(end({ toolCalls: [call('z', 'weather')] }).simulated).toMatchObject([
      { tool_calls: [{ id: 'z' }] },
    ])
    expect(end({ refusal: 'No.' }).simulated).toEqual([{ role: 'assistant', content: null, refusal: 'No.' }])
    expect(end({}).simulated).toEqual([{ role: 'assistant', content: null }])
    expect(end({}).sources).toBe(undefined)
    for (const pair of [end({}), end({ refusal: 'No.' })])
      parsePairs({ file: 'p', text: JSON.stringify(pair) })
  })

  it('ends where the conversation does', () => {
    expect(takeRollout(conversation.messages, 5)).toEqual(conversation.messages.slice(5))
    expect(takeRollout(conversation.messages, 3)).toEqual(conversation.messages.slice(3, 4))
  })
})

describe('realism pairs', () => {
  const looked = [
    { role: 'assistant' as const, content: null, tool_calls: [call('1', 'weather')] },
    { role: 'tool' as const, tool_call_id: '1', content: '{"sky": "clear"}' },
  ]

  async function makeRun(
    policy: Record<string, unknown> = {},
    rollout: readonly object[] = looked,
  ): Promise<string> {
    const folder = await writeRepository(await makeFolder(), policy, rollout)
    const endpoint = await startChatEndpoint({ reply: answer })
    endpoints.push(endpoint)
    await runGateIn(folder, endpoint.url)
    return folder
  }
  const write = async (folder: string, more: { arm?: 'candidate' } = {}) => {
    const printed: string[] = []
    const out = join(folder, 'pairs.jsonl')
    const words = {
      run: join(folder, 'run'),
      arm: 'baseline' as const,
      out,
      folder,
      policy: 'gate.yml',
      rubrics,
    }
    const exitCode = await writeRunPairs({ ...words, ...more }, (text) => printed.push(text))
    return {
      exitCode,
      text: printed.join('\n'),
      pairs: parsePairs({ file: out, text: await readFile(out, 'utf8') }),
    }
  }

  it('writes what the baseline of a run did beside what was logged', async () => {
    const folder = await makeRun()
    const { exitCode, text, pairs } = await write(folder)
    expect(exitCode).toBe(0)
    expect(text).toMatch(/^12 pairs of the baseline in .*pairs\.jsonl\nThey hold what users wrote/)
    expect(pairs).toHaveLength(12)
    const own = pairs.find(({ conversation: id }) => id === 'c-2')
    expect(own).toEqual({
      id: 'c-2#1',
      conversation: 'c-2',
      prefix: [{ role: 'user', content: 'question 2' }],
      real: looked,
      simulated: [{ role: 'assistant', content: 'a kind answer to question 2' }],
    })
    expect((await write(folder, { arm: 'candidate' })).text).toContain('12 pairs of the candidate')
  })

  it('leaves out turns in which nobody called a tool: they would make any simulation look real', async () => {
    const folder = await makeRun({}, [{ role: 'assistant', content: 'what was said then' }])
    expect((await takeRefusal(() => write(folder))).message).toBe(
      'no turn of the baseline makes a pair (without a tool result: 12)',
    )
  })

  it('refuses a run that kept no text, another corpus, and a folder that is no run', async () => {
    const silent = await makeRun({ retain_text: 'none' })
    expect(await takeRefusal(() => write(silent))).toMatchObject({
      code: 'record',
      message: expect.stringContaining('kept no text'),
    })
    const folder = await makeRun()
    const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))
    await writeFile(join(folder, 'manifest.json'), JSON.stringify({ ...manifest, name: 'other' }))
    expect(await takeRefusal(() => write(folder))).toMatchObject({ code: 'corpus' })
    await mkdir(join(folder, 'empty'))
    const words = {
      arm: 'baseline' as const,
      out: join(folder, 'p.jsonl'),
      folder,
      policy: 'gate.yml',
      rubrics,
    }
    expect(
      await takeRefusal(() => writeRunPairs({ ...words, run: join(folder, 'empty') }, () => undefined)),
    ).toMatchObject({ code: 'record' })
  })
})
