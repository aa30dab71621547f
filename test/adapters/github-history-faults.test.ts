import { readdir } from 'node:fs/promises'
import { describe, expect, it } from '@jest/globals'
import { nameAttempt } from '../../src/history/attempt.ts'
import { fail, key, readError, shas, useGitHubHistory, writeStart } from '../support/github-history.ts'

const { stage, log, openAs, openNow, begin, end, findId } = useGitHubHistory()

describe('what the platform refuses', () => {
  it.each([401, 403, 404])('names the permission at %d, and is never taken for nothing', async (status) => {
    stage().fault = (_method, path) => (path.includes('/actions/') ? fail(status) : undefined)
    const { code, text } = await readError(openNow().list(key))
    expect(code).toBe('platform')
    expect(text).toContain("the job needs `actions: read` in the workflow's permissions")
    expect(stage().clock.sleptMs).toEqual([])
  })

  it('names it where a run, or an archive, is refused', async () => {
    await begin({ id: 1 })
    await end({ id: 1 })
    for (const part of ['/runs/', '/zip']) {
      stage().fault = (_method, path) => (path.includes(part) ? fail(403) : undefined)
      expect((await readError(openNow().list(key))).text).toContain('the job needs `actions: read`')
    }
    expect((await readError(openNow().openEnd({ id: findId('-end') }))).text).toContain('`actions: read`')
  })

  it('takes no conflict for an empty page', async () => {
    stage().fault = (_method, path) => (path.endsWith('/actions/artifacts') ? fail(409) : undefined)
    expect((await readError(openNow().list(key))).text).toContain('it is down')
  })

  it('does not know the run that asks', async () => {
    await begin({ id: 1 })
    const history = openNow()
    stage().runs.splice(0)
    expect((await readError(history.list(key))).text).toContain('does not know this workflow run, 9000')
  })

  it('answers in another form', async () => {
    stage().fault = (_method, path) =>
      path.endsWith('/actions/artifacts') ? { status: 200, body: { artifacts: [{ id: 1 }] } } : undefined
    expect((await readError(openNow().list(key))).text).toMatch(
      /not of the form that it documents: artifacts\.0\./,
    )
  })
})

describe('a fault that passes', () => {
  /** The first answers to one question are faults. */
  const failFirst = (part: string, faults: ReturnType<typeof fail>[]) => {
    const left = [...faults]
    stage().fault = (_method, path, query) =>
      path.endsWith(part) && (query.name ?? nameAttempt(key, 1)) === nameAttempt(key, 1)
        ? left.shift()
        : undefined
  }

  it.each([
    ['/actions/artifacts', [500, 502], [2000, 10_000]],
    ['/actions/runs/1', [503], [2000]],
    ['/zip', [500], [2000]],
  ])('at %s is waited out', async (part, statuses, pauses) => {
    await begin({ id: 1 })
    failFirst(
      part,
      statuses.map((status) => fail(status)),
    )
    expect(await openNow().list(key)).toMatchObject([{ start: writeStart({ id: 1 }) }])
    expect(stage().clock.sleptMs).toEqual(pauses)
  })

  it('is waited out twice', async () => {
    failFirst(
      '/actions/artifacts',
      [500, 500, 500].map((status) => fail(status)),
    )
    const { text } = await readError(openNow().list(key))
    expect(text).toMatch(
      /GitHub does not give the artifacts named .*: it is down.* → run again when GitHub answers/,
    )
    expect(stage().clock.sleptMs).toEqual([2000, 10_000])
  })

  it('is a connection that broke', async () => {
    let broken = 0
    stage().fault = (_method, path) =>
      path.endsWith('/actions/artifacts') && broken++ === 0 ? 'reset' : undefined
    expect(await openNow().list(key)).toEqual([])
    expect(stage().clock.sleptMs).toEqual([2000])
  })

  it('is a limit, waited for as long as GitHub says', async () => {
    const resetS = String(stage().clock.now().getTime() / 1000 + 90)
    failFirst('/actions/artifacts', [
      fail(429, { 'retry-after': '7' }),
      fail(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': resetS }),
    ])
    expect(await openNow().list(key)).toEqual([])
    expect(stage().clock.sleptMs).toEqual([7000, 83_000])
  })

  it('is a limit without a time: a minute', async () => {
    failFirst('/actions/artifacts', [fail(429)])
    expect(await openNow().list(key)).toEqual([])
    expect(stage().clock.sleptMs).toEqual([60_000])
  })

  it('is no limit that lasts longer than two minutes', async () => {
    failFirst('/actions/artifacts', [fail(403, { 'retry-after': '3600' })])
    expect((await readError(openNow().list(key))).text).toContain('limits how often it is asked')
    expect(stage().clock.sleptMs).toEqual([])
  })
})

describe('a run that begins', () => {
  it('does so before any other of the same run', async () => {
    await begin({ id: 1 })
    const { code, text } = await readError(begin({ id: 1 }))
    expect(code).toBe('platform')
    expect(text).toMatch(/\(409\).* → let one job of a workflow run measure a candidate/)
    expect(await readdir(stage().folder)).toEqual([])
  })

  it('is refused at its eleventh attempt, where nobody would look', async () => {
    const late = openAs({ id: 1, attempt: 11 })
    const said = 'this workflow run was started 11 times, and attempts are kept of the first 10'
    expect((await readError(late.begin(key, '{}'))).text).toBe(`${said} → push again or start a new run`)
    expect((await readError(late.list(key))).text).toContain(said)
    expect(log()).toEqual([])
    expect(stage().results.log).toEqual([])
    await begin({ id: 1, attempt: 10 })
    expect(await openNow().list(key)).toMatchObject([{ run: { id: '1', attempt: 10 } }])
  })
})

describe('pushes', () => {
  const at = (minute: number) => `2026-11-02T09:${String(minute).padStart(2, '0')}:00Z`

  it('are those to the branch since a time, a merge as well, and a deletion not', async () => {
    stage().pushes = [
      { at: at(0), branch: 'bump', after: shas.base, type: 'branch_creation' },
      { at: at(1), branch: 'bump', after: '1'.repeat(40) },
      { at: at(2), branch: 'main', after: '2'.repeat(40) },
      { at: at(3), branch: 'bump', after: '3'.repeat(40), type: 'pr_merge' },
      { at: at(4), branch: 'bump', after: '1'.repeat(40), type: 'force_push' },
      { at: at(5), branch: 'bump', after: '0'.repeat(40), type: 'branch_deletion' },
      { at: at(6), branch: 'bump', after: '6'.repeat(40), type: 'branch_creation' },
    ]
    expect(await openNow().listPushes(at(1))).toEqual([
      { at: at(1), sha: '1'.repeat(40), forced: false },
      { at: at(3), sha: '3'.repeat(40), forced: false },
      { at: at(4), sha: '1'.repeat(40), forced: true },
      { at: at(6), sha: '6'.repeat(40), forced: false },
    ])
    expect(log()).toMatchObject([{ query: { ref: 'refs/heads/bump', per_page: '100' } }])
  })

  it('are none without a branch, which asks nothing', async () => {
    expect(await openAs({ id: 1 }, null).listPushes(at(0))).toEqual([])
    expect(log()).toEqual([])
  })

  it('are read to the time that matters, and no further', async () => {
    const push = (index: number) => ({
      at: new Date(Date.parse(at(0)) + index * 1000).toISOString(),
      branch: 'fix/ä#1',
      after: index.toString(16).padStart(40, '0'),
    })
    stage().pushes = Array.from({ length: 1000 }, (_, index) => push(index))
    const history = openAs({ id: 1 }, 'fix/ä#1')
    const pushes = await history.listPushes(push(850).at)
    expect(pushes.map(({ sha }) => sha)).toEqual(
      stage()
        .pushes.slice(850)
        .map(({ after }) => after),
    )
    expect(log()).toHaveLength(2)
    expect(await history.listPushes(push(700).at)).toHaveLength(300)
    const { code, text } = await readError(history.listPushes(push(699).at))
    expect(code).toBe('platform')
    expect(text).toContain('more than 300 pushes to fix/ä#1')
  })

  it('need to read the repository', async () => {
    stage().fault = (_method, path) => (path.endsWith('/activity') ? fail(403) : undefined)
    expect((await readError(openNow().listPushes(at(0)))).text).toContain('the job needs `contents: read`')
  })
})
