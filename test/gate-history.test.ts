import { describe, expect, it } from '@jest/globals'
import { formatVerdict } from '../src/publish.ts'
import { runFiles } from '../src/record/schema.ts'
import { createMemoryDirectory } from './fakes/memory-directory.ts'
import { createMemoryHistory, type MemoryHistory, unreachable } from './fakes/memory-history.ts'
import { type ClientScript, completeWith } from './fakes/scripted-client.ts'
import {
  categories,
  createScenario,
  policyFile,
  type ScenarioOptions,
  writePolicy,
} from './support/gate-scenario.ts'

// The whole pipeline, several runs over one history: what a second run asks, finds and says.

const leaking: ClientScript = () => 'LEAK'
const prediction = { category: 'leaks', rate: '1%', interval: ['0%', '5%'], direction: 'same' }

function register(changes: Record<string, unknown> = {}): string {
  return JSON.stringify({ version: 1, candidate: 'ckpt-2', predictions: [prediction], ...changes })
}

const amended = register({
  predictions: [{ ...prediction, rate: '2%' }],
  amendments: [{ number: 1, date: '2026-11-03', reason: 'the corpus has grown' }],
})

/** A run over a history; what it ended with is kept, as the action does, unless nothing was measured. */
async function run(history: MemoryHistory, id: number, options: ScenarioOptions = {}) {
  history.current = String(id)
  const directory = createMemoryDirectory()
  const scenario = createScenario({
    directory,
    ...options,
    ports: { history, ...options.ports },
    request: {
      run: { id: String(id), attempt: 1, event: 'pull_request', tier: 'release' },
      ...options.request,
    },
  })
  const before = history.attempts.length
  const result = await scenario.run()
  if (result.kind === 'decided') await directory.write(runFiles.verdict, [formatVerdict(result.decided)])
  if (history.attempts.length > before) history.end(directory)
  const requests = Object.values(scenario.clients).reduce(
    (sum, client) => sum + (client?.requests.length ?? 0),
    0,
  )
  return { result, requests, directory, decided: result.kind === 'decided' ? result.decided : null }
}

const withRegistration = (text: string): ScenarioOptions => ({
  files: { head: { 'preregistration/ckpt-2.yml': text } },
})

function diagnose(runs: unknown): string {
  return JSON.stringify({
    version: 1,
    candidate: 'ckpt-2',
    failed_runs: runs,
    cause: 'the template of the system prompt was doubled',
    evidence: ['run 101, review.csv'],
    mitigation: 'the server strips it',
    approver: '@alice',
    next_registration: 'a category for doubled prompts',
  })
}

describe('a first attempt', () => {
  it('is kept before anything is asked, with what fixed it', async () => {
    const history = createMemoryHistory()
    const { decided, requests } = await run(history, 101)
    expect(decided?.verdict.verdict).toBe('pass')
    expect(requests).toBeGreaterThan(80)
    expect(JSON.parse(history.attempts[0]?.start ?? '')).toMatchObject({
      candidate: 'ckpt-2',
      planDigest: decided?.record.summary.planDigest,
      registration: { from: 'file', file: 'preregistration/ckpt-2.yml' },
    })
    expect(decided?.record.summary.history).toMatchObject({
      kind: 'kept',
      number: 1,
      attempts: [],
      registration: { kind: 'first' },
    })
  })

  it('leaves no trace when it is refused before its first request', async () => {
    const history = createMemoryHistory()
    await expect(run(history, 101, withRegistration('{'))).rejects.toThrow('no registration is for')
    expect(history.attempts).toEqual([])
    const { decided } = await run(history, 102)
    expect(decided?.record.summary.history).toMatchObject({ registration: { kind: 'first' } })
  })
})

describe('a verdict', () => {
  it('stands for a later run with the same plan, which asks nothing', async () => {
    const history = createMemoryHistory()
    const first = await run(history, 101)
    const second = await run(history, 102)
    expect(second.requests).toBe(0)
    expect(history.attempts).toHaveLength(1)
    expect(second.decided?.verdict).toEqual(first.decided?.verdict)
    expect(second.decided?.record.summary).toMatchObject({
      run: { id: '101' },
      history: { number: 1, attempts: [], registration: { kind: 'kept' }, republishedBy: { id: '102' } },
    })
    expect(second.directory.files.get('outcomes.jsonl')).toBe(first.directory.files.get('outcomes.jsonl'))
  })

  it('does not stand where its origin is in doubt: the run asks anew, and says so', async () => {
    const history = createMemoryHistory()
    await run(history, 101)
    history.attempts[0]?.doubts.push('its commit edits .github/workflows/gate.yml')
    const { decided, requests } = await run(history, 102)
    expect(requests).toBeGreaterThan(80)
    expect(decided?.record.summary.history).toMatchObject({
      number: 2,
      attempts: [
        { run: { id: '101' }, verdict: 'pass', doubts: ['its commit edits .github/workflows/gate.yml'] },
      ],
    })
  })

  it('does not stand where its record was put there by hand', async () => {
    const history = createMemoryHistory()
    const first = await run(history, 101)
    const record = first.directory.files.get('record.json') ?? ''
    first.directory.files.set('record.json', record.replace('"id": "101"', '"id": "99"'))
    const { requests, decided } = await run(history, 102)
    expect(requests).toBeGreaterThan(80)
    expect(decided?.record.summary.history).toMatchObject({
      attempts: [{ doubts: [expect.stringContaining('not the record of that run')] }],
    })
  })

  it('of a smoke run is the first part of the release run, which asks only the rest', async () => {
    const history = createMemoryHistory()
    const policy = { sample: { turns: 40, epoch: 'e1', smoke_turns: 10 } }
    const smoke = await run(history, 101, {
      policy,
      request: { run: { id: '101', attempt: 1, event: 'pull_request', tier: 'smoke' } },
    })
    expect(smoke.decided?.verdict.tier).toBe('smoke')
    const release = await run(history, 102, { policy })
    expect(release.decided?.verdict.verdict).toBe('pass')
    const whole = await run(createMemoryHistory(), 103, { policy })
    expect(smoke.requests + release.requests).toBe(whole.requests)
    expect(JSON.stringify(release.decided?.verdict)).toBe(JSON.stringify(whole.decided?.verdict))
    expect(release.decided?.record.summary.history).toMatchObject({ continued: { id: '101', attempt: 1 } })
    const again = await run(history, 104, {
      policy,
      request: { run: { id: '104', attempt: 1, event: 'pull_request', tier: 'smoke' } },
    })
    expect(again.requests).toBe(0)
  })
})

describe('a run that was cut off', () => {
  it('is continued with the same turns, and what it has asked is not asked again', async () => {
    const history = createMemoryHistory()
    const stop = new AbortController()
    let asked = 0
    const cut: ClientScript = () => {
      asked += 1
      if (asked === 15) stop.abort()
      return 'a kind answer'
    }
    const first = await run(history, 101, { scripts: { candidate: cut }, ports: { cancelled: stop.signal } })
    expect(first.decided?.verdict.verdict).toBe('inconclusive')
    const second = await run(history, 102)
    const whole = await run(createMemoryHistory(), 103)
    expect(second.requests).toBeLessThan(whole.requests)
    expect(second.decided?.verdict).toEqual(whole.decided?.verdict)
    expect(second.decided?.record.summary.history).toMatchObject({
      number: 2,
      continued: { id: '101' },
      attempts: [{ run: { id: '101' }, complete: false, verdict: 'inconclusive' }],
    })
  })

  it('counts where nothing is left of it but its start', async () => {
    const history = createMemoryHistory()
    await run(history, 101)
    const [attempt] = history.attempts
    if (attempt !== undefined) attempt.end = null
    const { decided } = await run(history, 102)
    expect(decided?.record.summary.history).toMatchObject({
      number: 2,
      attempts: [{ ended: false, verdict: null }],
    })
  })

  it('that measured another model is measured anew, whole', async () => {
    const history = createMemoryHistory()
    const wrong: ClientScript = () => completeWith({ model: 'ckpt-1', text: 'a kind answer' })
    const first = await run(history, 101, { scripts: { candidate: wrong } })
    expect(first.decided?.verdict.verdict).toBe('inconclusive')
    const second = await run(history, 102)
    expect(second.requests).toBeGreaterThan(80)
    expect(second.decided?.verdict.verdict).toBe('pass')
  })
})

describe('a FAIL', () => {
  const failing: ScenarioOptions = { scripts: { candidate: leaking } }

  it('stands for the candidate under any plan, and says what differs', async () => {
    const history = createMemoryHistory()
    const first = await run(history, 101, failing)
    expect(first.decided?.verdict.verdict).toBe('fail')
    const second = await run(history, 102, { policy: { sample: { turns: 20, epoch: 'e2' } } })
    expect(second.requests).toBe(0)
    expect(second.decided?.verdict).toEqual(first.decided?.verdict)
    expect(second.decided?.record.summary.history).toMatchObject({
      republishedBy: { id: '102', changed: ['the draw of the turns'] },
    })
  })

  it('is not cleared by a registration that was changed after it', async () => {
    const history = createMemoryHistory()
    await run(history, 101, failing)
    const second = await run(history, 102, withRegistration(amended))
    expect(second.decided?.verdict.verdict).toBe('fail')
    expect(second.decided?.record.summary.history).toMatchObject({
      registration: { kind: 'broken', cause: 'edited' },
    })
  })

  it('stays one when people answer for it on the base, and is green', async () => {
    const history = createMemoryHistory()
    await run(history, 101, failing)
    const { decided, requests } = await run(history, 102, {
      files: { base: { 'diagnoses/ckpt-2.yml': diagnose([101]) } },
    })
    expect(requests).toBe(0)
    expect(decided?.verdict).toMatchObject({
      verdict: 'fail',
      conclusion: 'success',
      accepted: { by: '@alice', diagnosis: 'diagnoses/ckpt-2.yml' },
    })
  })

  it('is not accepted by a diagnosis of another run, nor by one in the pull request', async () => {
    const history = createMemoryHistory()
    await run(history, 101, failing)
    const other = await run(history, 102, { files: { base: { 'diagnoses/ckpt-2.yml': diagnose([99]) } } })
    expect(other.decided?.verdict).toMatchObject({ conclusion: 'failure', accepted: null })
    const own = await run(history, 103, { files: { head: { 'diagnoses/ckpt-2.yml': diagnose([101]) } } })
    expect(own.decided?.verdict).toMatchObject({ conclusion: 'failure', accepted: null })
  })

  it('of a record that this version can not decide again is red, and asks nothing', async () => {
    const history = createMemoryHistory()
    const first = await run(history, 101, failing)
    first.directory.files.set('record.json', '{"version": 0}\n')
    const { result, requests } = await run(history, 102)
    expect(result).toMatchObject({ kind: 'refused', refusal: { reason: 'failed-before' } })
    expect(requests).toBe(0)
  })

  it('is lifted where people read the flags and found none: their audit lies on the base', async () => {
    const history = createMemoryHistory()
    const rude: ClientScript = () => 'RUDE'
    const first = await run(history, 101, { scripts: { candidate: rude } })
    expect(first.decided?.verdict).toMatchObject({ verdict: 'fail' })
    const flags = (first.directory.files.get('outcomes.jsonl') ?? '')
      .split('\n')
      .filter((line) => line.includes('"present"'))
      .map((line) => {
        const { turn, arm, category } = JSON.parse(line)
        return JSON.stringify({ turn, arm, category, present: false })
      })
    const audit = { base: { 'audits/101.jsonl': flags.join('\n') } }
    const { decided, requests } = await run(history, 102, { files: audit })
    expect(requests).toBe(0)
    expect(decided?.record.audits).toHaveLength(flags.length)
    expect(decided?.verdict.verdict).toBe('pass')
  })
})

describe('a registration', () => {
  it('that was edited after the candidate was measured is refused, and nothing is asked', async () => {
    const history = createMemoryHistory()
    await run(history, 101)
    const { result, requests } = await run(
      history,
      102,
      withRegistration(register({ predictions: [{ ...prediction, rate: '3%' }] })),
    )
    expect(requests).toBe(0)
    expect(result).toMatchObject({
      kind: 'refused',
      refusal: { reason: 'registration', lock: { cause: 'edited', since: '2026-11-02T08:00:00.000Z' } },
      attempts: [{ run: { id: '101' }, verdict: 'pass' }],
    })
  })

  it('may be amended on the base, with a reason: measured anew, and the trail is kept', async () => {
    const history = createMemoryHistory()
    await run(history, 101)
    const onHead = await run(history, 102, withRegistration(amended))
    expect(onHead.result).toMatchObject({ kind: 'refused' })
    const file = { 'preregistration/ckpt-2.yml': amended }
    const { decided } = await run(history, 103, { files: { base: file, head: file } })
    expect(decided?.record.summary.history).toMatchObject({
      number: 2,
      registration: { kind: 'amended', amendments: 1 },
      attempts: [{ run: { id: '101' }, verdict: 'pass', changed: ['the registration'] }],
    })
  })

  it('that was pushed away and back is refused, unless an amendment on the base tells of it', async () => {
    const history = createMemoryHistory()
    await run(history, 101)
    history.pushes.push(
      { at: '2026-11-02T09:00:00.000Z', sha: 'away', forced: true },
      { at: '2026-11-02T10:00:00.000Z', sha: 'head', forced: true },
    )
    const away = {
      away: { 'preregistration/ckpt-2.yml': register({ predictions: [{ ...prediction, rate: '4%' }] }) },
    }
    const { result } = await run(history, 102, { files: away })
    expect(result).toMatchObject({
      kind: 'refused',
      refusal: { reason: 'registration', lock: { cause: 'moved' } },
    })
    const file = { 'preregistration/ckpt-2.yml': amended }
    const told = await run(history, 103, { files: { ...away, base: file, head: file } })
    expect(told.decided?.record.summary.history).toMatchObject({ registration: { kind: 'amended' } })
  })

  it('may be pushed around as it is: another name, other comments, the same content', async () => {
    const history = createMemoryHistory()
    await run(history, 101)
    history.pushes.push({ at: '2026-11-02T09:00:00.000Z', sha: 'moved', forced: false })
    const { decided } = await run(history, 102, {
      files: {
        moved: { 'preregistration/other.yml': `# comment\n${register()}` },
        head: { 'preregistration/ckpt-2.yml': null, 'preregistration/other.yml': `# comment\n${register()}` },
      },
    })
    expect(decided?.record.summary.history).toMatchObject({ registration: { kind: 'kept' } })
  })

  it('for a new epoch has to say which round it is', async () => {
    const history = createMemoryHistory()
    await run(history, 101)
    const policy = { sample: { turns: 40, epoch: 'e2' } }
    const first = await run(history, 102, { policy })
    expect(first.result).toMatchObject({
      kind: 'refused',
      refusal: { reason: 'round', registered: 1, wanted: 2 },
    })
    const round = register({
      round: 2,
      amendments: [{ number: 1, date: '2026-12-01', reason: 'the turns of December' }],
    })
    const file = { 'preregistration/ckpt-2.yml': round }
    const second = await run(history, 103, { policy, files: { base: file, head: file } })
    expect(second.decided?.verdict.round).toBe(2)
  })

  it('that is withdrawn measures nothing', async () => {
    for (const history of [createMemoryHistory(), null]) {
      const scenario = createScenario({
        ports: { history },
        ...withRegistration(register({ withdrawn: true })),
      })
      expect(await scenario.run()).toMatchObject({ kind: 'refused', refusal: { reason: 'withdrawn' } })
      expect(scenario.connected).toEqual([])
    }
  })
})

describe('a history that can not be told', () => {
  it('ends the run before anything is asked, and says what to do', async () => {
    const history = createMemoryHistory()
    history.fail('list', unreachable)
    await expect(run(history, 101)).rejects.toMatchObject({
      message: expect.stringContaining("earlier attempts on this candidate can't be read"),
      remedy: expect.stringMatching(/actions: read.*\n.*history: optional/),
    })
  })

  it('is said where policy makes it optional', async () => {
    const history = createMemoryHistory()
    history.fail('list', unreachable)
    const { decided } = await run(history, 101, { policy: { history: 'optional' } })
    expect(decided?.verdict.verdict).toBe('pass')
    expect(decided?.record.summary.history).toMatchObject({ kind: 'unknown', cause: unreachable.message })
  })

  it('lets nothing pass where the start could not be kept, and still fails what fails', async () => {
    const history = createMemoryHistory()
    history.fail('begin', new Error('503'))
    const good = await run(history, 101)
    expect(good.decided?.verdict).toMatchObject({
      verdict: 'inconclusive',
      conclusion: 'failure',
      reasons: ['attempts: not known'],
    })
    const warned = await run(history, 101, { policy: { gate: { on_inconclusive: 'pass' } } })
    expect(warned.decided?.verdict.conclusion).toBe('failure')
    const bad = await run(history, 101, { scripts: { candidate: leaking } })
    expect(bad.decided?.verdict.verdict).toBe('fail')
  })

  it('of pushes is as bad as one of attempts', async () => {
    const history = createMemoryHistory()
    await run(history, 101)
    history.fail('listPushes', unreachable)
    await expect(run(history, 102)).rejects.toThrow("can't be read")
  })
})

describe('a standing registration', () => {
  const policy = { registration: 'standing' }
  const without = { head: { 'preregistration/ckpt-2.yml': null } }

  it('is refused while nothing is known of the baseline, and on a terminal', async () => {
    await expect(run(createMemoryHistory(), 101, { policy, files: without })).rejects.toThrow(
      'no complete run that passed or was accepted is kept',
    )
    await expect(createScenario({ policy, files: without }).run()).rejects.toThrow(
      'no attempts can be read here',
    )
  })

  it('says that the candidate is as the baseline was measured, stays what it was, and gives way to no file after it', async () => {
    const history = createMemoryHistory()
    const released = register({ candidate: 'ckpt-1' })
    await run(history, 101, {
      policy,
      files: {
        base: { 'checkpoint.txt': 'ckpt-0' },
        head: {
          'checkpoint.txt': 'ckpt-1',
          'preregistration/ckpt-1.yml': released,
          'preregistration/ckpt-2.yml': null,
        },
      },
    })
    const first = await run(history, 102, { policy, files: without })
    expect(first.decided?.verdict.verdict).toBe('pass')
    const { plan } = first.decided?.record.summary ?? {}
    expect(plan?.registration).toMatchObject({
      candidate: 'ckpt-2',
      predictions: [
        { category: 'leaks', ratePer100k: 0, direction: 'same' },
        { category: 'rude', ratePer100k: 0, direction: 'same' },
      ],
    })
    expect(JSON.parse(history.attempts[1]?.start ?? '').registration).toMatchObject({ from: 'standing' })
    // Nothing of the baseline is needed any more.
    history.attempts.shift()
    const second = await run(history, 103, { policy, files: without })
    expect(second.requests).toBe(0)
    const late = await run(history, 104, { policy })
    expect(late.result).toMatchObject({ kind: 'refused', refusal: { lock: { cause: 'late' } } })
  })
})

describe('turns that were asked', () => {
  const tightened = (limit: string) => {
    const text = writePolicy(40, { categories: [{ ...categories[0], limit }, categories[1]] })
    return { files: { head: { [policyFile]: text } } }
  }
  /** Another answer in each run: drawn anew, it would pass sooner or later. */
  const unsteady =
    (events: number): ClientScript =>
    (_, index) =>
      index < events ? 'LEAK' : 'a kind answer'

  it('are not drawn anew for a limit that the pull request makes a little tighter', async () => {
    const history = createMemoryHistory()
    const first = await run(history, 101, { scripts: { candidate: unsteady(5) } })
    expect(first.decided?.verdict.verdict).toBe('inconclusive')
    const second = await run(history, 102, { ...tightened('19.9%'), scripts: { candidate: unsteady(0) } })
    expect(second.requests).toBe(0)
    expect(second.decided?.verdict.verdict).toBe('inconclusive')
    expect(second.decided?.record.summary.history).toMatchObject({
      number: 2,
      continued: { id: '101' },
      attempts: [{ changed: ['the limits in force'] }],
    })
    const leaks = second.decided?.verdict.categories.find(({ id }) => id === 'leaks')
    expect(leaks?.candidate.events).toBe(5)
  })

  // Found without a judge, so that each answer is labelled as it comes.
  const found = { categories: [categories[0]] }
  const cutAfter = (requests: number, answer: string) => {
    const stop = new AbortController()
    let asked = 0
    const candidate: ClientScript = () => {
      asked += 1
      if (asked === requests) stop.abort()
      return answer
    }
    return { policy: found, scripts: { candidate }, ports: { cancelled: stop.signal } }
  }

  it('count as the first of two attempts found them, whichever was cut off last', async () => {
    const history = createMemoryHistory()
    await run(history, 101, cutAfter(20, 'LEAK'))
    const [first] = history.attempts
    // A second one that began before the first had ended, and so continued nothing.
    const end = first?.end ?? null
    if (first !== undefined) first.end = null
    await run(history, 102, cutAfter(5, 'a kind answer'))
    if (first !== undefined) first.end = end
    const third = await run(history, 103, { policy: found })
    expect(third.decided?.verdict.verdict).toBe('fail')
    expect(third.decided?.record.summary.history).toMatchObject({ number: 3, continued: { id: '102' } })
  })

  it('are let go where the next attempt found another model: the one after that asks everything', async () => {
    const history = createMemoryHistory()
    await run(history, 101, cutAfter(10, 'a kind answer'))
    const dated: ClientScript = () => completeWith({ model: 'ckpt-2-20250807', text: 'a kind answer' })
    const options = { policy: found, scripts: { candidate: dated } }
    const second = await run(history, 102, options)
    expect(second.decided?.verdict.verdict).toBe('inconclusive')
    const third = await run(history, 103, options)
    expect(third.decided?.verdict.verdict).toBe('pass')
    expect(third.decided?.record.summary.history).toMatchObject({ continued: null })
  })

  it('are asked once more where no answer of the judge could be read', async () => {
    const history = createMemoryHistory()
    const first = await run(history, 101, { scripts: { judge: () => 'as you like it' } })
    expect(first.decided?.verdict.verdict).toBe('inconclusive')
    const second = await run(history, 102)
    expect(second.decided?.verdict.verdict).toBe('pass')
  })
})

describe('two runs at the same time', () => {
  it('do not both count: the one that ends later sees that the other failed', async () => {
    const history = createMemoryHistory()
    const other = createMemoryHistory()
    await run(other, 101, { scripts: { candidate: leaking } })
    // It ends while this one measures.
    const [failed] = other.attempts
    const late: ClientScript = () => {
      if (failed !== undefined && history.attempts.length === 1) history.attempts.unshift(failed)
      return 'a kind answer'
    }
    history.openEnd = other.openEnd
    const { decided } = await run(history, 102, { scripts: { candidate: late } })
    expect(decided?.verdict).toMatchObject({
      verdict: 'inconclusive',
      conclusion: 'failure',
      reasons: ['attempts: run 101 failed'],
    })
    expect(decided?.record.summary.history).toMatchObject({ number: 2 })
  })
})

describe('what people said', () => {
  const rude: ClientScript = ({ customId }) => (customId < 'c-020' ? 'RUDE' : 'a kind answer')
  const refute = (directory: { files: Map<string, string> }) =>
    (directory.files.get('outcomes.jsonl') ?? '')
      .split('\n')
      .filter((line) => line.includes('"present"'))
      .map((line) => {
        const { turn, arm, category } = JSON.parse(line)
        return JSON.stringify({ turn, arm, category, present: false })
      })
      .join('\n')

  it('is of one attempt of a run, and no other', async () => {
    const history = createMemoryHistory()
    const first = await run(history, 101)
    const [attempt] = history.attempts
    if (attempt === undefined) throw new Error('no attempt')
    // The second attempt of the same run failed.
    attempt.doubts.push('its commit edits .github/workflows/gate.yml')
    const again = { run: { id: '101', attempt: 2, event: 'pull_request', tier: 'release' as const } }
    history.current = '102'
    const second = await run(history, 102, { scripts: { candidate: rude }, request: again })
    expect(second.decided?.verdict.verdict).toBe('fail')
    const audit = { base: { 'audits/101.2.jsonl': refute(second.directory) } }
    const third = await run(history, 103, { files: audit })
    expect(third.requests).toBe(0)
    expect(third.decided?.verdict.verdict).toBe('pass')
    expect(first.decided?.verdict.verdict).toBe('pass')
  })
})

describe('a history of which only the pushes can not be told', () => {
  it('still has its FAIL and its withdrawal, also where it is optional', async () => {
    const policy = { history: 'optional' }
    const history = createMemoryHistory()
    await run(history, 101, { policy, scripts: { candidate: leaking } })
    history.fail('listPushes', unreachable)
    const second = await run(history, 102, { policy })
    expect(second.decided?.verdict.verdict).toBe('fail')
    expect(second.decided?.record.summary.history).toMatchObject({ registration: { kind: 'unknown' } })
  })

  it('measures and says so where nothing failed', async () => {
    const policy = { history: 'optional' }
    const history = createMemoryHistory()
    await run(history, 101, { policy, files: { head: { 'x.txt': '' } } })
    history.attempts[0]?.doubts.push('its commit edits .github/workflows/gate.yml')
    history.fail('listPushes', unreachable)
    const { decided } = await run(history, 102, { policy })
    expect(decided?.record.summary.history).toMatchObject({ kind: 'unknown' })
    const withdrawn = { policy, ...withRegistration(register({ withdrawn: true })) }
    expect((await run(history, 103, withdrawn)).result).toMatchObject({ refusal: { reason: 'withdrawn' } })
  })
})

it('refuses a round that no earlier sample calls for: its tests would be too weak to fail anything', async () => {
  const { result } = await run(createMemoryHistory(), 101, withRegistration(register({ round: 10 })))
  expect(result).toMatchObject({ kind: 'refused', refusal: { reason: 'round', registered: 10, wanted: 1 } })
})

it('accepts FAILs by a diagnosis that names all of them', async () => {
  const history = createMemoryHistory()
  await run(history, 101, { scripts: { candidate: leaking } })
  const [first] = history.attempts
  const end = first?.end ?? null
  if (first !== undefined) first.end = null
  await run(history, 102, { scripts: { candidate: leaking } })
  if (first !== undefined) first.end = end
  const answerFor = (runs: number[]) => ({ files: { base: { 'diagnoses/ckpt-2.yml': diagnose(runs) } } })
  const one = await run(history, 103, answerFor([101]))
  expect(one.decided?.verdict.conclusion).toBe('failure')
  const all = await run(history, 104, answerFor([101, 102]))
  expect(all.decided?.verdict).toMatchObject({ verdict: 'fail', conclusion: 'success' })
})
