import { describe, expect, it } from '@jest/globals'
import { createMemoryHistory } from './fakes/memory-history.ts'
import { createScenario } from './support/gate-scenario.ts'
import { amended, prediction, register, run, withRegistration } from './support/history-runs.ts'

// What binds a registration, from run to run.

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

it('refuses a round that no earlier sample calls for: its tests would be too weak to fail anything', async () => {
  const { result } = await run(createMemoryHistory(), 101, withRegistration(register({ round: 10 })))
  expect(result).toMatchObject({ kind: 'refused', refusal: { reason: 'round', registered: 10, wanted: 1 } })
})
