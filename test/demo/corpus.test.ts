import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { buildCorpus, listTurns } from '../../examples/demo/build.ts'
import type { Conversation, Message } from '../../examples/demo/conversation.ts'
import { findBehaviour, showsBehaviour } from '../../src/demo/behaviours.ts'
import { chatRequestSchema, digestPrefix, readAllText, readLastText } from '../../src/demo/chat.ts'
import { detectLanguage } from '../../src/demo/language.ts'
import { answerChat, behaviourRates, behaviours, checkpoints } from '../../src/demo/simulation.ts'
import { findSum, workOut } from '../../src/demo/sums.ts'
import { shouldDecline } from '../../src/demo/wording.ts'
import { root } from '../support/shared.ts'
import { isNear } from './exact-bounds.ts'

const folder = resolve(root, 'examples/demo')

const callSchema = z.strictObject({
  id: z.string().regex(/^call_[0-9a-f]{16}$/),
  type: z.literal('function'),
  function: z.strictObject({ name: z.string(), arguments: z.string() }),
})
const messageSchema = z.discriminatedUnion('role', [
  z.strictObject({ role: z.enum(['system', 'user']), content: z.string().min(1) }),
  z.strictObject({
    role: z.literal('assistant'),
    content: z.string().min(1).nullable(),
    tool_calls: z.array(callSchema).min(1).optional(),
  }),
  z.strictObject({ role: z.literal('tool'), tool_call_id: z.string(), content: z.string().min(1) }),
])
const toolSchema = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string().regex(/^[a-z_]{1,64}$/),
    description: z.string().min(1),
    parameters: z.strictObject({
      type: z.literal('object'),
      properties: z.record(
        z.string(),
        z.looseObject({ type: z.string(), enum: z.array(z.string()).optional() }),
      ),
      required: z.array(z.string()),
      additionalProperties: z.literal(false),
    }),
  }),
})
const lineSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/),
  messages: z.array(messageSchema),
  tools: z.array(toolSchema).optional(),
  metadata: z.strictObject({
    topic: z.string(),
    surface: z.enum(['chat', 'api', 'mobile', 'agent']),
    language: z.enum(['en', 'de', 'es', 'fr']),
  }),
  collected_at: z.string().regex(/^2026-09-\d\dT\d\d:\d\d:\d\dZ$/),
})

const names = ['conversations.jsonl', 'trajectories.jsonl']
const parts = names.map((name) => {
  const jsonl = readFileSync(resolve(folder, name), 'utf8')
  const conversations = jsonl.trimEnd().split('\n')
  return { name, jsonl, lines: conversations.map((line) => lineSchema.parse(JSON.parse(line))) }
})
const lines = parts.flatMap((part) => part.lines)
const agents = lines.filter(({ metadata }) => metadata.surface === 'agent')

function readPrefixes(conversation: (typeof lines)[number]) {
  return conversation.messages.flatMap((message, index) => {
    const before = conversation.messages[index - 1]?.role
    const isTurn = message.role === 'assistant' && (before === 'user' || before === 'tool')
    return isTurn ? [conversation.messages.slice(0, index)] : []
  })
}

const turns = lines.flatMap((conversation) =>
  readPrefixes(conversation).map((messages) => ({ conversation, messages, prefix: digestPrefix(messages) })),
)

function share(isOne: (conversation: (typeof lines)[number]) => boolean): number {
  return lines.filter(isOne).length / lines.length
}

describe('generating the corpus', () => {
  it('gives the committed files, byte for byte', () => {
    const corpus = buildCorpus()
    expect(corpus.files).toEqual(Object.fromEntries(parts.map(({ name, jsonl }) => [name, jsonl])))
    expect(corpus.manifest).toBe(readFileSync(resolve(folder, 'manifest.json'), 'utf8'))
  })

  it('writes a manifest that describes the files', () => {
    expect(JSON.parse(readFileSync(resolve(folder, 'manifest.json'), 'utf8'))).toEqual({
      version: 1,
      name: 'demo',
      files: parts.map((part) => ({
        path: part.name,
        sha256: createHash('sha256').update(part.jsonl).digest('hex'),
        conversations: part.lines.length,
        turns: part.lines.flatMap(readPrefixes).length,
      })),
    })
  })
})

describe('the corpus', () => {
  it('has 600 conversations and 120 trajectories in less than 1.5 MB, in the order of their time', () => {
    expect(parts.map((part) => part.lines.length)).toEqual([600, 120])
    const sizes = names.map((name) => statSync(resolve(folder, name)).size)
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(1_500_000)
    expect(new Set(lines.map((line) => line.id)).size).toBe(720)
    for (const part of parts) {
      const times = part.lines.map((line) => line.collected_at)
      expect(times).toEqual(times.toSorted())
    }
    expect(agents).toEqual(parts[1]?.lines)
  })

  it('has no two turns with the same prefix', () => {
    expect(new Set(turns.map((turn) => turn.prefix)).size).toBe(turns.length)
  })

  it('is varied: surfaces, topics, languages, tools, system prompts, lengths', () => {
    expect(new Set(lines.map((line) => line.metadata.topic)).size).toBeGreaterThan(20)
    for (const surface of ['chat', 'api', 'mobile', 'agent']) {
      expect(share((line) => line.metadata.surface === surface)).toBeGreaterThan(0.12)
    }
    const foreign = share((line) => line.metadata.language !== 'en')
    expect(foreign).toBeGreaterThan(0.02)
    expect(foreign).toBeLessThan(0.06)
    expect(share((line) => line.tools !== undefined)).toBeCloseTo(0.38, 1)
    expect(share((line) => line.messages[0]?.role === 'system')).toBeGreaterThan(0.4)
    expect(new Set(lines.map((line) => readPrefixes(line).length))).toEqual(new Set([1, 2, 3, 4, 5]))
  })

  it('leaves no placeholder unfilled', () => {
    for (const line of lines) {
      const text = JSON.stringify(line)
      expect(text).not.toMatch(/<[^>]*>|undefined|\[object/)
    }
  })
})

describe('every conversation', () => {
  it('alternates: system at most first, user, then calls with their results, then an answer', () => {
    for (const line of lines) {
      const letters = line.messages.map((message) => {
        if (message.role === 'assistant') return message.tool_calls === undefined ? 'a' : 'c'
        return message.role.charAt(0)
      })
      expect(letters.join('')).toMatch(/^s?(?:u(?:ct+)?a)+$/)
    }
  })

  it('answers every tool call once, in order, and calls only tools that it has', () => {
    let calls = 0
    for (const line of lines) {
      const made = line.messages.flatMap((message) =>
        message.role === 'assistant' ? (message.tool_calls ?? []) : [],
      )
      const answered = line.messages.flatMap((message) =>
        message.role === 'tool' ? [message.tool_call_id] : [],
      )
      expect(answered).toEqual(made.map((call) => call.id))
      expect(new Set(answered).size).toBe(answered.length)
      for (const call of made) checkCall(call, line.tools ?? [])
      calls += made.length
    }
    expect(calls).toBeGreaterThan(150)
  })

  function checkCall(call: z.infer<typeof callSchema>, tools: z.infer<typeof toolSchema>[]): void {
    const tool = tools.find((candidate) => candidate.function.name === call.function.name)
    if (tool === undefined) throw new Error(`${call.function.name} is not among the tools`)
    const { properties, required } = tool.function.parameters
    const given: Record<string, unknown> = JSON.parse(call.function.arguments)
    expect(Object.keys(given)).toEqual(expect.arrayContaining(required))
    for (const [name, value] of Object.entries(given)) {
      const schema = properties[name]
      expect(schema?.type).toBe(
        typeof value === 'number' && schema?.type === 'integer' ? 'integer' : typeof value,
      )
      if (schema?.enum !== undefined) expect(schema.enum).toContain(value)
    }
  }

  it('has sums that come to what production’s calculator says', () => {
    let sums = 0
    for (const { messages } of agents) {
      const calls = messages.flatMap((message) =>
        message.role === 'assistant' ? (message.tool_calls ?? []) : [],
      )
      for (const { id, function: called } of calls.filter((call) => call.function.name === 'calculator')) {
        const answered = messages.findIndex(
          (message) => message.role === 'tool' && message.tool_call_id === id,
        )
        const { expression } = JSON.parse(called.arguments)
        expect(JSON.parse(messages[answered]?.content ?? '')).toEqual({ result: workOut(expression) })
        // What a checkpoint finds in what the user asked is what production worked out.
        const asked = messages.slice(0, answered)
        expect(findSum(readLastText(asked, 'user'))).toBe(expression)
        sums += 1
      }
    }
    expect(sums).toBeGreaterThan(80)
  })

  it('has null content exactly where it calls tools', () => {
    for (const message of lines.flatMap((line) => line.messages)) {
      if (message.role === 'assistant')
        expect(message.content === null).toBe(message.tool_calls !== undefined)
    }
  })

  it('shows none of the behaviours in what was logged', () => {
    for (const message of lines.flatMap((line) => line.messages)) {
      if (message.role !== 'assistant' || message.content === null) continue
      for (const behaviour of behaviours) expect(findBehaviour(message.content, behaviour)).toBeUndefined()
    }
  })
})

describe('the simulation on the corpus', () => {
  const answers = new Map<string, string>()

  beforeAll(() => {
    for (const { conversation, messages, prefix } of turns) {
      for (const model of checkpoints) {
        const request = chatRequestSchema.parse({ model, messages, tools: conversation.tools })
        const answer = answerChat(request)
        if (answer.kind === 'completion') answers.set(`${model} ${prefix}`, answer.completion.content ?? '')
      }
    }
  })

  it.each(checkpoints.flatMap((checkpoint) => behaviours.map((behaviour) => ({ checkpoint, behaviour }))))(
    'has the documented rate: $checkpoint, $behaviour',
    ({ checkpoint, behaviour }) => {
      const found = turns.filter(
        ({ prefix }) => findBehaviour(answers.get(`${checkpoint} ${prefix}`) ?? '', behaviour) !== undefined,
      )
      // Read from the texts alone, and just where the hash says: ordinary texts have none of the signs.
      const drawn = turns.filter(({ prefix }) => showsBehaviour({ checkpoint, behaviour, prefix }))
      expect(found).toEqual(drawn)
      const rate = behaviourRates[checkpoint][behaviour] / 100_000
      expect(isNear(found.length, { n: turns.length, rate })).toBe(true)
    },
  )

  it('knows the language and which requests to decline', () => {
    for (const { conversation, messages } of turns) {
      expect(detectLanguage(readAllText(messages, 'user'))).toBe(conversation.metadata.language)
    }
    for (const { metadata, messages } of lines) {
      const asked = messages.flatMap((message) => (message.role === 'user' ? [message.content] : []))
      const declined = asked.map((text) => shouldDecline(text))
      expect(declined).toEqual(asked.map((_, index) => index === 0 && metadata.topic === 'should-decline'))
    }
  })
})

describe('listTurns', () => {
  const user: Message = { role: 'user', content: 'Hello' }
  const assistant: Message = { role: 'assistant', content: 'Hello' }

  it('lists the assistant messages right after a user or a tool', () => {
    const messages: Message[] = [
      assistant,
      user,
      assistant,
      assistant,
      user,
      { role: 'assistant', content: null, tool_calls: [] },
      { role: 'tool', tool_call_id: 'call_1', content: '{}' },
      assistant,
    ]
    const conversation: Conversation = {
      id: 'x',
      messages,
      metadata: { topic: 'x', surface: 'chat', language: 'en' },
      collected_at: '2026-09-01T00:00:00Z',
    }
    expect(listTurns(conversation)).toEqual([2, 5, 7])
  })
})
