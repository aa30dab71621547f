import { describe, expect, it } from '@jest/globals'
import { createBudget } from '../../src/replay/budget.ts'
import { createEndpoint } from '../../src/replay/endpoint.ts'
import { createReplay, toRequest, type Unit } from '../../src/replay/replay.ts'
import type { SampledTurn } from '../../src/sample/draw.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { type ClientScript, createScriptedClient, failWith } from '../fakes/scripted-client.ts'

function sampleTurn(id: string, parts: Partial<SampledTurn> = {}): SampledTurn {
  return {
    id,
    conversation: id.split('#')[0] ?? id,
    prefix: [{ role: 'user', content: `question of ${id}` }],
    tools: null,
    weight: 1,
    stratum: null,
    slice: {},
    ...parts,
  }
}

function open(
  scripts: { baseline: ClientScript; candidate: ClientScript },
  maxRequests: number | null = null,
) {
  const clock = createFakeClock()
  const cancelled = new AbortController().signal
  const budget = createBudget({ limits: { maxRequests, maxMinutes: null }, clock, cancelled })
  const clients = {
    baseline: createScriptedClient(scripts.baseline),
    candidate: createScriptedClient(scripts.candidate),
  }
  const connect = (name: 'baseline' | 'candidate') =>
    createEndpoint({
      name,
      client: clients[name],
      budget,
      clock,
      cancelled,
      random: () => 0,
      concurrency: 2,
      maxAttempts: 2,
      timeoutMs: 10_000,
    })
  const endpoints = { baseline: connect('baseline'), candidate: connect('candidate') }
  const models = { baseline: 'ckpt-1', candidate: 'ckpt-2' }
  const replay = async (units: Unit[], rest: { temperature: number | null; maxTokens: number | null }) => {
    const arms = createReplay((unit) =>
      endpoints[unit.arm].ask(toRequest(unit, { models, api: 'chat', ...rest })),
    )
    const first = await Promise.all(units.map((unit) => arms.ask(unit)))
    const left = arms.takeLeft()
    expect(left).toHaveLength(first.filter((unit) => unit === null).length)
    const again = await Promise.all(left.map((unit) => arms.askAgain(unit)))
    expect(arms.takeLeft()).toEqual([])
    return units.map((unit) =>
      [...first, ...again].find((one) => one?.turn.id === unit.turn.id && one.arm === unit.arm),
    )
  }
  return { clients, replay }
}

const plain = { temperature: null, maxTokens: null }

describe('createReplay', () => {
  it('sends the prefix and nothing that production would not send', async () => {
    const { clients, replay } = open({ baseline: () => 'b', candidate: () => 'c' })
    const tools = [{ type: 'function' as const, function: { name: 'find' } }]
    const [first, second] = await replay(
      [
        { turn: sampleTurn('a#1'), arm: 'baseline' },
        { turn: sampleTurn('a#1', { tools }), arm: 'candidate' },
      ],
      plain,
    )
    expect([first?.completion, second?.completion]).toMatchObject([{ text: 'b' }, { text: 'c' }])
    const messages = [{ role: 'user', content: 'question of a#1' }]
    expect(clients.baseline.requests).toEqual([{ customId: 'a#1', model: 'ckpt-1', messages }])
    expect(clients.candidate.requests).toEqual([{ customId: 'a#1', model: 'ckpt-2', messages, tools }])
  })

  it('sends temperature and length as the policy has them, also a temperature of 0', async () => {
    const { clients, replay } = open({ baseline: () => 'b', candidate: () => 'c' })
    await replay([{ turn: sampleTurn('a#1'), arm: 'candidate' }], { temperature: 0, maxTokens: 64 })
    expect(clients.candidate.requests[0]).toMatchObject({ temperature: 0, maxTokens: 64 })
  })

  it('asks what failed in transport once more, when everything else has been answered', async () => {
    const events: string[] = []
    const { replay } = open({
      baseline: () => 'b',
      candidate: async ({ customId }) => {
        events.push(`${customId} asked`)
        const count = events.filter((event) => event === `${customId} asked`).length
        if (customId === 'a#1') return count <= 2 ? failWith('timeout') : 'c'
        await new Promise((resolve) => setTimeout(resolve, 2))
        events.push(`${customId} answered`)
        return 'c'
      },
    })
    const units = ['a#1', 'b#1', 'c#1', 'd#1'].map((id) => ({
      turn: sampleTurn(id),
      arm: 'candidate' as const,
    }))
    const replayed = await replay(units, plain)
    expect(replayed.map((unit) => unit?.completion.kind)).toEqual(units.map(() => 'completed'))
    expect(events.at(-1)).toBe('a#1 asked')
    expect(events.filter((event) => event === 'a#1 asked')).toHaveLength(3)
  })

  it('asks nothing else a second time', async () => {
    const { clients, replay } = open({
      baseline: () => 'b',
      candidate: ({ customId }) => (customId === 'a#1' ? failWith('bad-request') : 'c'),
    })
    const units = ['b#1', 'a#1'].map((id) => ({ turn: sampleTurn(id), arm: 'candidate' as const }))
    const replayed = await replay(units, plain)
    expect(replayed[1]?.completion).toEqual(failWith('bad-request'))
    expect(clients.candidate.requests).toHaveLength(2)
  })

  it('keeps the failure of the first pass when there is no budget for another', async () => {
    const { replay } = open({ baseline: () => 'b', candidate: () => failWith('timeout') }, 2)
    const [unit] = await replay([{ turn: sampleTurn('a#1'), arm: 'candidate' }], plain)
    expect(unit?.completion).toEqual(failWith('timeout'))
  })
})
