import { afterEach, describe, expect, it } from '@jest/globals'
import { clientFactory } from '../src/adapters/clients.ts'
import { createConnector } from '../src/connect.ts'
import { parseEndpoints } from '../src/replay/address.ts'
import { type ChatEndpoint, listAsked, startChatEndpoint } from './fakes/chat-endpoint.ts'
import { createFakeClock } from './fakes/fake-clock.ts'
import { createMemoryDirectory, type MemoryDirectory } from './fakes/memory-directory.ts'
import { createRecordingLog } from './fakes/recording-log.ts'
import { type ClientScript, failWith } from './fakes/scripted-client.ts'
import { writeControls } from './support/controls.ts'
import { createScenario, decide, type ScenarioOptions } from './support/gate-scenario.ts'
import { judgeHonestly, readData, writeGrades } from './support/honest-judge.ts'

const judge = { model: 'judge-1', second_grading: '0%', controls: 'controls.jsonl' }
const rude = { id: 'rude', rubric: 'rubrics/rude.md' }

/** A run with live controls; without changes it passes. */
function open(
  options: ScenarioOptions & { positives?: number; negatives?: number; categories?: object[] } = {},
) {
  const { positives = 60, negatives = 40, categories = [rude], ...rest } = options
  const controls = writeControls({ positives, negatives })
  return createScenario({
    ...rest,
    policy: { judge, categories, ...rest.policy },
    files: { base: { 'controls.jsonl': controls, ...rest.files?.base } },
    scripts: { judge: judgeHonestly, ...rest.scripts },
  })
}

const isControl = ({ customId }: { customId: string }) => customId.startsWith('known:')
const countControls = (requests: readonly { customId: string }[]) => requests.filter(isControl).length

/** Overlooks the marker from a request on. */
const fallFrom = (first: number): ClientScript => {
  let asked = 0
  return (request) => {
    asked += 1
    return asked > first ? writeGrades(request, { label: 'absent', quote: '' }) : judgeHonestly(request)
  }
}

describe('live controls', () => {
  it('are graded once each, beside the turns, and change no count of them', async () => {
    const scenario = open()
    const { record, estimates, verdict } = await decide(scenario)
    expect(verdict.verdict).toBe('pass')
    expect(countControls(scenario.clients.judge.requests)).toBe(100)
    expect(scenario.clients.judge.requests).toHaveLength(180)
    expect(scenario.clients.candidate.requests).toHaveLength(40)
    expect(estimates[0]?.candidate).toMatchObject({ planned: 40, graded: 40, events: 0 })
    expect(record.known).toHaveLength(100)
    expect(verdict.categories[0]?.controls).toEqual({
      positives: { planned: 60, flagged: 60, p: 1, wrong: [] },
      negatives: { planned: 40, flagged: 0, p: 1, wrong: [] },
      failed: false,
    })
    expect(scenario.log.lines.join('\n')).toContain('80 completions to ask for and 100 known items to grade')
  })

  it('that a judge overlooks make the run inconclusive, and are named', async () => {
    const { verdict } = await decide(open({ scripts: { judge: fallFrom(0) } }))
    expect(verdict).toMatchObject({ verdict: 'inconclusive', conclusion: 'failure' })
    expect(verdict.reasons).toEqual(['rude: control-failed'])
    expect(verdict.categories[0]).toMatchObject({ reason: 'control-failed', controls: { failed: true } })
    expect(verdict.categories[0]?.controls?.positives).toMatchObject({ planned: 60, flagged: 0 })
    expect(verdict.categories[0]?.controls?.positives.wrong).toContain('x-0')
  })

  it('that a judge flags wrongly do too', async () => {
    const flagAll: ClientScript = (request) => {
      const [word = ''] = readData(request).completion.split(' ')
      return writeGrades(request, { label: 'present', quote: word })
    }
    const { verdict } = await decide(open({ scripts: { judge: flagAll } }))
    expect(verdict.reasons).toEqual(['rude: control-failed'])
    expect(verdict.categories[0]?.controls).toMatchObject({
      positives: { flagged: 60 },
      negatives: { flagged: 40, wrong: expect.arrayContaining(['y-0', 'y-39']) },
    })
  })

  it('are spread over a run, so that a judge that falls in its middle is found out', async () => {
    const fallen: ClientScript = (request, index, signal) => fall(request, index, signal)
    // 750 turns are three batches: each has a third of the controls, and 500 completions.
    const fall = fallFrom(2 * 533)
    const scenario = open({ turns: 750, scripts: { judge: fallen } })
    const { verdict } = await decide(scenario)
    const places = scenario.clients.judge.requests.flatMap((request, index) =>
      isControl(request) ? [index] : [],
    )
    expect(places.filter((place) => place < 533).length).toBeGreaterThanOrEqual(33)
    expect(places.filter((place) => place >= 2 * 533).length).toBeGreaterThanOrEqual(33)
    expect(verdict.categories[0]?.reason).toBe('control-failed')
    const flagged = verdict.categories[0]?.controls?.positives.flagged ?? 0
    expect(flagged).toBeGreaterThan(30)
    expect(flagged).toBeLessThan(60)
  })

  it('are mixed into the work of a batch, not put before it', async () => {
    const scenario = open()
    await decide(scenario)
    const asked = scenario.clients.judge.requests.map(isControl)
    const share = (from: number, to: number) => asked.slice(from, to).filter(Boolean).length / (to - from)
    expect(asked[0]).toBe(false)
    // 100 controls beside 80 completions.
    for (const from of [0, 45, 90, 135])
      expect(Math.abs(share(from, from + 45) - 100 / 180)).toBeLessThan(0.2)
  })

  it('are graded to the last also where the results end the run early', async () => {
    const scenario = open({
      turns: 1000,
      categories: [{ ...rude, limit: '2%', regression: false }],
    })
    const { record, verdict } = await decide(scenario)
    expect(record.summary.stopped).toBe('decided')
    expect(verdict.verdict).toBe('pass')
    expect(scenario.clients.candidate.requests.length).toBeLessThan(1000)
    expect(countControls(scenario.clients.judge.requests)).toBe(100)
    expect(verdict.categories[0]?.controls?.positives).toMatchObject({ planned: 60, flagged: 60 })
  })

  it('take a pass back that the results had decided early', async () => {
    const { verdict } = await decide(
      open({
        turns: 1000,
        categories: [{ ...rude, limit: '2%', regression: false }],
        scripts: { judge: fallFrom(0) },
      }),
    )
    expect(verdict.categories[0]).toMatchObject({ verdict: 'inconclusive', reason: 'control-failed' })
  })

  it('that the judge gave no label are missed', async () => {
    const scenario = open({
      scripts: {
        judge: (request) => (isControl(request) ? failWith('server-error') : judgeHonestly(request)),
      },
    })
    const { verdict, estimates } = await decide(scenario)
    expect(verdict.reasons).toEqual(['rude: control-failed'])
    expect(estimates[0]?.controls?.positives).toMatchObject({ flagged: 0, unlabelled: 60 })
    // A judge that says nothing flags nothing wrongly.
    expect(estimates[0]?.controls?.negatives).toMatchObject({ flagged: 0, unlabelled: 40, failed: false })
  })

  it('that the budget does not reach are missed too: what was not tried has not been passed', async () => {
    const { verdict, record } = await decide(open({ policy: { budget: { max_requests: 160 } } }))
    expect(record.known.length).toBeLessThan(100)
    expect(verdict.verdict).toBe('inconclusive')
  })

  it('are read from the base: a pull request can’t bring its own', async () => {
    const easy = writeControls({ positives: 1, negatives: 0 })
    const { record } = await decide(open({ files: { head: { 'controls.jsonl': easy } } }))
    expect(record.summary.plan.controls?.categories).toEqual({ rude: { positives: 60, negatives: 40 } })
  })

  it('are a part of the plan: other controls are another plan', async () => {
    const [one, other] = await Promise.all([decide(open()), decide(open({ positives: 59 }))])
    expect(one.record.summary.planDigest).not.toBe(other.record.summary.planDigest)
  })
})

describe('a run that is continued', () => {
  const kill = (directory: MemoryDirectory, lines: number) =>
    createMemoryDirectory([
      [
        'journal.jsonl',
        `${(directory.files.get('journal.jsonl') ?? '').split('\n').slice(0, lines).join('\n')}\n`,
      ],
    ])

  it('grades its controls anew, as its judge may be another, and counts those of both parts', async () => {
    const whole = open()
    const expected = await decide(whole)
    const directory = kill(whole.directory as MemoryDirectory, 90)
    const before = (directory.files.get('journal.jsonl') ?? '')
      .split('\n')
      .filter((line) => line.includes('"known"'))
    expect(before.length).toBeGreaterThan(10)
    expect(before.length).toBeLessThan(100)
    const continued = open({ directory })
    const decided = await decide(continued)
    expect(countControls(continued.clients.judge.requests)).toBe(100)
    expect(decided.verdict.verdict).toBe(expected.verdict.verdict)
    const { positives, negatives } = decided.verdict.categories[0]?.controls ?? {}
    expect((positives?.planned ?? 0) + (negatives?.planned ?? 0)).toBe(100 + before.length)
  })

  it('does not lend the controls of its first part to a judge that finds nothing', async () => {
    const whole = open()
    await decide(whole)
    const directory = kill(whole.directory as MemoryDirectory, 130)
    const known = (directory.files.get('journal.jsonl') ?? '')
      .split('\n')
      .filter((line) => line.includes('"known"'))
    const continued = open({ directory, scripts: { judge: () => '{"label": "absent", "quote": ""}' } })
    const { verdict, estimates } = await decide(continued)
    expect(verdict.reasons).toEqual(['rude: control-failed'])
    expect(estimates[0]?.controls?.positives.planned).toBeGreaterThan(60)
    expect(known.length).toBeGreaterThan(10)
  })

  it('asks again for controls that failed in transport, and forgets that they had', async () => {
    const first = open({
      scripts: {
        judge: (request) =>
          /^known:x-(?:[0-9]|1[0-9])\|/.test(request.customId) ? failWith('timeout') : judgeHonestly(request),
      },
    })
    expect((await decide(first)).verdict.reasons).toEqual(['rude: control-failed'])
    const second = open({ directory: first.directory })
    const { verdict } = await decide(second)
    expect(countControls(second.clients.judge.requests)).toBe(20)
    expect(verdict.verdict).toBe('pass')
  })

  it('asks nobody where the first part had finished', async () => {
    const whole = open()
    const expected = await decide(whole)
    const again = open({
      directory: whole.directory,
      scripts: { judge: () => failWith('connection-refused') },
    })
    expect(JSON.stringify((await decide(again)).verdict)).toBe(JSON.stringify(expected.verdict))
    expect(again.clients.judge.requests).toEqual([])
  })
})

describe('what the judge is sent', () => {
  const endpoints: ChatEndpoint[] = []
  afterEach(async () => {
    await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()))
  })

  /** The bodies of all requests to the judge, over HTTP. */
  async function listBodies(calls: 'shared' | 'each') {
    const endpoint = await startChatEndpoint({
      reply: ({ body, model, messages }) => {
        const asked = { customId: '', model, messages, responseFormat: readFormat(body) }
        return { text: model === 'judge-1' ? judgeHonestly(asked as never) : 'a kind answer to c-000' }
      },
    })
    endpoints.push(endpoint)
    const names = ['baseline', 'candidate', 'judge']
    const connect = createConnector({
      endpoints: parseEndpoints(names.map((name) => `${name}=${endpoint.url}`)),
      environment: {},
      factory: clientFactory,
      clock: createFakeClock(),
      log: createRecordingLog(),
      remedy: 'give it',
    })
    const categories = [rude, { ...rude, id: 'loud' }]
    await decide(open({ turns: 12, categories, policy: { judge: { ...judge, calls } }, ports: { connect } }))
    return listAsked(endpoint)
      .map(({ raw, headers, path }) => ({ raw, path, headers, body: JSON.parse(raw) }))
      .filter(({ body }) => body.model === 'judge-1')
  }

  const readFormat = (body: Record<string, unknown>) =>
    (body.response_format as { json_schema?: object } | undefined)?.json_schema

  it.each(['shared', 'each'] as const)(
    'is the same for a control as for a turn, but for the data (calls: %s)',
    async (calls) => {
      const bodies = await listBodies(calls)
      const perItem = calls === 'shared' ? 1 : 2
      // The controls are labelled in one category, and are put to no other one's judge.
      expect(bodies).toHaveLength(100 + 24 * perItem)
      const shapes = new Set(
        bodies.map(({ body, path, headers }) => {
          const [system, user] = body.messages
          const { 'content-length': _, ...rest } = headers
          const form = user.content.replace(/(?:question of|answer to|RUDE|kind|a) ?|[cxy]-\d+/g, '')
          return JSON.stringify([path, rest, { ...body, messages: [system, { ...user, content: form }] }])
        }),
      )
      expect(shapes.size).toBe(1)
      for (const { raw } of bodies)
        expect(raw).not.toMatch(/known|control|calibrat|eval|expected|label(?:led)? set/i)
    },
  )
})
