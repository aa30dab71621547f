import { describe, expect, it } from '@jest/globals'
import { createMemoryHistory, unreachable } from './fakes/memory-history.ts'
import { type ClientScript, completeWith } from './fakes/scripted-client.ts'
import { categories, policyFile, writePolicy } from './support/gate-scenario.ts'
import { diagnose, leaking, register, run, withRegistration } from './support/history-runs.ts'

// Ways to another draw, or around what stands.

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
