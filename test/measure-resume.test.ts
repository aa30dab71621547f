import { describe, expect, it } from '@jest/globals'
import { readRecord, writeAudits } from '../src/record/store.ts'
import { createMemoryDirectory, type MemoryDirectory } from './fakes/memory-directory.ts'
import { failWith } from './fakes/scripted-client.ts'
import { createScenario, decide, type ScenarioOptions } from './support/gate-scenario.ts'
import { takeRefusal } from './support/refusal.ts'

/** The bytes of `verdict.json`. */
const write = ({ verdict }: Awaited<ReturnType<typeof decide>>) => JSON.stringify(verdict, null, 2)

const answer = (suffix: string) => (request: { customId: string }) =>
  Number(request.customId.slice(2, 5)) % 9 === 4 ? `RUDE ${suffix}` : `a kind answer ${suffix}`

const options: ScenarioOptions = {
  scripts: { candidate: answer('of ckpt-2'), baseline: answer('of ckpt-1') },
}

/** What a kill leaves behind: the first lines of the journal, and the beginning of the next one. */
function kill(directory: MemoryDirectory, lines: number): MemoryDirectory {
  const whole = (directory.files.get('journal.jsonl') ?? '').split('\n')
  const rest = `${whole.slice(0, lines).join('\n')}\n${whole[lines]?.slice(0, 25)}`
  return createMemoryDirectory([['journal.jsonl', rest]])
}

const listAsked = ({ clients }: ReturnType<typeof createScenario>) =>
  [clients.baseline, clients.candidate, clients.judge].map(({ requests }) => requests.length)

describe('a run that was killed', () => {
  it('asks only for what is missing, and comes to the same verdict and record', async () => {
    const whole = createScenario(options)
    const expected = await decide(whole)
    const directory = kill(whole.directory, 31)
    const continued = createScenario({ ...options, directory })
    const decided = await decide(continued)
    expect(listAsked(continued).reduce((sum, count) => sum + count)).toBe((80 - 30) * 2)
    expect(write(decided)).toBe(write(expected))
    for (const name of ['turns.jsonl', 'outcomes.jsonl', 'completions.jsonl']) {
      expect(directory.files.get(name)).toBe(whole.directory.files.get(name))
    }
  })

  it('asks nothing at all when it had finished, and needs no endpoint that still answers', async () => {
    const whole = createScenario(options)
    const expected = await decide(whole)
    const down = () => failWith('connection-refused')
    const again = createScenario({
      scripts: { baseline: down, candidate: down, judge: down },
      directory: whole.directory,
    })
    expect(write(await decide(again))).toBe(write(expected))
    expect(listAsked(again)).toEqual([0, 0, 0])
  })

  it('is refused when the plan is another by now, before anything is asked', async () => {
    const whole = createScenario(options)
    await decide(whole)
    const other = createScenario({
      ...options,
      policy: { gate: { alpha: 0.01 } },
      directory: whole.directory,
    })
    const error = await takeRefusal(() => other.run())
    expect(error).toMatchObject({ code: 'run-directory', message: expect.stringContaining('another plan') })
    expect(listAsked(other)).toEqual([0, 0, 0])
  })

  it('is continued under another budget, concurrency or price: they change no measurement', async () => {
    const whole = createScenario(options)
    const expected = await decide(whole)
    const continued = createScenario({
      ...options,
      policy: { budget: { max_requests: 500 }, replay: { concurrency: 1, max_attempts: 2, timeout_s: 30 } },
      directory: kill(whole.directory, 11),
    })
    expect(write(await decide(continued))).toBe(write(expected))
  })

  it('asks again for turns that were lost on the way, and for no others', async () => {
    const isLost = (customId: string) => customId.startsWith('c-007')
    const first = createScenario({
      scripts: { candidate: ({ customId }) => (isLost(customId) ? failWith('timeout') : 'a kind answer') },
    })
    const before = await decide(first)
    expect(before.verdict.categories[0]?.candidate.missing).toBe(1)
    const second = createScenario({ directory: first.directory })
    const after = await decide(second)
    expect(second.clients.candidate.requests.map(({ customId }) => customId)).toEqual(['c-007#1'])
    expect(listAsked(second)).toEqual([0, 1, 1])
    expect(after.verdict.categories[0]?.candidate).toMatchObject({ graded: 40, missing: 0 })
  })

  it('forgets what people said of a turn that is asked again, and of no other', async () => {
    const scripts: ScenarioOptions['scripts'] = {
      candidate: () => 'a LEAK',
      judge: ({ customId }) =>
        customId.startsWith('c-007') ? failWith('timeout') : '{"label": "absent", "quote": ""}',
    }
    const first = createScenario({ scripts })
    await decide(first)
    const flag = (turn: string) => ({ turn, arm: 'candidate', category: 'leaks', present: false }) as const
    await writeAudits(first.directory, [flag('c-007#1'), flag('c-008#1')])
    const second = createScenario({ directory: first.directory, scripts: { candidate: () => 'a LEAK' } })
    const { record } = await decide(second)
    expect(second.clients.candidate.requests.map(({ customId }) => customId)).toEqual(['c-007#1'])
    expect(record.audits).toEqual([flag('c-008#1')])
    expect((await readRecord(second.directory)).audits).toEqual([flag('c-008#1')])
  })

  it('still ends with a verdict when what was lost can not be had again', async () => {
    const lost = ({ customId }: { customId: string }) =>
      Number(customId.slice(2, 5)) % 5 === 3 ? failWith('server-error') : 'a kind answer'
    const first = createScenario({ scripts: { candidate: lost, baseline: () => 'a kind answer' } })
    const before = await decide(first)
    expect(before.verdict.categories[0]?.candidate.missing).toBe(8)
    const second = createScenario({ scripts: { candidate: lost }, directory: first.directory })
    expect(write(await decide(second))).toBe(write(before))
  })

  it('asks again for turns that met a key which had run out', async () => {
    const first = createScenario({
      policy: { replay: { concurrency: 1 } },
      scripts: { candidate: (_request, index) => (index < 25 ? 'a kind answer' : failWith('unauthorized')) },
    })
    await decide(first)
    const second = createScenario({ policy: { replay: { concurrency: 1 } }, directory: first.directory })
    const { verdict } = await decide(second)
    expect(second.clients.candidate.requests).toHaveLength(15)
    expect(verdict.categories[0]?.candidate).toMatchObject({ graded: 40, missing: 0 })
  })

  it('is refused when its journal was damaged in the middle', async () => {
    const whole = createScenario(options)
    await decide(whole)
    const lines = (whole.directory.files.get('journal.jsonl') ?? '').split('\n')
    lines[10] = lines[10]?.slice(0, 40) ?? ''
    const directory = createMemoryDirectory([['journal.jsonl', lines.join('\n')]])
    const error = await takeRefusal(() => createScenario({ ...options, directory }).run())
    expect(error).toMatchObject({ message: 'the journal is damaged', where: { line: 11 } })
  })
})

describe('a run that was cancelled on the way', () => {
  it.each([1, 7, 60, 100])('comes to the same verdict in two parts, cut after %d requests', async (cut) => {
    const slip = { ...options.scripts, judge: createSlippingJudge() }
    const expected = await decide(createScenario({ scripts: slip }))
    const cancel = new AbortController()
    let asked = 0
    const first = createScenario({
      scripts: {
        ...options.scripts,
        judge: createSlippingJudge(() => {
          asked += 1
          if (asked === cut) cancel.abort()
        }),
      },
      ports: { cancelled: cancel.signal },
    })
    const partial = await decide(first)
    expect(partial.record.summary.stopped).toBe('cancelled')
    const second = createScenario({
      scripts: { ...options.scripts, judge: createSlippingJudge() },
      directory: first.directory,
    })
    expect(write(await decide(second))).toBe(write(expected))
  })
})

/** A judge that slips the first time it is asked about every third turn, and is right the second time. */
function createSlippingJudge(onAsk: () => void = () => undefined) {
  const seen = new Set<string>()
  return ({ customId, messages }: { customId: string; messages: { content?: unknown }[] }) => {
    onAsk()
    const slips = Number(customId.slice(2, 5)) % 3 === 0 && !seen.has(customId)
    seen.add(customId)
    if (slips) return 'let me think'
    const rude = String(messages[1]?.content).includes('RUDE')
    return JSON.stringify({ rationale: '', label: rude ? 'present' : 'absent', quote: rude ? 'RUDE' : '' })
  }
}
