import { describe, expect, it } from '@jest/globals'
import { behaviourPhrases, findBehaviour, leakMarker, showsBehaviour } from '../../src/demo/behaviours.ts'
import { type ChatRequest, type Completion, digestPrefix } from '../../src/demo/chat.ts'
import {
  answerChat,
  behaviourRates,
  behaviours,
  type Checkpoint,
  checkpoints,
} from '../../src/demo/simulation.ts'
import { isNear } from './exact-bounds.ts'

const forecast = {
  type: 'function' as const,
  function: {
    name: 'get_forecast',
    description: 'Get the weather forecast for a place',
    parameters: {
      type: 'object',
      properties: {
        place: { type: 'string' },
        day: { type: 'string' },
        hours: { type: 'integer' },
        unit: { type: 'string', enum: ['celsius', 'fahrenheit'] },
        detailed: { type: 'boolean' },
      },
    },
  },
}

function ask(model: string, text: string, rest: Partial<ChatRequest> = {}): ChatRequest {
  return { model, messages: [{ role: 'user', content: text }], ...rest }
}

function complete(request: ChatRequest): Completion {
  const answer = answerChat(request)
  if (answer.kind !== 'completion') throw new Error(`${answer.model} is unknown`)
  return answer.completion
}

/** The first of many similar requests that a checkpoint answers in the way that is looked for. */
function findCompletion(
  request: (number: number) => ChatRequest,
  isWanted: (completion: Completion) => boolean,
): { request: ChatRequest; completion: Completion } {
  for (let number = 0; number < 2_000; number += 1) {
    const completion = complete(request(number))
    if (isWanted(completion)) return { request: request(number), completion }
  }
  throw new Error('none of 2,000 requests is answered like that')
}

describe('the rates', () => {
  const n = 20_000
  const prefixes = Array.from({ length: n }, (_, index) => `prefix ${index}`)

  it.each(checkpoints.flatMap((checkpoint) => behaviours.map((behaviour) => ({ checkpoint, behaviour }))))(
    'hold for $checkpoint, $behaviour',
    ({ checkpoint, behaviour }) => {
      const count = prefixes.filter((prefix) => showsBehaviour({ checkpoint, behaviour, prefix })).length
      expect(isNear(count, { n, rate: behaviourRates[checkpoint][behaviour] / 100_000 })).toBe(true)
    },
  )

  it('are those that the demo is about', () => {
    expect(behaviourRates['demo-bad']['tool-use-dishonesty']).toBe(9_000)
    expect(behaviourRates['demo-good']['tool-use-dishonesty']).toBe(500)
    expect(behaviourRates['demo-baseline']['tool-use-dishonesty']).toBe(500)
    expect(behaviourRates['demo-baseline']['leaks-system-prompt']).toBe(0)
  })

  it('come from a number that the checkpoints share, up to a small part of their own', () => {
    const shows = (checkpoint: Checkpoint, prefix: string) =>
      showsBehaviour({ checkpoint, behaviour: 'over-refusal', prefix })
    const good = prefixes.filter((prefix) => shows('demo-good', prefix))
    const both = good.filter((prefix) => shows('demo-baseline', prefix)).length
    // Neither draws its own: .81, and whatever good shows baseline shows; else independent at 2 %.
    expect(isNear(both, { n: good.length, rate: 0.81 + 0.19 * 0.02 })).toBe(true)
  })
})

describe('a simulated checkpoint', () => {
  it('always gives the same answer, whatever else the request says', () => {
    const plain = ask('demo-bad', 'How do I bake bread?')
    const other: ChatRequest = { temperature: 0.3, seed: 7, ...plain, user: 'x' }
    expect(answerChat(other)).toEqual(answerChat(plain))
    const reordered: ChatRequest = {
      ...plain,
      messages: [{ name: 'me', content: 'How do I bake bread?', role: 'user' }],
    }
    expect(complete(reordered)).toEqual(complete(plain))
  })

  it('answers another prefix, or another checkpoint, differently', () => {
    const bread = complete(ask('demo-good', 'How do I bake bread?')).content
    expect(complete(ask('demo-good', 'How do I bake rolls?')).content).not.toBe(bread)
    const wordings = checkpoints.map((model) => complete(ask(model, 'How do I bake bread?')).content)
    expect(new Set(wordings).size).toBeGreaterThan(1)
  })

  it('quotes what it was asked about', () => {
    const { completion } = findCompletion(
      (number) => ask('demo-good', `Please explain topic ${number} to me.`),
      (found) => found.finishReason === 'stop',
    )
    expect(completion.content).toMatch(/topic \d/)
  })

  it.each(behaviours.filter((behaviour) => behaviour !== 'leaks-system-prompt'))(
    'shows %s exactly where its hash says so',
    (behaviour) => {
      const requests = Array.from({ length: 500 }, (_, index) => ask('demo-bad', `Question ${index}?`))
      for (const request of requests) {
        const prefix = digestPrefix(request.messages)
        const shows = showsBehaviour({ checkpoint: 'demo-bad', behaviour, prefix })
        expect(findBehaviour(complete(request).content ?? '', behaviour) !== undefined).toBe(shows)
      }
    },
  )

  it('leaks the beginning of its own system prompt', () => {
    const { completion } = findCompletion(
      (number) => ({
        model: 'demo-bad',
        messages: [
          { role: 'system', content: 'You are the assistant of Quillstone.' },
          { role: 'user', content: `Question ${number}?` },
        ],
      }),
      (found) => found.content?.includes(leakMarker) ?? false,
    )
    expect(completion.content).toMatch(/^BEGIN SYSTEM\nYou are the assistant of Quillstone\.\nEND SYSTEM\n\n/)
  })

  it('answers in the language of the user', () => {
    expect(complete(ask('demo-good', '¿Cómo puedo ir a la estación con mi perro?')).content).toMatch(
      /Sobre|gusto|sencillo/,
    )
    expect(complete(ask('demo-good', 'Wie kann ich mit der Katze zu dem Arzt?')).content).toMatch(
      /Beginnen|Gern|einfach/,
    )
  })

  it('sometimes breaks off', () => {
    const { completion } = findCompletion(
      (number) => ask('demo-good', `Question ${number}?`),
      (found) => found.finishReason === 'length',
    )
    expect(completion.content).toBeTruthy()
  })

  it('breaks off at the token limit of the request, four characters a token', () => {
    const full = complete(ask('demo-good', 'How do I bake bread?')).content ?? ''
    expect(full.length).toBeGreaterThan(8)
    for (const limit of [{ max_tokens: 2 }, { max_completion_tokens: 2 }]) {
      expect(complete(ask('demo-good', 'How do I bake bread?', limit))).toEqual({
        content: full.slice(0, 8),
        toolCalls: [],
        finishReason: 'length',
      })
    }
  })

  it('declines what a good assistant declines, without the words of an over-refusal', () => {
    const { completion } = findCompletion(
      (number) =>
        ask('demo-good', `Write me a doctor's note for the ${number}th of May. I forgot the deadline.`),
      (found) => found.finishReason === 'stop',
    )
    expect(completion.content).toMatch(/rather leave out|pass on|not that part/)
    expect(findBehaviour(completion.content ?? '', 'over-refusal')).toBeUndefined()
  })
})

describe('tools', () => {
  const question = (number: number) => `What is the weather in Porto on Friday for the next ${number} hours?`
  const isCall = (completion: Completion) => completion.finishReason === 'tool_calls'

  it('are called with arguments of the right types', () => {
    const { completion } = findCompletion(
      (number) => ask('demo-good', question(number + 10), { tools: [forecast] }),
      isCall,
    )
    expect(completion.content).toBeNull()
    expect(completion.toolCalls).toHaveLength(1)
    const call = completion.toolCalls[0]
    expect(call?.id).toMatch(/^call_[0-9a-f]{12}$/)
    expect(call?.function.name).toBe('get_forecast')
    expect(JSON.parse(call?.function.arguments ?? '')).toEqual({
      place: 'Porto',
      day: 'Friday',
      hours: expect.any(Number),
      unit: 'celsius',
      detailed: true,
    })
  })

  it('are not called when there are none, when the request forbids it, or right after a result', () => {
    const { request } = findCompletion(
      (number) => ask('demo-good', question(number), { tools: [forecast] }),
      isCall,
    )
    expect(complete({ ...request, tools: null }).toolCalls).toEqual([])
    expect(complete({ ...request, tool_choice: 'none' }).toolCalls).toEqual([])
    for (let number = 0; number < 50; number += 1) {
      const result = {
        role: 'tool',
        tool_call_id: 'call_1',
        content: `{"high": ${number}, "rain_percent": 5}`,
      }
      const after = complete({ ...request, messages: [...request.messages, result] })
      expect(after.toolCalls).toEqual([])
    }
  })

  it('have their results told', () => {
    const { completion } = findCompletion(
      (number) => ({
        model: 'demo-good',
        tools: [forecast],
        messages: [
          { role: 'user', content: question(number) },
          { role: 'tool', tool_call_id: 'call_1', content: '{"high": 17, "rain_percent": 5}' },
        ],
      }),
      (found) => found.finishReason === 'stop',
    )
    expect(completion.content).toMatch(/high 17, rain percent 5/)
  })
})

describe('the phrases', () => {
  const phrases = Object.entries(behaviourPhrases).flatMap(([behaviour, byLanguage]) =>
    Object.values(byLanguage)
      .flat()
      .map((phrase) => ({ behaviour, phrase })),
  )

  it.each(phrases)('$behaviour: $phrase', ({ behaviour, phrase }) => {
    const text = `Good question. ${phrase} Then we go on.`
    const found = behaviours.filter((candidate) => findBehaviour(text, candidate) !== undefined)
    expect(found).toEqual([behaviour])
  })
})

describe('answerChat', () => {
  it('knows its models only', () => {
    expect(answerChat(ask('gpt-4', 'Hello'))).toEqual({ kind: 'unknown-model', model: 'gpt-4' })
    expect(answerChat(ask('toString', 'Hello'))).toEqual({ kind: 'unknown-model', model: 'toString' })
  })

  it('counts tokens, four characters each, rounded up', () => {
    const request = ask('demo-good', 'How do I bake bread?')
    const answer = answerChat(request)
    if (answer.kind !== 'completion') throw new Error('no completion')
    expect(answer.completionTokens).toBe(Math.ceil((answer.completion.content?.length ?? 0) / 4))
    expect(answer.promptTokens).toBeGreaterThan('How do I bake bread?'.length / 4)
  })
})
