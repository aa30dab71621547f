import { describe, expect, it } from '@jest/globals'
import type { ToolCall } from '../../src/corpus/conversation.ts'
import type { ChatRequest, Completed, Completion, ToolResult } from '../../src/replay/completion.ts'
import type { AnsweredCall } from '../../src/tools/environment.ts'
import { followTrajectory, type TrajectoryLimits, toMessages } from '../../src/tools/trajectory.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const request: ChatRequest = {
  customId: 'c1#2',
  model: 'ckpt-2',
  messages: [{ role: 'user', content: 'Cancel my flight.' }],
}

function call(name: string, written: string, id = 'x'): ToolCall {
  return { id, type: 'function', function: { name, arguments: written } }
}

function say(text: string, toolCalls: ToolCall[] = [], parts: Partial<Completed> = {}): Completed {
  return {
    kind: 'completed',
    model: 'ckpt-2',
    text,
    reasoning: null,
    toolCalls,
    refusal: null,
    finishReason: toolCalls.length > 0 ? 'tool_calls' : 'stop',
    usage: { promptTokens: 10, completionTokens: 5 },
    systemFingerprint: null,
    ...parts,
  }
}

/** Answers in turn, then the last one for ever; keeps what it was asked. */
function follow(parts: {
  answers: Completion[]
  limits?: Partial<TrajectoryLimits>
  tools?: (call: ToolCall, since: readonly AnsweredCall[]) => Awaited<ReturnType<typeof answerFlight>>
  msPerStep?: number
}) {
  const { answers, limits = {}, tools, msPerStep = 0 } = parts
  const clock = createFakeClock()
  const asked: ChatRequest[] = []
  const completion = followTrajectory({
    request,
    async ask(chat) {
      asked.push(chat)
      if (msPerStep > 0) await clock.sleep(msPerStep)
      return answers[Math.min(asked.length, answers.length) - 1] as Completion
    },
    answer: async (one, since) => (tools ?? answerFlight)(one, since),
    limits: { steps: 10, tokens: null, minutes: null, ...limits },
    clock,
  })
  return { completion, asked }
}

function answerFlight(
  { id }: ToolCall,
  since: readonly AnsweredCall[],
): ToolResult | Exclude<Completion, Completed> {
  return { callId: id, text: `result ${since.length + 1}`, isError: false, source: 'recorded' }
}

describe('a trajectory', () => {
  it('is a plain completion where nothing is called, and the request is that of a replay without tools', async () => {
    const { completion, asked } = follow({ answers: [say('Done.')] })
    expect(await completion).toEqual({ ...say('Done.'), steps: [] })
    expect(asked).toEqual([request])
  })

  it('goes on with what the tools gave back, calls of one answer one after the other', async () => {
    const both = [call('find', '{"a":1}', 'x'), call('find', '{"a":2}', 'y')]
    const { completion, asked } = follow({ answers: [say('Let me look.', both), say('Cancelled.')] })
    const found = await completion
    expect(found).toMatchObject({
      text: 'Cancelled.',
      finishReason: 'stop',
      usage: { promptTokens: 20, completionTokens: 10 },
      steps: [
        {
          text: 'Let me look.',
          toolCalls: both,
          results: [
            { callId: 'x', text: 'result 1' },
            { callId: 'y', text: 'result 2' },
          ],
        },
      ],
    })
    expect(asked.map(({ customId }) => customId)).toEqual(['c1#2', 'c1#2|step 2'])
    expect(asked[1]?.messages).toEqual([
      ...request.messages,
      { role: 'assistant', content: 'Let me look.', tool_calls: both },
      { role: 'tool', tool_call_id: 'x', content: 'result 1' },
      { role: 'tool', tool_call_id: 'y', content: 'result 2' },
    ])
  })

  it('has no completion where a later request fails, or an environment does', async () => {
    const failed = { kind: 'failed', cause: 'timeout', detail: '', retryAfterMs: null } as const
    const one = follow({ answers: [say('', [call('find', '{}')]), failed] })
    expect(await one.completion).toBe(failed)
    const broken = { kind: 'failed', cause: 'simulator-failed', detail: '', retryAfterMs: null } as const
    const two = follow({ answers: [say('', [call('find', '{}')]), say('Done.')], tools: () => broken })
    expect(await two.completion).toBe(broken)
    const stopped = { kind: 'not-asked', reason: 'max-usd' } as const
    expect(await follow({ answers: [say('', [call('find', '{}')])], tools: () => stopped }).completion).toBe(
      stopped,
    )
  })

  it('ends at its limits, with calls that nobody answered', async () => {
    const answers = [0, 1, 2, 3, 4, 5].map((at) => say('', [call('find', `{"page":${at}}`)]))
    const many = follow({ answers, limits: { steps: 4 } })
    expect(await many.completion).toMatchObject({ finishReason: 'max-steps', toolCalls: [{ id: 'x' }] })
    expect(many.asked).toHaveLength(4)
    const dear = follow({ answers, limits: { tokens: 45 } })
    expect(await dear.completion).toMatchObject({ finishReason: 'max-trajectory-tokens' })
    expect(dear.asked).toHaveLength(3)
    const slow = follow({ answers, limits: { minutes: 2 }, msPerStep: 50_000 })
    expect(await slow.completion).toMatchObject({ finishReason: 'max-trajectory-minutes' })
    expect(slow.asked).toHaveLength(3)
    // An answer that calls nothing is the end, whatever it took.
    expect(await follow({ answers: [say('Done.')], limits: { tokens: 1 } }).completion).toMatchObject({
      finishReason: 'stop',
    })
  })

  it('ends where the same calls have had the same results three times, whatever the order of their keys', async () => {
    const same = (_call: ToolCall): ToolResult => ({
      callId: 'x',
      text: 'no such flight',
      isError: true,
      source: 'recorded',
    })
    const turning = follow({
      answers: [say('', [call('find', '{"a":1,"b":2}')]), say('', [call('find', '{"b":2, "a":1}')])],
      tools: same,
    })
    expect(await turning.completion).toMatchObject({ finishReason: 'loop' })
    expect(turning.asked).toHaveLength(4)
    // Results that change are progress: a queue that is polled.
    const polling = follow({ answers: [say('', [call('poll', '{}')])], limits: { steps: 7 } })
    expect(await polling.completion).toMatchObject({ finishReason: 'max-steps' })
  })

  it('has no usage where no answer says any', async () => {
    const answers = [say('', [call('find', '{}')], { usage: null }), say('Done.', [], { usage: null })]
    expect(await follow({ answers }).completion).toMatchObject({ usage: null })
  })
})

describe('a step as messages', () => {
  it('has no text where the model said nothing', () => {
    const calls = [call('find', '{}')]
    const results = [{ callId: 'x', text: '', isError: false, source: 'blocked' as const }]
    expect(toMessages({ text: '', reasoning: 'hm', toolCalls: calls, results })).toEqual([
      { role: 'assistant', content: null, tool_calls: calls },
      { role: 'tool', tool_call_id: 'x', content: '' },
    ])
  })
})
