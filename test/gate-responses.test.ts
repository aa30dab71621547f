import { afterEach, describe, expect, it } from '@jest/globals'
import { clientFactory } from '../src/adapters/clients.ts'
import { createConnector } from '../src/connect.ts'
import { parseEndpoints } from '../src/replay/address.ts'
import { listAsked, startChatEndpoint } from './fakes/chat-endpoint.ts'
import { createFakeClock } from './fakes/fake-clock.ts'
import { createRecordingLog } from './fakes/recording-log.ts'
import { type ResponsesScript, startResponsesEndpoint } from './fakes/responses-endpoint.ts'
import { createScenario, decide } from './support/gate-scenario.ts'

const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

/** Arms on a server that speaks the Responses API alone, and a judge on one that speaks chat alone. */
async function open(reply: ResponsesScript, replay: Record<string, unknown> = {}) {
  const arms = await startResponsesEndpoint(reply)
  const judge = await startChatEndpoint({
    reply: () => ({ text: JSON.stringify({ rationale: '', label: 'absent', quote: '' }) }),
  })
  closing.push(arms.close, judge.close)
  const log = createRecordingLog()
  const connect = createConnector({
    endpoints: parseEndpoints([`baseline=${arms.url}`, `candidate=${arms.url}`, `judge=${judge.url}`]),
    environment: {},
    factory: clientFactory,
    clock: createFakeClock(),
    log,
    remedy: 'give it',
  })
  const policy = { replay: { api: 'responses', concurrency: 4, max_attempts: 2, timeout_s: 30, ...replay } }
  const scenario = createScenario({ turns: 12, policy, ports: { connect, log } })
  return { arms, judge, scenario }
}

describe('replay.api: responses', () => {
  it('asks both arms through the Responses API, and the judge by chat, to a verdict', async () => {
    const { arms, judge, scenario } = await open(({ body }) => ({ text: `an answer of ${body.model}` }), {
      temperature: 0,
      max_tokens: 64,
    })
    const { record, verdict } = await decide(scenario)
    const bodies = arms.log
      .filter(({ path }) => path === '/v1/responses')
      .map(({ raw }) => JSON.parse(raw) as Record<string, unknown>)
    expect(bodies.map(({ model }) => model).toSorted()).toEqual([
      ...Array.from({ length: 12 }, () => 'ckpt-1'),
      ...Array.from({ length: 12 }, () => 'ckpt-2'),
    ])
    expect(bodies[0]).toMatchObject({ temperature: 0, max_output_tokens: 64, store: false })
    expect(listAsked(judge).every(({ path }) => path === '/v1/chat/completions')).toBe(true)
    expect(verdict.categories.map(({ candidate }) => candidate.graded)).toEqual([12, 12])
    expect(record.summary.arms.candidate).toMatchObject({
      models: { 'ckpt-2': 12 },
      usage: { promptTokens: 120, completionTokens: 60 },
      signals: { finishReasons: { stop: 12 } },
    })
    expect(record.summary.plan.policy.replay.api).toBe('responses')
  })

  it('is another way of asking, and another plan', async () => {
    const digest = async (api: string) =>
      (await decide(createScenario({ turns: 4, policy: { replay: { api, concurrency: 4 } } }))).record.summary
    const [chat, responses] = [await digest('chat'), await digest('responses')]
    expect(responses.planParts.replay).not.toBe(chat.planParts.replay)
    expect(responses.planParts).toEqual({ ...chat.planParts, replay: responses.planParts.replay })
  })

  it('counts an answer that was cut short, and one that failed, as what they are', async () => {
    const { scenario } = await open(({ body, index }) =>
      body.model === 'ckpt-1'
        ? { text: 'cut', incomplete: 'max_output_tokens' }
        : index % 2 === 0
          ? { refusal: 'I cannot.' }
          : { body: { object: 'response', status: 'failed', output: [], error: { code: 'invalid_prompt' } } },
    )
    const { record } = await decide(scenario)
    const { baseline, candidate } = record.summary.arms
    expect(baseline.signals.finishReasons).toEqual({ length: 12 })
    expect(candidate.signals.completions + listFailed([...record.completions])).toBe(12)
    expect(candidate.signals.refusals).toBe(candidate.signals.completions)
  })
})

function listFailed(lines: readonly { arm: string; completion: { kind: string } }[]): number {
  return lines.filter(({ arm, completion }) => arm === 'candidate' && completion.kind === 'failed').length
}
