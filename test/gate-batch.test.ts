import { describe, expect, it } from '@jest/globals'
import { clientFactory } from '../src/adapters/clients.ts'
import { createConnector } from '../src/connect.ts'
import type { JudgePorts } from '../src/gate.ts'
import { formatVerdict } from '../src/publish.ts'
import { runFiles } from '../src/record/schema.ts'
import { parseEndpoints } from '../src/replay/address.ts'
import { type BatchApiScript, forwardTo, startBatchApi } from './fakes/batch-api.ts'
import { type ChatScript, startChatEndpoint } from './fakes/chat-endpoint.ts'
import { createFakeClock } from './fakes/fake-clock.ts'
import { createMemoryDirectory } from './fakes/memory-directory.ts'
import { createMemoryHistory } from './fakes/memory-history.ts'
import { createRecordingLog } from './fakes/recording-log.ts'
import { createScenario, decide, type ScenarioOptions } from './support/gate-scenario.ts'

/** Both checkpoints and the judge: what each says follows from what it is asked. */
const reply: ChatScript = ({ model, messages }) => {
  if (model === 'judge-1') {
    const user = String(messages[1]?.content)
    const isRude = user.slice(user.indexOf('<completion-')).includes('RUDE')
    const label = isRude ? 'present' : 'absent'
    return { text: JSON.stringify({ rationale: '', label, quote: isRude ? 'RUDE' : '' }) }
  }
  const [, number = '0'] = /c-(\d+)/.exec(String(messages[0]?.content)) ?? []
  const isRude = Number(number) % (model === 'ckpt-2' ? 7 : 9) === 3
  return { text: isRude ? `RUDE in ${number} of ${model}` : `kind in ${number} of ${model}` }
}

const inBatches = {
  replay: { concurrency: 4, max_attempts: 2, timeout_s: 30, via: 'batch' },
  judge: { model: 'judge-1', second_grading: '10%', via: 'batch' },
}
const live = { judge: { model: 'judge-1', second_grading: '10%' } }

async function withServers(
  script: Partial<BatchApiScript>,
  test: (servers: {
    run: (options: ScenarioOptions, ports?: Partial<JudgePorts>) => ReturnType<typeof createScenario>
    api: Awaited<ReturnType<typeof startBatchApi>>
    chat: Awaited<ReturnType<typeof startChatEndpoint>>
  }) => Promise<void>,
): Promise<void> {
  const chat = await startChatEndpoint({ reply })
  const api = await startBatchApi({ answer: forwardTo(chat.url), ...script })
  const run = (options: ScenarioOptions, ports: Partial<JudgePorts> = {}) => {
    const { via } = (options.policy?.replay ?? {}) as { via?: string }
    const url = via === 'batch' ? api.url : chat.url
    const clock = createFakeClock()
    const log = createRecordingLog()
    const endpoints = parseEndpoints(['baseline', 'candidate', 'judge'].map((name) => `${name}=${url}`))
    const connect = createConnector({
      ...{ endpoints, environment: {}, factory: clientFactory, clock, log, remedy: '' },
    })
    return { ...createScenario({ ...options, ports: { clock, log, connect, ...ports } }), log }
  }
  try {
    await test({ run, api, chat })
  } finally {
    await api.close()
    await chat.close()
  }
}

const write = ({ verdict }: Awaited<ReturnType<typeof decide>>) => JSON.stringify(verdict, null, 2)

describe('a gate that asks in batches', () => {
  it('comes to the verdict of one that asks live, byte for byte, and asks the same', async () => {
    await withServers({}, async ({ run, api, chat }) => {
      const expected = await decide(run({ turns: 60, policy: live }))
      const asked = chat.log.filter(({ method }) => method === 'POST').length
      const decided = await decide(run({ turns: 60, policy: inBatches }))
      expect(write(decided)).toBe(write(expected))
      expect(decided.verdict.categories[1]?.candidate.events).toBeGreaterThan(4)
      expect(chat.log.filter(({ method }) => method === 'POST').length).toBe(2 * asked)
      expect(api.batches.length).toBeLessThanOrEqual(6)
    })
  })

  it('cuts what lies beyond a deciding look, so that early stopping says the same', async () => {
    const policy = { gate: { early_stopping: 'hybrid', stop_at_first_fail: true } }
    const categories = [{ id: 'rude', graders: [{ kind: 'pattern', any: ['RUDE'] }], limit: '1%' }]
    await withServers({}, async ({ run, api }) => {
      const options = { turns: 1200, policy: { ...live, ...policy, categories } }
      const expected = await decide(run(options))
      expect(expected.record.summary.stopped).toBe('decided')
      const { log, ...batched } = run({ ...options, policy: { ...options.policy, ...inBatches } })
      const decided = await decide(batched)
      expect(log.lines[0]).toContain(
        'does not end early by its results: requests in batches are sent all at once',
      )
      expect(write(decided)).toBe(write(expected))
      expect(decided.record.summary.stopped).toBe('decided')
      expect(api.batches.map(({ lines }) => lines.length).toSorted()).toEqual([1200, 1200])
    })
  })

  it('grades in batches what was asked live, in one file and not in many', async () => {
    await withServers({}, async ({ run, api, chat }) => {
      const policy = { judge: inBatches.judge, replay: { via: 'live' } }
      const endpoints = parseEndpoints([`baseline=${chat.url}`, `candidate=${chat.url}`, `judge=${api.url}`])
      const log = createRecordingLog()
      const clock = createFakeClock()
      const connect = createConnector({
        ...{ endpoints, environment: {}, factory: clientFactory, clock, log, remedy: '' },
      })
      const decided = await decide(run({ turns: 300, policy }, { connect, clock, log }))
      expect(decided.verdict.categories[1]?.candidate.graded).toBe(300)
      // All completions, and those whose judge was asked twice.
      expect(api.batches.length).toBeLessThanOrEqual(2)
      expect(api.batches[0]?.lines.length).toBeGreaterThanOrEqual(600)
    })
  })

  it('goes on from a run whose time was over, without a second submission, to the same verdict', async () => {
    let isOpen = false
    const statuses = () => (isOpen ? ['in_progress', 'completed'] : ['in_progress'])
    await withServers({ statuses }, async ({ run, api }) => {
      const directory = createMemoryDirectory()
      const first = run({ turns: 60, policy: inBatches, directory }, { jobMinutes: 30 })
      const left = await decide(first)
      expect(left.verdict.verdict).toBe('inconclusive')
      expect(left.record.summary.stopped).toBe('batch-under-way')
      expect(first.log.lines.join('\n')).toContain('goes on without this run')
      const submitted = api.batches.length
      isOpen = true
      const second = await decide(run({ turns: 60, policy: inBatches, directory }))
      const whole = await decide(run({ turns: 60, policy: live }))
      expect(write(second)).toBe(write(whole))
      const names = api.batches.flatMap(({ lines }) => lines.map((line) => line.custom_id))
      expect(new Set(names).size).toBe(names.length)
      expect(api.batches.slice(0, submitted).every(({ status }) => status === 'completed')).toBe(true)
      expect(second.record.summary.cost.requests).toBe(whole.record.summary.cost.requests)
    })
  })

  it('is killed between two batches, and pays for none of them twice', async () => {
    await withServers({}, async ({ run, api }) => {
      const directory = createMemoryDirectory()
      const whole = await decide(run({ turns: 60, policy: inBatches, directory }))
      const lines = (directory.files.get('journal.jsonl') ?? '').split('\n')
      const created = lines.findLastIndex((line) => line.startsWith('{"batch":"created"'))
      const submitted = api.batches.length
      // After the last batch was made, and after the first.
      for (const cut of [created + 1, 4]) {
        const rest = `${lines.slice(0, cut).join('\n')}\n${lines[cut]?.slice(0, 30)}`
        const left = createMemoryDirectory([['journal.jsonl', rest]])
        const decided = await decide(run({ turns: 60, policy: inBatches, directory: left }))
        expect(write(decided)).toBe(write(whole))
        if (cut !== created + 1) continue
        expect(api.batches.length).toBe(submitted)
        expect(decided.record.summary.cost).toEqual(whole.record.summary.cost)
      }
    })
  })

  it('says how far its batches are', async () => {
    await withServers({}, async ({ run }) => {
      const { log, ...scenario } = run({ turns: 60, policy: inBatches })
      await decide(scenario)
      const said = log.states.flatMap(({ batches }) => batches ?? [])
      expect(said[0]).toEqual({ total: 60, completed: 0, failed: 0 })
      expect(said.at(-1)?.completed).toBe(said.at(-1)?.total)
    })
  })

  it('goes on from what an earlier attempt of another job has kept', async () => {
    let isOpen = false
    const statuses = () => (isOpen ? ['completed'] : ['in_progress'])
    await withServers({ statuses }, async ({ run, api }) => {
      const history = createMemoryHistory()
      const attempt = async (id: string, ports: Partial<JudgePorts>) => {
        history.current = id
        const directory = createMemoryDirectory()
        const request = { run: { id, attempt: 1, event: 'pull_request', tier: 'release' as const } }
        const options = { turns: 60, policy: inBatches, directory, request }
        const decided = await decide(run(options, { history, ...ports }))
        await directory.write(runFiles.verdict, [formatVerdict(decided)])
        history.end(directory)
        return decided
      }
      const first = await attempt('101', { jobMinutes: 30 })
      expect(first.record.summary.stopped).toBe('batch-under-way')
      expect(api.batches.map(({ lines }) => lines.length)).toEqual([60, 60])
      isOpen = true
      const second = await attempt('102', {})
      expect(second.record.summary.history).toMatchObject({ continued: { id: '101', attempt: 1 } })
      expect(second.record.summary.stopped).toBeNull()
      const arms = api.batches.filter(({ lines }) => lines[0]?.body.model !== 'judge-1')
      expect(arms).toHaveLength(2)
      expect(api.count('upload')).toBe(api.batches.length)
    })
  })

  it('leaves its batches and a readable record when it is told to end', async () => {
    await withServers({ statuses: () => ['in_progress'] }, async ({ run, api }) => {
      const cancel = new AbortController()
      const directory = createMemoryDirectory()
      const scenario = run({ turns: 60, policy: inBatches, directory }, { cancelled: cancel.signal })
      const decided = decide(scenario)
      while (api.count('retrieve') < 6) await new Promise((resolve) => setTimeout(resolve, 5))
      cancel.abort()
      const { verdict, record } = await decided
      expect(verdict.verdict).toBe('inconclusive')
      expect(record.summary.stopped).toBe('batch-under-way')
      expect(api.count('cancel')).toBe(0)
      const journal = directory.files.get('journal.jsonl') ?? ''
      expect(journal.match(/"batch":"created"/g)).toHaveLength(2)
    })
  })

  it('counts what a batch did not return as missing, after one more batch, and reconciles', async () => {
    const editOutput = (lines: string[]) => lines.filter((line) => !/kind in 00[12] of ckpt-2/.test(line))
    await withServers({ editOutput }, async ({ run, api }) => {
      const { verdict } = await decide(run({ turns: 60, policy: inBatches }))
      const [, rude] = verdict.categories
      expect(rude?.candidate).toMatchObject({ planned: 60, graded: 58, missing: 2 })
      expect(api.batches.map(({ lines }) => lines.length)).toContain(2)
    })
  })
})
