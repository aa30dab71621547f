import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type DemoServer, startDemoServer } from '../../src/adapters/demo-server.ts'
import { type PlanOptions, runPlan } from '../../src/commands/plan.ts'
import { runFromTerminal } from '../../src/commands/run.ts'
import type { PlanForecast } from '../../src/report/forecast/plan-forecast.ts'
import { listAsked, startChatEndpoint } from '../fakes/chat-endpoint.ts'
import { createRecordingLog } from '../fakes/recording-log.ts'
import { takeRefusal } from '../support/refusal.ts'
import { root } from '../support/shared.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()

interface PlanChanges extends Partial<PlanOptions> {
  /** Texts of the policy, and what replaces them. */
  edits?: Record<string, string>
  /** Files of the repository beside the demo's. */
  files?: Record<string, string>
}

/** A copy of the demo, with its policy changed. */
async function copyDemo({ edits = {}, files = {} }: PlanChanges): Promise<string> {
  const folder = join(await makeFolder(), 'demo')
  await cp(resolve(root, 'examples/demo'), folder, { recursive: true })
  const file = join(folder, 'checkpoint-gate.yml')
  let text = await readFile(file, 'utf8')
  for (const [from, to] of Object.entries(edits)) {
    if (!text.includes(from)) throw new Error(`the policy has no "${from}"`)
    text = text.replace(from, to)
  }
  await writeFile(file, text)
  for (const [path, content] of Object.entries(files)) await writeFile(join(folder, path), content)
  return folder
}

const common = {
  policy: 'checkpoint-gate.yml',
  baseline: 'demo-baseline',
  rubrics: resolve(root, 'rubrics'),
  repository: 'checkpoint-gate/demo',
  tier: 'release' as const,
}

async function plan(changes: PlanChanges = {}) {
  const folder = changes.folder ?? (await copyDemo(changes))
  const { edits: _, files: __, ...options } = changes
  const printed: string[] = []
  const exitCode = await runPlan(
    {
      ...common,
      folder,
      candidate: 'demo-good',
      endpoints: [],
      out: join(folder, 'out'),
      cancelled: new AbortController().signal,
      json: false,
      aa: false,
      runsPerYear: '52',
      ...options,
    },
    createRecordingLog(),
    (text) => printed.push(text),
  )
  return { exitCode, text: printed.join('\n') }
}

async function planAsData(changes: PlanChanges = {}): Promise<PlanForecast> {
  return JSON.parse((await plan({ ...changes, json: true })).text)
}

/** Every line of a text without its breaks. */
function unwrap(text: string): string {
  return text.replaceAll(/\n {2,}(?! )/g, ' ')
}

describe('plan', () => {
  it('says what the demo can show and cost, without an endpoint', async () => {
    const { exitCode, text } = await plan()
    expect(exitCode).toBe(0)
    expect(text).toContain('400 turns of 720 conversations')
    expect(text).toMatch(/verdict, at the predictions: pass \d+ %, fail < 1 %, inconclusive \d+ %/)
    expect(unwrap(text)).toMatch(
      /over-refusal: predicted 1\.5 %, limit 6 % verdict, at the prediction: pass (?:(?:> )?99|100) %/,
    )
    expect(unwrap(text)).toMatch(
      /limit: 0\.77 % is the smallest that this sample can pass, 0\.84 % when 1 % of the calls/,
    )
    expect(text).toMatch(/worse than the baseline: found with a chance of 80 % from \d/)
    expect(text).toContain('at most 6,400 requests to the arms and 853 judgements')
    expect(text).toMatch(/simulator: about \d+ calls of demo-tools/)
    expect(text).toMatch(/cost: about \$\d.* expected; the most is what `budget\.max_usd` allows/)
    expect(text).toMatch(/time: about \d+ min (?:\d+ s )?expected/)
    expect(unwrap(text)).toMatch(
      /false FAILs: at most 1\.3 a year at 52 runs \(one in 0\.77 years\), .* without Holm's correction, up to 9\.6/,
    )
    expect(text).not.toContain('PROBLEM')
    expect(text.split('\n').every((line) => line.length <= 120)).toBe(true)
  })

  it("refuses a limit that the sample can't pass at all, and says three ways out", async () => {
    const { exitCode, text } = await plan({ edits: { 'limit: 1% }': 'limit: 0.5% }' } })
    expect(exitCode).toBe(3)
    expect(unwrap(text)).toMatch(
      /PROBLEM: not measurable: 400 turns .* the limit is 0\.5 %; draw about \d+ turns, raise the limit to 0\.77 % or more, or set `role: watch`/,
    )
  })

  it('refuses one that it hardly ever passes at the prediction, and a margin that it hardly passes', async () => {
    const { exitCode, text } = await plan({ edits: { 'limit: 6%': 'limit: 2%, margin: 1%' } })
    expect(exitCode).toBe(3)
    expect(unwrap(text)).toMatch(
      /PROBLEM: not measurable: at the predicted 1\.5 % it passes its limit of 2 % with a chance of only \d+ %; draw about \d+ turns/,
    )
    expect(unwrap(text)).toMatch(
      /PROBLEM: not measurable: even when nothing changed it passes its margin of 1 % with a chance of only \d+ %; draw about \d+ turns, raise the margin to/,
    )
  })

  it('is data for programs too', async () => {
    expect(await planAsData()).toMatchObject({
      version: 1,
      turns_drawn: 400,
      rule: {
        alpha: 0.05,
        regression_alpha: 0.01,
        tests: 8,
        early_stopping_off: 'the weights of the turns differ',
      },
      rates_from: null,
      cost: {
        turns: { expected: 400, at_most: 400 },
        // A request for each turn, and one for each step that production made; at most 8 steps.
        completions: { expected: 932, at_most: 6400 },
        // One shared call a completion, and 53 of the completions a second time.
        judgements: { expected: 853, at_most: 853 },
        over_budget: null,
      },
      categories: expect.arrayContaining([
        expect.objectContaining({
          id: 'over-refusal',
          predicted_per_100k: 1500,
          limit: expect.objectContaining({ per_100k: 6000 }),
          judge: { kind: 'uncalibrated', floor_per_100k: null },
          problems: [],
        }),
        expect.objectContaining({ id: 'leaks-system-prompt', judge: { kind: 'none', floor_per_100k: null } }),
      ]),
    })
  })

  it('counts turns that an early end saves, and stays within the budget or says so', async () => {
    const limitsOnly = {
      'turns: 400, epoch: demo-1': 'turns: 400, epoch: demo-1, turns_per_conversation: all',
      'categories:': 'budget: { max_requests: 500 }\ncategories:',
    }
    const forecast = await planAsData({ edits: limitsOnly })
    expect(forecast.cost.over_budget).toMatch(/^budget\.max_requests is 500, and about 1906 are expected/)
    expect(forecast.rule.early_stopping_off).toContain('several turns')
    expect(forecast.effective_conversations).toBeLessThan(forecast.turns_drawn)
    const { text } = await plan({ edits: limitsOnly })
    expect(unwrap(text)).toContain('conversations give several turns: where those go together')
    expect(unwrap(text)).toContain('budget: budget.max_requests is 500')
  })

  it("takes a calibration into limits, and knows the judge's floor", async () => {
    const calibration = {
      edits: { 'limit: 6%': 'limit: 6%, calibration: calibration.yml' },
      files: {
        'calibration.yml':
          'version: 1\ncategory: over-refusal\npositives: { turns: 60, flagged: 57 }\nnegatives: { turns: 300, flagged: 2 }\n',
      },
    }
    const read = async (changes: PlanChanges) =>
      (await planAsData(changes)).categories.find(({ id }) => id === 'over-refusal')
    const [plain, judged] = [await read({}), await read(calibration)]
    expect(judged?.limit?.smallest_per_100k).toBeGreaterThan((plain?.limit?.smallest_per_100k ?? 0) / 0.95)
    expect(judged?.judge.kind).toBe('calibrated')
    // About the limit and the upper bound of 2 false alarms in 300, 2.1 %.
    expect(judged?.judge.floor_per_100k).toBeGreaterThan(7500)
    expect(judged?.judge.floor_per_100k).toBeLessThan(8500)
    const { text } = await plan(calibration)
    expect(unwrap(text)).toMatch(/judge: a rate under about \S+ % can't be told from one at the limit/)
  })

  it('says when the corpus has fewer conversations than were asked for', async () => {
    const { text } = await plan({ edits: { 'turns: 400': 'turns: 5000' } })
    expect(text).toContain('720 turns of 720 conversations, 5,000 were asked for')
  })

  it('promises no pass to a smoke run', async () => {
    const forecast = await planAsData({ tier: 'smoke' })
    expect(forecast.turns_drawn).toBe(300)
    expect(forecast.overall.chances?.pass).toBe(0)
    expect(forecast.categories.every(({ problems }) => problems.length === 0)).toBe(true)
  })

  it('counts false alarms at the team’s cadence', async () => {
    const daily = await planAsData({ runsPerYear: '365' })
    expect(daily.false_fails?.per_year_at_most).toBeCloseTo((365 * 0.2) / 8, 9)
    expect(daily.false_fails?.years_between_at_least).toBeCloseTo(8 / (365 * 0.2), 9)
    expect((await takeRefusal(() => plan({ runsPerYear: 'many' }))).message).toContain('not a number of runs')
  })

  it('has nothing to plan for an unchanged checkpoint, and asks no endpoint', async () => {
    const error = await takeRefusal(() => plan({ candidate: 'demo-baseline' }))
    expect(error.message).toContain('on both sides')
    const refused = await takeRefusal(() => plan({ endpoints: ['baseline=http://127.0.0.1:1/v1'] }))
    expect(refused.message).toBe('a plan asks no endpoint')
  })
})

describe('plan with a server', () => {
  let server: DemoServer
  beforeAll(async () => {
    server = await startDemoServer()
  })
  afterAll(() => server.close())

  const few = { 'turns: 400': 'turns: 120' }

  it("takes the baseline's rates, and what a turn takes, from an earlier run", async () => {
    const folder = await copyDemo({ edits: few })
    const out = join(folder, 'run')
    await runFromTerminal(
      {
        ...common,
        folder,
        candidate: 'demo-good',
        endpoints: ['baseline', 'candidate', 'judge'].map((name) => `${name}=${server.url}`),
        out,
        cancelled: new AbortController().signal,
      },
      createRecordingLog(),
      () => undefined,
    )
    const forecast = await planAsData({ folder, from: out })
    expect(forecast.rates_from).toEqual({ run: out, turns: 120 })
    const refusal = forecast.categories.find(({ id }) => id === 'over-refusal')
    const record = JSON.parse(await readFile(join(out, 'record.json'), 'utf8'))
    const verdict = JSON.parse(await readFile(join(out, 'verdict.json'), 'utf8'))
    const seen = verdict.categories.find((entry: { id: string }) => entry.id === 'over-refusal')
    expect(refusal?.baseline_per_100k).toBeCloseTo(seen.baseline.rate_per_100k, 6)
    expect(refusal?.predicted_per_100k).toBe(1500)
    const { completions, judgements, tool_steps: steps } = forecast.cost
    expect(completions.expected).toBe(240 * (steps?.requests_each.expected ?? 0))
    expect(completions.expected).toBeGreaterThan(240)
    const others = (judgements.expected ?? 0) + (steps?.simulator?.calls ?? 0)
    expect((completions.expected ?? 0) + others).toBeCloseTo(record.cost.requests, 6)
    expect(forecast.cost.minutes.expected).toBeCloseTo(record.timing.elapsedMs / 60_000, 6)
    const { text } = await plan({ folder, from: out })
    expect(unwrap(text)).toContain(`the baseline's and how often two runs differ from ${out}`)
    const other = await takeRefusal(() => plan({ folder, from: out, baseline: 'demo-bad' }))
    expect(other.message).toBe('the run measured the baseline "demo-baseline", and "demo-bad" is served')
    const nothing = join(folder, 'nothing')
    await mkdir(nothing)
    expect((await takeRefusal(() => plan({ folder, from: nothing }))).message).toContain(
      'there is no record.json',
    )
  })

  it('replays the baseline against itself, and writes no verdict', async () => {
    const folder = await copyDemo({ edits: few })
    const aa = {
      folder,
      aa: true,
      endpoints: ['baseline', 'judge'].map((name) => `${name}=${server.url}`),
      out: join(folder, 'aa'),
    }
    const { exitCode, text: printed } = await plan(aa)
    const text = unwrap(printed)
    expect(exitCode).toBe(0)
    expect(text).toContain('demo-baseline against itself: 120 turns, each replayed twice')
    expect(text).toContain('The gate would not have failed it.')
    expect(text).toMatch(/It took 553 requests, \$\d+\.\d\d and /)
    expect(text).toMatch(
      /noise: \d+ of 120 pairs differ \(\d+ in the first replay only, \d+ in the second only\)/,
    )
    expect(text).toMatch(
      /margin: \S+ % is the smallest that passes with a chance of 80 % when nothing changed/,
    )
    expect(text).toMatch(/false FAIL: a chance of \S+ ?\S* %/)
    // The simulated models answer the same prefix in the same way.
    expect(text).toContain('No pair differs anywhere')
    const read = (name: string) => readFile(join(aa.out, name), 'utf8')
    const result = JSON.parse(await read('aa.json'))
    expect(result).toMatchObject({
      version: 1,
      checkpoint: 'demo-baseline',
      turns: 120,
      would_fail: false,
      runs_per_year: 52,
    })
    const record = JSON.parse(await read('record.json'))
    expect(record.plan).toMatchObject({ baseline: 'demo-baseline', candidate: 'demo-baseline' })
    expect(record.plan.policy.gate.earlyStopping).toBe('off')
    expect(result.requests).toBe(record.cost.requests)
    await expect(read('verdict.json')).rejects.toThrow('ENOENT')
    // What it measured serves the next plan as well.
    const forecast = await planAsData({ folder, from: aa.out })
    const noise = result.categories.find((entry: { id: string }) => entry.id === 'over-refusal')
    expect(noise.pairs).toBe(120)
    expect(forecast.rates_from?.turns).toBe(120)
  })

  it('measures the noise of an endpoint that answers now so, now so', async () => {
    const noisy = await startChatEndpoint({
      reply: ({ index }) => ({ text: index % 13 === 0 ? 'BEGIN SYSTEM' : 'a kind answer' }),
    })
    try {
      const edits = { 'turns: 400': 'turns: 300', 'limit: 1% }': 'margin: 8% }' }
      const folder = await copyDemo({ edits })
      const file = join(folder, 'checkpoint-gate.yml')
      // Without judges and tools: their endpoint is another one.
      const policy = (await readFile(file, 'utf8'))
        .replaceAll(/^.*rubric: builtin.*\n/gm, '')
        .replace(/^tools:\n(?: .*\n)+/m, '')
      await writeFile(file, policy)
      const { text } = await plan({ folder, aa: true, endpoints: [`baseline=${noisy.url}`], json: true })
      const [leaks] = JSON.parse(text).categories
      expect(listAsked(noisy)).toHaveLength(600)
      expect(leaks.pairs).toBe(300)
      // Every thirteenth of 600 answers, of which a few fall on both replays of a turn.
      const differing = leaks.first_only + leaks.second_only
      expect(differing).toBeGreaterThan(30)
      expect(leaks.discordant_per_100k.rate).toBeCloseTo((differing / 300) * 100_000, 6)
      expect(leaks.false_fail_per_run).toBeGreaterThan(0)
      expect(leaks.false_fail_per_run).toBeLessThanOrEqual(0.005)
      expect(leaks.margin_per_100k).toBeGreaterThan(2000)
      expect(leaks.margin_per_100k).toBeLessThan(10_000)
    } finally {
      await noisy.close()
    }
  })

  it('keeps to the budget, and needs the address of the baseline', async () => {
    const edits = { ...few, 'categories:': 'budget: { max_requests: 100 }\ncategories:' }
    const folder = await copyDemo({ edits })
    const endpoints = ['baseline', 'judge'].map((name) => `${name}=${server.url}`)
    const { text } = await plan({ folder, aa: true, endpoints, json: true })
    const result = JSON.parse(text)
    expect(result.requests).toBe(100)
    const pairs = result.categories.map((entry: { pairs: number }) => entry.pairs)
    expect(Math.max(...pairs)).toBeLessThan(120)
    const error = await takeRefusal(() => plan({ aa: true, endpoints: [`judge=${server.url}`] }))
    expect(error.message).toBe('endpoint "baseline" has no address')
  })
})
