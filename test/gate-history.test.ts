import { describe, expect, it } from '@jest/globals'
import { createMemoryHistory, unreachable } from './fakes/memory-history.ts'
import { type ClientScript, completeWith } from './fakes/scripted-client.ts'
import type { ScenarioOptions } from './support/gate-scenario.ts'
import { amended, diagnose, leaking, run, withRegistration } from './support/history-runs.ts'

// What a second run asks, finds and says.

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
