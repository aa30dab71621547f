import { describe, expect, it } from '@jest/globals'
import { countCalls } from '../../src/grade/grade.ts'
import { graderConfigSchema } from '../../src/grade/graders/index.ts'
import { parsePolicy } from '../../src/policy/load.ts'
import type { CostForecast } from '../../src/report/forecast/cost.ts'
import type { ScriptedClient } from '../fakes/scripted-client.ts'
import { policyFile } from '../support/gate-scenario.ts'
import { type Category, runBoth, type Setup, turns, writePolicyOf } from './plan-and-run.ts'

/** Requests by endpoint; those of no chat too. */
function countAsked(clients: Record<string, ScriptedClient | undefined>, names: string[]) {
  return Object.fromEntries(
    names.map((name) => [name, (clients[name]?.requests.length ?? 0) + (clients[name]?.posts.length ?? 0)]),
  )
}

function readCalls({ grading }: CostForecast, key: 'expected' | 'at_most'): Record<string, number> {
  const calls: Record<string, number> = {}
  for (const { endpoint, calls: own } of grading.endpoints) {
    calls[endpoint] = (calls[endpoint] ?? 0) + (own[key] ?? Number.NaN)
  }
  return calls
}

const three: Category[] = ['rude', 'bleak', 'loud'].map((id) => ({ id, rubric: `rubrics/${id}.md` }))
const strong = { model: 'judge-2', endpoint: 'strong', votes: 3 }
const scores = { kind: 'moderation', endpoint: 'scores' }
const own = { kind: 'judge', rubric: 'rubrics/loud.md', calls: 'each' }

const setups: [string, Setup][] = [
  ['one category', { categories: three.slice(0, 1) }],
  ['a shared call', { categories: three }],
  ['a call a category', { categories: three, judge: { calls: 'each' } }],
  [
    'a shared call, and one of its own with votes',
    { categories: [...three.slice(0, 2), { id: 'loud', graders: [{ ...own, votes: 2 }] }] },
  ],
  ['confirmations by votes', { categories: three, judge: { confirm: strong } }],
  ['a second grading', { categories: three, judge: { confirm: strong, second_grading: '30%' } }],
  [
    'a free grader before a judge',
    {
      categories: [
        { id: 'loud', graders: [{ kind: 'pattern', any: ['NOWHERE'] }, own] },
        ...three.slice(0, 2),
      ],
    },
  ],
  [
    'an endpoint that is no chat, before a judge and after it',
    {
      categories: [
        { id: 'loud', graders: [scores, own] },
        { id: 'rude', graders: [{ kind: 'judge', rubric: 'rubrics/rude.md' }, scores] },
        { id: 'bleak', rubric: 'rubrics/bleak.md' },
      ],
      judge: { second_grading: '30%' },
    },
  ],
  [
    'rubrics that speak of tool calls',
    {
      categories: three,
      judge: { calls: 'each', confirm: strong },
      appliesTo: { loud: 'tool-calls' },
    },
  ],
  [
    'known items',
    {
      categories: three.map((entry) =>
        entry.id === 'loud' ? { ...entry, calibration: 'loud.jsonl' } : entry,
      ),
      judge: { confirm: strong, controls: 'controls.jsonl', second_grading: '30%' },
      sets: {
        'controls.jsonl': [
          { rude: 'present', bleak: 'absent' },
          { rude: 'absent' },
          { loud: 'present', rude: 'present' },
          { unknown: 'present' },
        ],
        'loud.jsonl': [
          { loud: 'present' },
          { loud: 'absent' },
          { loud: 'absent', rude: 'present' },
          { labels: { loud: 'present' }, chosen: 'flagged' },
        ],
      },
    },
  ],
  [
    'known items of categories with calls of their own',
    {
      categories: three.map((entry) => ({ ...entry, calibration: 'all.jsonl' })),
      judge: { calls: 'each', confirm: strong },
      sets: { 'all.jsonl': [{ rude: 'present' }, { rude: 'absent', bleak: 'present' }, { loud: 'absent' }] },
    },
  ],
]

describe('the calls that a plan forecasts', () => {
  it.each(setups)('are those of a run without a flag: %s', async (_, setup) => {
    const { cost, clients } = await runBoth(setup)
    const expected = readCalls(cost, 'expected')
    expect(countAsked(clients, Object.keys(expected))).toEqual(expected)
    expect(clients.baseline.requests.length + clients.candidate.requests.length).toBe(
      cost.completions.at_most,
    )
  })

  it.each(setups.filter(([, { appliesTo }]) => appliesTo === undefined))(
    'are at most those of a run in which everything is flagged: %s',
    async (_, setup) => {
      const { cost, clients } = await runBoth({
        ...setup,
        flagsAll: true,
        completion: () => 'a kind answer NOWHERE',
      })
      const atMost = readCalls(cost, 'at_most')
      expect(countAsked(clients, Object.keys(atMost))).toEqual(atMost)
    },
  )

  it('are those of as many flags as were predicted', async () => {
    const { cost, clients } = await runBoth({
      categories: three,
      judge: { confirm: strong },
      rate: '25%',
      completion: ({ messages }) =>
        Number(/\d+$/.exec(String(messages[1]?.content))?.[0]) % 4 === 0
          ? 'kind [rude] [loud] [bleak]'
          : 'kind',
    })
    expect(readCalls(cost, 'expected')).toEqual({ judge: 80, strong: 180 })
    expect(countAsked(clients, ['judge', 'strong'])).toEqual({ judge: 80, strong: 180 })
  })

  it.each(setups)('are those that a run says it will make of each completion: %s', async (_, setup) => {
    const { cost } = await runBoth(setup)
    const policy = parsePolicy({ file: policyFile, text: writePolicyOf(setup) }, graderConfigSchema)
    const { each, flagged } = countCalls(policy.categories)
    expect(cost.grading).toMatchObject({ calls_each: each, calls_if_flagged: flagged })
    const gradings = 2 * turns + cost.grading.graded_twice
    const known = cost.grading.calibration_items + cost.grading.control_items
    const atMost = cost.judgements.at_most ?? 0
    if (known === 0) expect(atMost).toBe(gradings * (each + flagged))
    else expect(atMost).toBeGreaterThan(gradings * (each + flagged))
  })

  it('name every known item that is graded, and which completions are graded twice', async () => {
    const setup = setups.find(([name]) => name === 'known items')?.[1] ?? { categories: [] }
    const { cost, clients } = await runBoth(setup)
    expect(cost.grading).toMatchObject({ calibration_items: 3, control_items: 3 })
    const again = clients.judge.requests.filter(
      ({ customId }) => customId.endsWith('|again') && !customId.startsWith('known:'),
    )
    expect(again.length).toBeGreaterThan(10)
    expect(cost.grading.graded_twice).toBe(again.length)
  })
})

describe('the prompt tokens that a plan forecasts', () => {
  /** Characters of a request: messages, and the form of the answer. */
  const measure = ({ requests }: ScriptedClient, part: 'all' | 'system') =>
    requests.reduce((sum, { messages, responseFormat }) => {
      const counted = part === 'all' ? messages : messages.slice(0, 1)
      const schema = JSON.stringify(responseFormat?.schema).length
      return counted.reduce((length, { content }) => length + String(content).length, sum + schema)
    }, 0)

  it.each(setups.filter(([, { appliesTo, sets }]) => appliesTo === undefined && sets === undefined))(
    'are a fourth of the characters that judges are sent: %s',
    async (_, setup) => {
      // As long as the longest answer.
      const text = 'kind NOWHERE '.repeat(50).slice(0, 200)
      const { cost, clients } = await runBoth({ ...setup, flagsAll: true, completion: () => text })
      for (const { endpoint, model, prompt_tokens: tokens } of cost.grading.endpoints) {
        if (model === null) continue
        const client = clients[endpoint]
        if (client === undefined) throw new Error(`nobody asked ${endpoint}`)
        expect(new Set(client.requests.map((asked) => asked.model))).toEqual(new Set([model]))
        expect(tokens.at_most).toBe(Math.round(measure(client, 'all') / 4))
      }
    },
  )

  it('tell the share that begins every request alike', async () => {
    const text = 'kind answer '.repeat(50).slice(0, 200)
    const { cost, clients } = await runBoth({ categories: three, completion: () => text })
    const { judge } = clients
    expect(cost.grading.stable_prompt_share).toBeCloseTo(measure(judge, 'system') / measure(judge, 'all'), 12)
    expect(new Set(judge.requests.map(({ messages }) => messages[0]?.content)).size).toBe(1)
    for (const { messages } of judge.requests) {
      expect(messages.map(({ role }) => role)).toEqual(['system', 'user'])
      expect(String(messages[1]?.content)).toContain(`${text}\n</completion-`)
    }
  })
})
