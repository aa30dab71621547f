import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { nameAttempt } from '../../src/history/attempt.ts'
import type { ArtifactRow } from '../e2e/emulator/github.ts'
import { writeZip } from '../e2e/emulator/zip.ts'
import { sendScripted, startLoopbackServer } from '../fakes/loopback-server.ts'
import {
  type At,
  fail,
  key,
  readError,
  shas,
  useGitHubHistory,
  writeStart,
} from '../support/github-history.ts'

const { stage, log, listAsked, openAs, openNow, upload, begin, end, findId } = useGitHubHistory()

describe('what is kept of a candidate', () => {
  it('is nothing at first, looked for under twenty names', async () => {
    expect(await openNow().list(key)).toEqual([])
    expect(new Set(listAsked())).toEqual(new Set(['GET /actions/artifacts']))
    const names = log().map(({ query }) => query.name)
    expect(new Set(names).size).toBe(20)
    expect(names).toContain(`${nameAttempt(key, 10)}-end`)
    expect(log().every(({ query }) => query.per_page === '100')).toBe(true)
  })

  it('is a start, with its text and the time at which GitHub took it', async () => {
    await begin({ id: 1 }, '{"plan":"ü"}')
    expect(await openNow().list(key)).toEqual([
      {
        run: { id: '1', attempt: 1 },
        startedAt: '2026-11-02T08:01:00Z',
        start: '{"plan":"ü"}',
        end: null,
        doubts: [],
      },
    ])
    // It is not asked for the workflows of an attempt that can't stand anyway.
    expect(listAsked().filter((asked) => asked.includes('/contents/'))).toEqual([])
    expect(await readdir(stage().folder)).toEqual([])
  })

  it('is what a run ended with, to be fetched', async () => {
    await begin({ id: 1 })
    await end({ id: 1 }, '{"verdict":"pass"}')
    const history = openNow()
    const [attempt] = await history.list(key)
    expect(attempt).toMatchObject({
      start: writeStart({ id: 1 }),
      doubts: [],
      end: { kind: 'there', id: findId('-end') },
    })
    const directory = await history.openEnd({ id: findId('-end') })
    expect(await directory.read('record.json')).toBe('{"verdict":"pass"}')
    expect(await directory.read('verdict.json')).toBeNull()
    expect(directory.path.startsWith(join(stage().folder, 'checkpoint-gate-'))).toBe(true)
  })

  it('comes in the order of its starts, over runs and their attempts, without the one under way', async () => {
    await begin({ id: 7 })
    await begin({ id: 3 })
    await end({ id: 3 })
    await begin({ id: 7, attempt: 2 })
    await end({ id: 7 })
    await begin({ id: 7, attempt: 3 })
    stage().runs.splice(0, stage().runs.length, ...stage().runs.map((run) => ({ ...run, runAttempt: 3 })))
    const attempts = await openAs({ id: 7, attempt: 3 }).list(key)
    expect(attempts.map(({ run, end: ended }) => `${run.id}.${run.attempt} ${ended?.kind}`)).toEqual([
      '7.1 there',
      '3.1 there',
      '7.2 undefined',
    ])
    expect(attempts.map(({ doubts }) => doubts)).toEqual([[], [], []])
    const runs = listAsked().filter((asked) => asked.includes('/runs/'))
    expect(runs.toSorted()).toEqual(['GET /actions/runs/3', 'GET /actions/runs/7'])
  })

  it('comes by those times, and by ids where two are the same', async () => {
    for (const id of [1, 2, 3]) await begin({ id })
    const times = ['2026-11-02T10:00:00Z', '2026-11-02T09:59:00+00:00', '2026-11-02T10:00:00Z']
    stage().describe = (row) => ({ ...row, createdAt: times[row.runId - 1] ?? '' })
    expect((await openNow().list(key)).map(({ run }) => run.id)).toEqual(['2', '1', '3'])
  })

  it('is read to the last page', async () => {
    await begin({ id: 1 })
    stage().more = Array.from({ length: 150 }, (_, index) => ({
      id: 2000 + index,
      name: nameAttempt(key, 1),
      runId: 2000 + index,
      headRepositoryId: 99,
    }))
    expect(await openNow().list(key)).toMatchObject([{ run: { id: '1' } }])
    stage().more = Array.from(
      { length: 1001 },
      (_, index) => ({ ...stage().more[0], id: index, runId: index }) as ArtifactRow,
    )
    expect(await readError(openNow().list(key))).toMatchObject({
      code: 'platform',
      text: expect.stringContaining('more than 1000 artifacts'),
    })
  })

  it.each(['../../etc/passwd', 'org/model:v1.2 "quoted"', 'χ²-模型-🐢', ' ', 'a\u0000b', 'a\r\nb'])(
    'has a name of its own for the candidate %j',
    async (candidate) => {
      const odd = { pointerFile: 'déploy/модель.yaml', candidate }
      await openAs({ id: 1 }).begin(odd, '{}')
      await begin({ id: 2 })
      expect(await openNow().list(odd)).toMatchObject([{ run: { id: '1' }, start: '{}' }])
      expect(await openNow().list({ ...odd, pointerFile: 'other' })).toEqual([])
    },
  )
})

describe('what does not count', () => {
  it("is a fork's", async () => {
    await begin({ id: 1 })
    await end({ id: 1 })
    stage().describe = (row) => ({ ...row, headRepositoryId: 99 })
    expect(await openNow().list(key)).toEqual([])
  })

  it("is another workflow's", async () => {
    stage().runs.push({ id: 1, workflowId: 502, headSha: shas.head })
    await begin({ id: 1 })
    await begin({ id: 2 })
    expect(await openNow().list(key)).toMatchObject([{ run: { id: '2' } }])
  })
})

describe('what can not stand', () => {
  const listDoubts = async () => (await openNow().list(key)).map(({ doubts }) => doubts)

  const endWith = async (at: At, commits: { policy?: string; candidate?: string }) => {
    await begin(at, writeStart(at, commits))
    await end(at)
  }

  it('is what a commit with other workflows ended with', async () => {
    stage().runs.push({ id: 1, headSha: shas.edited })
    await begin({ id: 1 }, writeStart({ id: 1 }, { candidate: shas.edited }))
    expect(await listDoubts()).toEqual([[]])
    await end({ id: 1 })
    expect(await listDoubts()).toEqual([['its commit eeeeeeeeeeee edits .github/workflows/gate.yml']])
  })

  it('is what the merge into another branch ended with, whose workflows are its own', async () => {
    stage().runs.push({ id: 1, headSha: shas.head })
    await endWith({ id: 1 }, { policy: shas.edited, candidate: shas.mergedElsewhere })
    expect(await listDoubts()).toEqual([
      ['it was judged by commit eeeeeeeeeeee, which is not in the history of the base'],
    ])
    stage().runs.push({ id: 2, headSha: shas.head })
    await endWith({ id: 2 }, { candidate: shas.mergedElsewhere })
    expect((await listDoubts())[1]).toEqual([
      'what it judged was merged into commit eeeeeeeeeeee, which is not in the history of the base',
    ])
  })

  it('is no merge of a branch with a base that has moved on since, whatever workflows it has by now', async () => {
    stage().runs.push({ id: 1, headSha: shas.head })
    await endWith({ id: 1 }, { policy: shas.before, candidate: shas.merged })
    expect(await listDoubts()).toEqual([[]])
  })

  it('is what ended without saying what it judged, or says another commit than its run is of', async () => {
    stage().runs.push({ id: 1, headSha: shas.head }, { id: 2, headSha: shas.edited })
    await begin({ id: 1 }, '{}')
    await end({ id: 1 })
    await endWith({ id: 2 }, {})
    expect(await listDoubts()).toEqual([
      ['it does not say which commits it judged'],
      ['its workflow run is of commit eeeeeeeeeeee, and what it judged, dddddddddddd, is not'],
    ])
  })

  it('is what ended where that can not be told', async () => {
    await begin({ id: 1 })
    await end({ id: 1 })
    stage().fault = (_method, path) => (path.includes('/contents/') ? fail(500) : undefined)
    expect(await listDoubts()).toEqual([
      [expect.stringMatching(/^it can't be told whether it ran the reviewed workflows: .*it is down/)],
    ])
  })

  it('is what ended with its start deleted', async () => {
    await begin({ id: 1 })
    await end({ id: 1 })
    stage().results.deleteArtifact(findId('-r1'))
    expect(await openNow().list(key)).toEqual([
      {
        run: { id: '1', attempt: 1 },
        startedAt: '2026-11-02T08:02:00Z',
        start: null,
        end: { kind: 'there', id: findId('-end') },
        doubts: ['what it began with is not kept any more: it was deleted'],
      },
    ])
  })

  it('is what ended before it began', async () => {
    await end({ id: 1 })
    await begin({ id: 1 })
    expect(await listDoubts()).toEqual([['what it began with was uploaded after what it ended with']])
  })

  it('has expired, or was deleted since it was listed', async () => {
    await begin({ id: 1 })
    await end({ id: 1 })
    const id = findId('-end')
    stage().results.expireArtifact(id)
    expect(await openNow().list(key)).toMatchObject([{ start: writeStart({ id: 1 }), end: { kind: 'gone' } }])
    expect(await readError(openNow().openEnd({ id }))).toMatchObject({ code: 'platform' })
    expect(listAsked()).not.toContain(`GET /actions/artifacts/${id}/zip`)
    stage().results.deleteArtifact(id)
    expect((await readError(openNow().openEnd({ id }))).text).toContain(`artifact ${id} is not kept any more`)
    expect(stage().clock.sleptMs).toEqual([])
  })

  it('has gone between two questions about it', async () => {
    await begin({ id: 1 })
    await end({ id: 1 })
    stage().fault = (_method, path) => (path.endsWith('/zip') ? fail(410) : undefined)
    expect((await readError(openNow().openEnd({ id: findId('-end') }))).text).toContain(
      'is not kept any more',
    )
    expect(await openNow().list(key)).toMatchObject([
      { start: null, doubts: ["what it began with can't be had any more"] },
    ])
  })

  it('is not what was uploaded', async () => {
    await begin({ id: 1 })
    await end({ id: 1 })
    stage().describe = (row) => ({ ...row, digest: `sha256:${'0'.repeat(64)}` })
    const { text } = await readError(openNow().openEnd({ id: findId('-end') }))
    expect(text).toContain(`artifact ${findId('-end')} is not what was uploaded`)
    const [attempt] = await openNow().list(key)
    expect(attempt?.start).toBeNull()
    expect(attempt?.doubts).toEqual([expect.stringContaining('what it began with is not what was uploaded')])
    expect(await readdir(stage().folder)).toEqual([])
  })

  it('has no digest, or is too large', async () => {
    await begin({ id: 1 })
    await end({ id: 1 })
    stage().describe = ({ digest: _, ...row }) => row
    expect((await readError(openNow().openEnd({ id: findId('-end') }))).text).toContain('no digest')
    stage().describe = (row) => ({ ...row, sizeBytes: 2 * 1024 ** 3 + 1 })
    expect((await readError(openNow().openEnd({ id: findId('-end') }))).text).toContain('2147483649 bytes')
    expect(listAsked().filter((asked) => asked.endsWith('/zip'))).toEqual([])
    expect(await listDoubts()).toEqual([[expect.stringContaining('has 2147483649 bytes, more than 1048576')]])
  })

  it('has another file where its start should be', async () => {
    openAs({ id: 1 })
    await upload(nameAttempt(key, 1), { 'other.json': '{}' })
    await end({ id: 1 })
    expect(await openNow().list(key)).toMatchObject([
      { start: null, doubts: ['what it began with has no attempt.json'] },
    ])
  })

  it('gives itself for an attempt that its run has not had', async () => {
    stage().runs.push({ id: 1, headSha: shas.head, runAttempt: 1 })
    await begin({ id: 1, attempt: 4 })
    expect(await listDoubts()).toEqual([['its workflow run was started 1 times, and not 4']])
  })

  it('is from a workflow run that was deleted', async () => {
    await begin({ id: 1 })
    await end({ id: 1 })
    stage().runs.splice(0)
    expect(await openNow().list(key)).toMatchObject([
      { run: { id: '1' }, doubts: ['its workflow run is not kept any more: it was deleted'] },
    ])
  })
})

describe('an archive that someone made by hand', () => {
  it('leaves nothing outside its folder', async () => {
    const archive = writeZip({ '../../escaped.txt': 'x', '/tmp/../escaped.txt': 'y', 'record.json': '{}' })
    const server = await startLoopbackServer(async (_request, response) =>
      sendScripted(response, { status: 200, headers: { 'content-type': 'application/zip' }, body: archive }),
    )
    stage().more = [
      {
        ...{ id: 5, name: `${nameAttempt(key, 1)}-end`, runId: 1, sizeBytes: archive.length },
        digest: `sha256:${createHash('sha256').update(archive).digest('hex')}`,
        archiveUrl: `${server.url}/a.zip`,
      },
    ]
    const directory = await openNow().openEnd({ id: 5 })
    await server.close()
    expect(await directory.read('record.json')).toBe('{}')
    const written = await readdir(directory.path, { recursive: true, withFileTypes: true })
    expect(written.filter((entry) => entry.isFile())).toHaveLength(3)
    expect(await readdir(stage().folder)).toHaveLength(1)
  })
})
