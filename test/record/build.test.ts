import { describe, expect, it } from '@jest/globals'
import { priceUsage } from '../../src/record/build.ts'
import { findPrescreened } from '../../src/record/prescreened.ts'
import { recordSummarySchema } from '../../src/record/schema.ts'
import { completeWith } from '../fakes/scripted-client.ts'
import { createScenario, decide } from '../support/gate-scenario.ts'

const call = { id: 'a', type: 'function' as const, function: { name: 'find', arguments: '{}' } }

describe('a record', () => {
  it('lists turns in the order of the draw, and outcomes by turn, arm and category', async () => {
    const { record } = await decide(createScenario({ turns: 3 }))
    const order = record.turns.map(({ turn }) => turn)
    expect(order.toSorted()).toEqual(['c-000#1', 'c-001#1', 'c-002#1'])
    expect(record.outcomes.map(({ turn, arm, category }) => [turn, arm, category])).toEqual(
      order.flatMap((turn) =>
        ['baseline', 'candidate'].flatMap((arm) =>
          ['leaks', 'rude'].map((category) => [turn, arm, category]),
        ),
      ),
    )
    expect([...record.completions].map(({ turn, arm }) => [turn, arm])).toEqual(
      order.flatMap((turn) => ['baseline', 'candidate'].map((arm) => [turn, arm])),
    )
  })

  it('keeps every name that a model gives itself, also one that JSON readers drop', async () => {
    const named = completeWith({ text: 'a kind answer', model: '__proto__' })
    const { record } = await decide(createScenario({ turns: 2, scripts: { candidate: () => named } }))
    expect(record.summary.arms.candidate.models).toEqual({ '"__proto__"': 2 })
    const again = recordSummarySchema.parse(JSON.parse(JSON.stringify(record.summary)))
    expect(again.arms.candidate.models).toEqual(record.summary.arms.candidate.models)
  })

  it('says what the completions look like, without any judge', async () => {
    const { record } = await decide(
      createScenario({
        turns: 5,
        scripts: {
          candidate: ({ customId }) => {
            if (customId === 'c-000#1') return completeWith({ refusal: 'no', systemFingerprint: 'fp-1' })
            if (customId === 'c-001#1') return completeWith({ toolCalls: [call], finishReason: 'tool_calls' })
            return completeWith({ text: 'x'.repeat(Number(customId.slice(4, 5))), systemFingerprint: 'fp-2' })
          },
        },
      }),
    )
    expect(record.summary.arms.candidate).toMatchObject({
      source: { kind: 'live' },
      models: { 'ckpt-2': 5 },
      systemFingerprints: { 'fp-1': 1, 'fp-2': 3 },
      signals: {
        completions: 5,
        refusals: 1,
        toolCalls: 1,
        finishReasons: { stop: 4, tool_calls: 1 },
        charactersMedian: 2,
      },
      usage: { promptTokens: 50, completionTokens: 25 },
    })
    expect(record.summary.graders[0]?.usage).toEqual({ promptTokens: 100, completionTokens: 50 })
  })

  it('knows of what it was made of which completions are not left to one opinion', async () => {
    const vary = ({ customId }: { customId: string }) =>
      completeWith({ text: customId === 'c-001#1' ? '...' : 'a kind answer' })
    const { record } = await decide(createScenario({ turns: 3, scripts: { candidate: vary } }))
    const { prescreened } = record.completions
    expect([...(prescreened?.reasons ?? [])]).toEqual([['c-001#1|candidate', ['no-words']]])
    const { length, [Symbol.iterator]: iterate } = record.completions
    expect(prescreened).toEqual(findPrescreened({ length, [Symbol.iterator]: iterate }))
  })

  it('says where everything came from', async () => {
    const { record } = await decide(createScenario({ turns: 3 }))
    expect(record.summary).toMatchObject({
      version: 1,
      gateVersion: '0.0.0-test',
      run: { attempt: 1, id: '7', event: 'pull_request' },
      commits: { policy: 'base', baseline: 'base', candidate: 'head', trustAnchor: 'base' },
      sample: { turnsAsked: 3, turnsDrawn: 3, conversations: 3, turnsEligible: 3, conversationsExpired: 0 },
      timing: { startedAt: '2026-11-02T08:00:00.000Z', elapsedMs: 0 },
      stopped: null,
    })
    expect(record.summary.planDigest).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('priceUsage', () => {
  const prices = { a: { inputUsdPer1m: 2, outputUsdPer1m: 10 } }
  const usage = { promptTokens: 1_000_000, completionTokens: 500_000 }

  it('adds up what is known, and knows nothing where one price is not known', () => {
    expect(
      priceUsage(
        [
          { model: 'a', usage },
          { model: 'a', usage },
        ],
        prices,
      ),
    ).toBe(14)
    expect(
      priceUsage(
        [
          { model: 'a', usage },
          { model: 'b', usage },
        ],
        prices,
      ),
    ).toBeNull()
    expect(priceUsage([], prices)).toBe(0)
  })

  it('does not ask for the price of a model that used nothing', () => {
    const nothing = { promptTokens: 0, completionTokens: 0 }
    expect(
      priceUsage(
        [
          { model: 'a', usage },
          { model: 'b', usage: nothing },
        ],
        prices,
      ),
    ).toBe(7)
  })

  it.each(['constructor', 'toString', '__proto__'])('knows no price of a model called %s', (model) => {
    expect(priceUsage([{ model, usage }], prices)).toBeNull()
  })
})
