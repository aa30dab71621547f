import { describe, expect, it } from '@jest/globals'
import { formatVerdict } from '../../src/publish.ts'
import { createMemoryHistory } from '../fakes/memory-history.ts'
import { writeControls } from '../support/controls.ts'
import { createScenario, decide, type ScenarioOptions } from '../support/gate-scenario.ts'
import { judgeHonestly } from '../support/honest-judge.ts'
import { measureAll, measureOne, mergeAll, reportOf } from '../support/in-shards.ts'
import { expectReconciled } from '../support/reconcile.ts'

// Answers that depend on the turn alone, so that every job hears the same.
const rude = (messages: readonly { content?: unknown }[]) => /[37]$/.test(String(messages.at(-1)?.content))

const controlled: ScenarioOptions = {
  turns: 700,
  policy: {
    judge: { model: 'judge-1', second_grading: '5%', controls: 'controls.jsonl' },
    categories: [
      { id: 'leaks', graders: [{ kind: 'pattern', any: ['LEAK'] }], limit: '2%' },
      { id: 'rude', rubric: 'rubrics/rude.md' },
    ],
    gate: { early_stopping: 'off' },
    replay: { concurrency: 20 },
  },
  files: { base: { 'controls.jsonl': writeControls({ positives: 60, negatives: 40 }) } },
  scripts: {
    judge: judgeHonestly,
    candidate: ({ messages }) => (rude(messages) ? 'a MARKER answer' : 'a kind answer'),
  },
}

describe('a run in shards', () => {
  it.each([
    { of: 1, waves: 1 },
    { of: 3, waves: 1 },
    { of: 8, waves: 1 },
    { of: 2, waves: 3 },
    { of: 5, waves: 9 },
  ])('decides as one job: $of shards in $waves waves', async (layout) => {
    const alone = createScenario(controlled)
    const whole = await decide(alone)
    const { left, units, judged } = await measureAll({ layout, options: controlled })
    expect(units).toBe(1400)
    expect(judged).toBe(alone.clients.judge.requests.length)
    const { decided, scenario } = await mergeAll({ left, of: layout.of, options: controlled })
    expect(formatVerdict(decided)).toBe(formatVerdict(whole))
    expect(decided.record.outcomes).toEqual(whole.record.outcomes)
    expect(decided.record.completions).toEqual(whole.record.completions)
    expect(new Set(decided.record.known.map(({ item }) => item)).size).toBe(100)
    expect(decided.record.summary.cost).toEqual(whole.record.summary.cost)
    expect(scenario.connected).toEqual([])
    expectReconciled(decided, 700)
  })

  it('gives each shard about as much to ask, whatever the order of the corpus', async () => {
    const { measured } = await measureAll({ layout: { of: 8, waves: 1 }, options: controlled })
    const reversed = await measureAll({
      layout: { of: 8, waves: 1 },
      options: { ...controlled, reversed: true },
    })
    const counts = measured.map(({ units }) => units)
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(8)
    expect(reversed.measured.map(({ units }) => units)).toEqual(counts)
  })
})

const limit = {
  id: 'leaks',
  graders: [{ kind: 'pattern', any: ['LEAK'] }],
  limit: '1%',
  regression: false,
}
const stopping: ScenarioOptions = {
  turns: 1500,
  policy: { categories: [limit], replay: { concurrency: 50 } },
}

describe('early stopping between waves', () => {
  it('asks nothing after the wave whose results decide, and gives the verdict file of one job', async () => {
    const whole = await decide(createScenario(stopping))
    expect(whole.record.summary.stopped).toBe('decided')
    const layout = { of: 4, waves: 2 }
    const { left, units } = await measureAll({ layout, options: stopping })
    // The first wave has the first three looks; the second one decides, and the second wave asks nothing.
    expect(units).toBe(1500)
    expect(await reportOf(left, '1/1')).toMatchObject({ stopped: null, plannedTurns: 1500 })
    expect(await reportOf(left, '4/2')).toMatchObject({ stopped: 'decided' })
    const { decided } = await mergeAll({ left, of: 4, options: stopping })
    expect(formatVerdict(decided)).toBe(formatVerdict(whole))
    expect(decided.record.outcomes).toEqual(whole.record.outcomes)
    expectReconciled(decided, 1500)
  })

  it('looks at what lies beyond the decision as one job does, which never asked it', async () => {
    const late: ScenarioOptions = {
      ...stopping,
      scripts: { candidate: ({ messages }) => (rude(messages) ? 'a LEAK' : 'kind') },
    }
    const whole = await decide(createScenario(late))
    expect(whole.verdict.verdict).toBe('fail')
    const { left } = await measureAll({ layout: { of: 3, waves: 1 }, options: late })
    const { decided } = await mergeAll({ left, of: 3, options: late })
    expect(formatVerdict(decided)).toBe(formatVerdict(whole))
  })
})

describe('a shard that is lost', () => {
  const options: ScenarioOptions = { turns: 400, policy: { gate: { early_stopping: 'off' } } }

  it('is missing data, and the run says whose', async () => {
    const { left } = await measureAll({ layout: { of: 4, waves: 1 }, options, lost: ['3/1'] })
    const { decided, scenario } = await mergeAll({ left, of: 4, options })
    expect(decided.verdict.verdict).toBe('inconclusive')
    expect(decided.verdict.categories[0]?.candidate).toMatchObject({
      planned: 400,
      graded: 300,
      missing: 100,
    })
    expectReconciled(decided, 400)
    const log = scenario.log.lines.join('\n')
    expect(log).toContain('3 of 4 shards have left what they measured')
    expect(log).toContain('200 completions are missing')
    expect(log).toContain('shard 3 of 4')
  })

  it('is measured by running it again, and nothing else is', async () => {
    const { left } = await measureAll({ layout: { of: 4, waves: 1 }, options, lost: ['3/1'] })
    await mergeAll({ left, of: 4, options })
    const again = await measureOne({ left, shard: { index: 3, of: 4, wave: 1, waves: 1 }, options })
    expect(again.units).toBe(200)
    const { decided } = await mergeAll({ left, of: 4, options })
    expect(formatVerdict(decided)).toBe(formatVerdict(await decide(createScenario(options))))
  })

  it('that was cut off is continued where it was', async () => {
    const controller = new AbortController()
    let asked = 0
    const cut = await measureOne({
      ...{ left: (await measureAll({ layout: { of: 4, waves: 1 }, options, lost: ['1/1'] })).left },
      shard: { index: 1, of: 4, wave: 1, waves: 1 },
      options: {
        ...options,
        ports: { cancelled: controller.signal },
        scripts: {
          candidate: () => {
            asked += 1
            if (asked === 40) controller.abort()
            return 'a kind answer'
          },
        },
      },
    })
    expect(cut.result).toMatchObject({ kind: 'measured', report: { stopped: 'cancelled' } })
    const { decided, scenario } = await mergeAll({
      left: await leftOf(cut, options),
      of: 4,
      options,
    })
    expect(decided.verdict.categories[0]?.reason).toBe('not-asked')
    expect(decided.verdict.categories[0]?.candidate.missing).toBe(0)
    expectReconciled(decided, 400)
    expect(scenario.log.lines.join('\n')).not.toContain('are missing')
  })
})

/** What a cut shard and three whole ones have left. */
async function leftOf(cut: Awaited<ReturnType<typeof measureOne>>, options: ScenarioOptions) {
  const { left } = await measureAll({ layout: { of: 4, waves: 1 }, options, lost: ['1/1'] })
  left.kept.set('1/1', { shard: { index: 1, of: 4, wave: 1, waves: 1 }, directory: cut.directory })
  const again = await measureOne({ left, shard: { index: 1, of: 4, wave: 1, waves: 1 }, options })
  expect(again.units).toBeGreaterThan(0)
  expect(again.units).toBeLessThan(200)
  left.kept.set('1/1', { shard: { index: 1, of: 4, wave: 1, waves: 1 }, directory: cut.directory })
  return left
}

describe('a budget', () => {
  it('is kept by all shards together', async () => {
    const options: ScenarioOptions = {
      turns: 400,
      policy: { gate: { early_stopping: 'off' }, budget: { max_requests: 801 } },
    }
    const { left, measured } = await measureAll({ layout: { of: 4, waves: 1 }, options })
    const requests = measured.reduce((sum, { units, judged }) => sum + units + judged, 0)
    expect(requests).toBe(800)
    const { decided } = await mergeAll({ left, of: 4, options })
    expect(decided.record.summary.stopped).toBe('max-requests')
    expect(decided.verdict.verdict).toBe('inconclusive')
    expect(decided.record.summary.cost.requests).toBe(800)
    expectReconciled(decided, 400)
  })

  it('leaves a later wave what earlier ones have not taken', async () => {
    const options: ScenarioOptions = {
      turns: 500,
      policy: { gate: { early_stopping: 'off' }, budget: { max_requests: 1600 } },
    }
    const { measured } = await measureAll({ layout: { of: 2, waves: 2 }, options })
    const requests = measured.map(({ units, judged }) => units + judged)
    expect(requests).toEqual([500, 500, 300, 300])
  })
})

describe('shards and what was before', () => {
  it('begin one attempt, which the merged run ends and a later one finds standing', async () => {
    const history = createMemoryHistory()
    history.current = '7'
    const options: ScenarioOptions = {
      turns: 300,
      policy: { gate: { early_stopping: 'off' } },
      ports: { history },
    }
    const { left } = await measureAll({ layout: { of: 2, waves: 1 }, options })
    const { decided } = await mergeAll({ left, of: 2, options })
    expect(decided.verdict.verdict).toBe('pass')
    expect(decided.record.summary.history).toMatchObject({ kind: 'kept', number: 1 })
  })
})
