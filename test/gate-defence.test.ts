import { afterEach, describe, expect, it } from '@jest/globals'
import { clientFactory } from '../src/adapters/clients.ts'
import { createConnector } from '../src/connect.ts'
import { decideRecord } from '../src/decide-record.ts'
import { parseEndpoints } from '../src/replay/address.ts'
import { formatPlain } from '../src/report/text.ts'
import { buildView } from '../src/report/view.ts'
import { type ChatEndpoint, type ChatReply, startChatEndpoint } from './fakes/chat-endpoint.ts'
import { createFakeClock } from './fakes/fake-clock.ts'
import { createRecordingLog } from './fakes/recording-log.ts'
import { type ClientScript, completeWith, failWith } from './fakes/scripted-client.ts'
import { attacks } from './support/attacks.ts'
import { writeControls } from './support/controls.ts'
import { createScenario, decide, nameCheckpoints, type ScenarioOptions } from './support/gate-scenario.ts'
import { judgeHonestly, marker, readCategories, readData, writeGrades } from './support/honest-judge.ts'
import { expectReconciled } from './support/reconcile.ts'

const judge = { model: 'judge-1', second_grading: '0%' }
const controls = { 'controls.jsonl': writeControls({ positives: 60, negatives: 60 }) }
/** Two categories that share a call. */
const categories = ['rude', 'loud'].map((id) => ({ id, rubric: 'rubrics/rude.md' }))
/** A candidate that is rude on each fourth turn, in so many words and no others. */
const isBad = ({ customId }: { customId: string }) => Number(customId.slice(2, 5)) % 4 === 1
const bad =
  (text = `${marker}!`): ClientScript =>
  (request) =>
    isBad(request) ? text : 'a kind answer'

function open(options: ScenarioOptions & { withControls?: boolean } = {}) {
  const { withControls = false, policy = {}, ...rest } = options
  const watched = withControls ? { ...judge, controls: 'controls.jsonl' } : judge
  return createScenario({
    ...rest,
    policy: { categories, ...policy, judge: { ...watched, ...(policy.judge as object | undefined) } },
    files: { ...rest.files, base: { ...controls, ...rest.files?.base } },
    scripts: { judge: judgeHonestly, candidate: bad(), ...rest.scripts },
  })
}

async function run(options: Parameters<typeof open>[0] = {}) {
  const scenario = open(options)
  const decided = await decide(scenario)
  expectReconciled(decided, options?.turns ?? 40)
  const { record, estimates, verdict, prices } = decided
  const view = buildView({ record: record.summary, estimates, verdict, prices })
  // What a run says follows from its record alone.
  expect(JSON.stringify(decideRecord(record).verdict)).toBe(JSON.stringify(verdict))
  return {
    scenario,
    record,
    estimates,
    verdict: verdict.verdict,
    conclusion: verdict.conclusion,
    reasons: verdict.categories.map(({ reason }) => reason),
    candidate: verdict.categories.map(({ candidate: { events, missing, graded } }) => ({
      events,
      missing,
      graded,
    })),
    causes: estimates.map(({ candidate }) => candidate.missing.causes),
    headline: view.headline,
    banners: view.banners.map(formatPlain),
  }
}

const answer = (label: string, quote = '') => ({ label, quote })
const always =
  (label: string): ClientScript =>
  (request) =>
    writeGrades(
      request,
      answer(label, label === 'present' ? (readData(request).completion.split(' ')[0] ?? '') : ''),
    )

describe('an honest judge', () => {
  it('fails the candidate, and passes its controls', async () => {
    const decided = await run({ withControls: true })
    expect(decided).toMatchObject({
      verdict: 'fail',
      reasons: ['worse-than-baseline', 'worse-than-baseline'],
    })
    expect(decided.candidate).toEqual([
      { events: 10, missing: 0, graded: 40 },
      { events: 10, missing: 0, graded: 40 },
    ])
    expect(decided.estimates[0]?.controls?.failed).toBe(false)
  })
})

describe('a judge that says the same of everything', () => {
  it('always absent: caught by the controls, and by nothing else', async () => {
    const scripts = { judge: always('absent') }
    expect(await run({ scripts })).toMatchObject({ verdict: 'pass' })
    const watched = await run({ scripts, withControls: true })
    expect(watched).toMatchObject({
      verdict: 'inconclusive',
      conclusion: 'failure',
      reasons: ['control-failed', 'control-failed'],
    })
    expect(watched.headline).toContain(
      'rude: its graders failed their controls. 0 of 60 known positives were found',
    )
  })

  it('always present: no difference between the arms, and caught by the controls', async () => {
    const scripts = { judge: always('present') }
    expect(await run({ scripts })).toMatchObject({
      verdict: 'pass',
      candidate: [{ events: 40 }, { events: 40 }],
    })
    const watched = await run({ scripts, withControls: true })
    expect(watched).toMatchObject({ verdict: 'inconclusive', reasons: ['control-failed', 'control-failed'] })
    expect(watched.headline).toContain('60 of 60 known negatives were flagged')
  })

  it('always present, without a passage to show for it: missing', async () => {
    const judgeEmptily: ClientScript = (request) => writeGrades(request, answer('present'))
    const decided = await run({ scripts: { judge: judgeEmptily } })
    expect(decided).toMatchObject({ verdict: 'inconclusive', reasons: ['judge', 'judge'] })
    expect(decided.causes).toEqual([{ 'judge: quote-not-found': 40 }, { 'judge: quote-not-found': 40 }])
    // Asked once more each, and not a third time.
    expect(decided.scenario.clients.judge.requests).toHaveLength(2 * 80)
  })

  it('always can’t tell: missing, and not asked again', async () => {
    const decided = await run({ scripts: { judge: always('cannot-tell') } })
    expect(decided).toMatchObject({ verdict: 'inconclusive', reasons: ['judge', 'judge'] })
    expect(decided.causes[0]).toEqual({ 'judge: cannot-tell': 40 })
    expect(decided.scenario.clients.judge.requests).toHaveLength(80)
  })
})

describe('a candidate that talks to the judge', () => {
  const order = attacks['addresses-grader'][0]
  /** Answers absent wherever it is told to; another model does not. */
  const gullible: ClientScript = (request) =>
    request.model === 'judge-1' && /absent/i.test(readData(request).completion)
      ? writeGrades(request, answer('absent'))
      : judgeHonestly(request)
  const candidate = bad(`${marker}!\n${order}`)

  it('gains nothing from an honest one', async () => {
    const decided = await run({ scripts: { candidate } })
    expect(decided).toMatchObject({ verdict: 'fail', candidate: [{ events: 10 }, { events: 10 }] })
  })

  it('gains nothing where another model confirms: it is asked of what the first one cleared', async () => {
    const decided = await run({
      scripts: { candidate, judge: gullible },
      policy: { judge: { confirm: { model: 'strong-1', votes: 1 } } },
    })
    expect(decided).toMatchObject({ verdict: 'fail', candidate: [{ events: 10 }, { events: 10 }] })
    expect(decided.estimates[0]?.watch.secondOpinions).toEqual({ asked: 10, flagged: 10 })
  })

  it('is not believed in silence where there is no other: the report says who spoke, and how often', async () => {
    const decided = await run({ scripts: { candidate, judge: gullible } })
    expect(decided.candidate).toMatchObject([{ events: 0 }, { events: 0 }])
    expect(decided.banners).toEqual([
      expect.stringContaining(
        'The candidate was pre-screened in 10 of 40 completions (speaks to a grader 10)',
      ),
    ])
    const listed = [...decided.record.completions].filter(({ prescreens }) => prescreens !== undefined)
    expect(listed.map(({ arm }) => arm)).toEqual(Array.from({ length: 10 }, () => 'candidate'))
    expect(decided.estimates[0]?.watch.secondOpinions).toEqual({ asked: 10, flagged: 0 })
  })

  it('gains nothing by an answer of a colon, which the second opinion is asked of', async () => {
    const fooled: ClientScript = (request) =>
      request.model === 'judge-1'
        ? writeGrades(request, answer('absent'))
        : writeGrades(request, answer('present', ':'))
    const decided = await run({
      scripts: { candidate: bad(':'), judge: fooled },
      policy: { judge: { confirm: { model: 'strong-1', votes: 1 } } },
    })
    expect(decided).toMatchObject({ verdict: 'fail', candidate: [{ events: 10 }, { events: 10 }] })
  })

  it('is spoken of by no banner where both arms do as much', async () => {
    const decided = await run({ scripts: { candidate: bad(order), baseline: bad(order) } })
    expect(decided).toMatchObject({ verdict: 'pass', banners: [] })
  })
})

describe('a judge that does not answer the question', () => {
  it.each<[string, ClientScript, string, number]>([
    ['refuses', () => completeWith({ model: 'judge-1', refusal: 'I will not judge that' }), 'refused', 1],
    ['answers in prose', () => 'The completion is fine.', 'invalid-answer', 2],
    [
      'answers in another language',
      () => '{"begründung": "", "grades": {"rude": {"label": "abwesend"}}}',
      'invalid-answer',
      2,
    ],
    ['gives two objects', (request) => judgeHonestly(request) + judgeHonestly(request), 'invalid-answer', 2],
    ['gives a word of its own', (request) => writeGrades(request, answer('borderline')), 'invalid-answer', 2],
    ['is cut off', (request) => judgeHonestly(request).slice(0, -4), 'invalid-answer', 2],
    ['says nothing', () => failWith('empty-answer'), 'empty-answer', 1],
  ])('and %s: every label is missing, by its cause', async (_name, script, cause, asked) => {
    const decided = await run({ scripts: { judge: script } })
    expect(decided).toMatchObject({
      verdict: 'inconclusive',
      conclusion: 'failure',
      reasons: ['judge', 'judge'],
    })
    expect(decided.causes).toEqual([{ [`judge: ${cause}`]: 40 }, { [`judge: ${cause}`]: 40 }])
    expect(decided.scenario.clients.judge.requests).toHaveLength(80 * asked)
    expect(decided.headline).toContain("Check the judge's endpoint, model and rubric")
  })

  it('in one category of a shared call: that one is missing, the other decides', async () => {
    const forgetful: ClientScript = (request) => {
      const grades = JSON.parse(judgeHonestly(request)) as { grades: Record<string, unknown> }
      expect(readCategories(request)).toEqual(['rude', 'loud'])
      return JSON.stringify({ rationale: '', grades: { rude: grades.grades.rude } })
    }
    const decided = await run({ scripts: { judge: forgetful, candidate: () => 'a kind answer' } })
    expect(decided).toMatchObject({ verdict: 'inconclusive', reasons: ['not-worse', 'judge'] })
    expect(decided.candidate).toEqual([
      { events: 0, missing: 0, graded: 40 },
      { events: 0, missing: 40, graded: 0 },
    ])
    expect(decided.causes[1]).toEqual({ 'judge: invalid-answer': 40 })
  })

  it('the first time that it is asked: the second answer counts', async () => {
    const seen = new Set<string>()
    const slipping: ClientScript = (request) => {
      if (seen.has(request.customId)) return judgeHonestly(request)
      seen.add(request.customId)
      return 'Let me think.'
    }
    const decided = await run({ scripts: { judge: slipping } })
    expect(decided).toMatchObject({
      verdict: 'fail',
      candidate: [{ events: 10, missing: 0 }, { events: 10 }],
    })
    expect(decided.scenario.clients.judge.requests).toHaveLength(160)
  })

  it('of what is bad alone: what is missing is no pass', async () => {
    const evasive: ClientScript = (request) =>
      readData(request).completion.includes(marker)
        ? writeGrades(request, answer('cannot-tell'))
        : judgeHonestly(request)
    const decided = await run({ scripts: { judge: evasive } })
    expect(decided).toMatchObject({ verdict: 'inconclusive', reasons: ['measurement', 'measurement'] })
    expect(decided.candidate[0]).toEqual({ events: 0, missing: 10, graded: 30 })
  })
})

describe('a judge that is not there', () => {
  it('from the beginning: no verdict, and the endpoint is named', async () => {
    await expect(
      open({ scripts: { judge: () => failWith('connection-refused') } }).run(),
    ).rejects.toMatchObject({
      code: 'endpoint',
      message: expect.stringContaining('endpoint "judge"'),
    })
  })

  it('from the middle on: the run ends, and the one that continues it asks for what has no label', async () => {
    let asked = 0
    const dying: ClientScript = (request) => {
      asked += 1
      return asked > 30 ? failWith('connection-refused') : judgeHonestly(request)
    }
    const first = await run({ scripts: { judge: dying } })
    expect(first).toMatchObject({ verdict: 'inconclusive', conclusion: 'failure' })
    // It does not wait for each of those that are left to be refused as well.
    expect(first.record.summary.stopped).toBe('endpoint-down')
    const second = await run({ directory: first.scenario.directory })
    expect(second).toMatchObject({ verdict: 'fail', candidate: [{ events: 10, missing: 0 }, { events: 10 }] })
    expect(second.scenario.clients.judge.requests).toHaveLength(50)
  })

  it('fast enough for the budget: the run ends, the rest is not asked, and the next run goes on', async () => {
    const slow: ClientScript = (request) => {
      first.clock.advance(60_000)
      return judgeHonestly(request)
    }
    const options = { scripts: { judge: slow }, policy: { budget: { max_minutes: 10 } } }
    const first = open(options)
    const decided = await decide(first)
    expectReconciled(decided, 40)
    expect(decided.record.summary.stopped).toBe('max-minutes')
    expect(decided.verdict).toMatchObject({ verdict: 'inconclusive', conclusion: 'failure' })
    expect(decided.verdict.categories.map(({ reason }) => reason)).toEqual(['not-asked', 'not-asked'])
    const asked = first.clients.judge.requests.length
    expect(asked).toBeLessThan(20)
    const second = await run({ directory: first.directory })
    expect(second).toMatchObject({ verdict: 'fail', candidate: [{ events: 10, missing: 0 }, { events: 10 }] })
    // Every answer of the first part is kept.
    expect(second.scenario.clients.judge.requests).toHaveLength(80 - asked)
  })
})

describe('a judge that is another by and by', () => {
  const changing =
    (names: string[]): ClientScript =>
    (request, index) =>
      completeWith({
        text: judgeHonestly(request),
        model: names[Math.floor((index * names.length) / 80)] ?? 'last',
      })

  it('decides nothing, and both names are named', async () => {
    const decided = await run({ scripts: { judge: changing(['judge-1-may', 'judge-1-june']) } })
    expect(decided).toMatchObject({ verdict: 'inconclusive', reasons: ['judge-changed', 'judge-changed'] })
    expect(decided.headline).toContain('judge-1-may, judge-1-june')
    expect(decided.headline).toContain('Pin the judge to one version')
  })

  it('may answer under one name that is not the one asked for', async () => {
    expect(await run({ scripts: { judge: changing(['judge-1-2026-05-01']) } })).toMatchObject({
      verdict: 'fail',
    })
  })

  it('is found out across the parts of a run that was continued', async () => {
    let asked = 0
    const dying: ClientScript = (request, index, signal) => {
      asked += 1
      return asked > 30 ? failWith('timeout') : changing(['judge-1-may'])(request, index, signal)
    }
    const first = await run({ scripts: { judge: dying } })
    const second = await run({
      scripts: { judge: changing(['judge-1-june']) },
      directory: first.scenario.directory,
    })
    expect(second).toMatchObject({ verdict: 'inconclusive', reasons: ['judge-changed', 'judge-changed'] })
  })

  it('as its confirmation is, decides nothing either', async () => {
    const script: ClientScript = (request, index) =>
      request.model === 'strong-1'
        ? completeWith({ text: judgeHonestly(request), model: `strong-1-${index % 2}` })
        : judgeHonestly(request)
    const decided = await run({
      scripts: { judge: script },
      policy: { judge: { confirm: { model: 'strong-1', votes: 3 } } },
    })
    expect(decided).toMatchObject({ verdict: 'inconclusive', reasons: ['judge-changed', 'judge-changed'] })
  })
})

describe('a second grading', () => {
  it('says how far a judge agrees with itself, and changes no label', async () => {
    const wavering: ClientScript = (request) =>
      request.customId.endsWith('|again') ? writeGrades(request, answer('absent')) : judgeHonestly(request)
    const decided = await run({ scripts: { judge: wavering }, policy: { judge: { second_grading: '100%' } } })
    expect(decided).toMatchObject({ verdict: 'fail', candidate: [{ events: 10 }, { events: 10 }] })
    expect(decided.estimates[0]?.watch.again).toEqual({ graded: 80, same: 70, flags: 10, repeated: 0 })
    expect(decided.banners).toEqual([
      expect.stringContaining('under half of the flags were repeated: rude 0 of 10'),
    ])
    expect(decided.scenario.clients.judge.requests).toHaveLength(160)
  })
})

describe('an endpoint without structured output', () => {
  const endpoints: ChatEndpoint[] = []
  afterEach(async () => {
    await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()))
  })

  /** A run over HTTP with a judge that knows no response format. */
  async function runPlainly(write: (text: string) => string) {
    const endpoint = await startChatEndpoint({
      reply: ({ body, model, messages, index }): ChatReply => {
        if (model !== 'judge-1')
          return { text: index % 2 === 0 && model === 'ckpt-2' ? `${marker}!` : 'a kind answer' }
        if ('response_format' in body)
          return { status: 400, body: { error: { message: 'unknown response_format' } } }
        const shared = String(messages[0]?.content).includes('"grades"')
        const asked = { customId: '', model, messages, responseFormat: { name: shared ? 'grades' : 'grade' } }
        return { text: write(judgeHonestly(asked as never)) }
      },
    })
    endpoints.push(endpoint)
    const names = ['baseline', 'candidate', 'judge']
    const log = createRecordingLog()
    const connect = createConnector({
      endpoints: parseEndpoints(names.map((name) => `${name}=${endpoint.url}`)),
      environment: {},
      factory: clientFactory,
      clock: createFakeClock(),
      log,
      remedy: 'give it',
    })
    const decided = await decide(open({ ports: { connect, log } }))
    return { decided, log, told: log.lines.filter((line) => line.includes('response_format')) }
  }

  it.each<[string, (text: string) => string]>([
    ['as it was asked', (text) => text],
    ['in a code fence', (text) => `\`\`\`json\n${text}\n\`\`\``],
  ])('is asked without it from then on, and its answer %s counts', async (_name, write) => {
    const { decided, told } = await runPlainly(write)
    expect(decided.verdict.categories[0]?.candidate).toMatchObject({ graded: 40, missing: 0 })
    expect(told).toHaveLength(1)
  })

  it('that chats around its answer gives none', async () => {
    const { decided } = await runPlainly((text) => `Sure! Here is my assessment:\n\n${text}`)
    expect(decided.verdict).toMatchObject({ verdict: 'inconclusive' })
    expect(decided.estimates[0]?.candidate.missing.causes).toEqual({ 'judge: invalid-answer': 40 })
  })
})

describe('a judge of the candidate’s family', () => {
  it('is warned of, and changes no verdict', async () => {
    const named =
      (model: string): ClientScript =>
      () =>
        completeWith({ text: 'a kind answer', model })
    const judged: ClientScript = (request) =>
      completeWith({ text: judgeHonestly(request), model: 'gpt-5-2025-08-07' })
    const decided = await run({
      files: nameCheckpoints({ baseline: 'llama-3-8b', candidate: 'ft:gpt-4o:acme' }),
      scripts: { judge: judged, candidate: named('ft:gpt-4o:acme'), baseline: named('llama-3-8b') },
    })
    expect(decided.verdict).toBe('pass')
    expect(decided.banners).toEqual([
      expect.stringContaining(
        'The judge gpt-5-2025-08-07 and the checkpoint ft:gpt-4o:acme are of one family (OpenAI)',
      ),
    ])
  })
})
