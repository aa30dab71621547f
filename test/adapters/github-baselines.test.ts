import { readdir } from 'node:fs/promises'
import { describe, expect, it } from '@jest/globals'
import { baselineFiles, nameBaseline } from '../../src/reuse/kept-baseline.ts'
import { type At, fail, readError, shas, useGitHubHistory, writeStart } from '../support/github-history.ts'

const { stage, log, openAs, openBaselinesNow, upload, findId } = useGitHubHistory()

const key = 'c0ffee'.repeat(11).slice(0, 64)
const since = new Date('2026-11-02T00:00:00Z')
const name = (attempt = 1) => nameBaseline(key, attempt)

async function keep(at: At, header = writeStart(at), units = '{}\n'): Promise<void> {
  openAs(at)
  await upload(name(at.attempt), { [baselineFiles.header]: header, [baselineFiles.units]: units })
}

/** What the newest of them is opened as. */
async function open() {
  const baselines = openBaselinesNow()
  const [kept] = await baselines.list({ key, since })
  if (kept === undefined) throw new Error('nothing was kept')
  return { kept, opened: await baselines.open(kept) }
}

describe('baselines that runs have kept', () => {
  it('are found by their key and attempt, the newest first, with their files', async () => {
    await keep({ id: 1 })
    await keep({ id: 2, attempt: 3 }, writeStart({ id: 2 }), '{"turn":"a"}\n')
    const { kept, opened } = await open()
    expect(kept).toMatchObject({ run: { id: '2', attempt: 3 }, keptAt: '2026-11-02T08:02:00Z', doubt: null })
    expect(kept.bytes).toBeGreaterThan(100)
    if (opened.kind !== 'there') throw new Error(opened.why)
    expect(await opened.directory.read(baselineFiles.units)).toBe('{"turn":"a"}\n')
    expect(await openBaselinesNow().list({ key: 'f'.repeat(64), since })).toEqual([])
  })

  it('are not asked for where they are too old, nor those of this very run', async () => {
    await keep({ id: 1 })
    await keep({ id: 9000 })
    stage().runs.push({ id: 9000, headSha: shas.head })
    log().length = 0
    const later = new Date('2026-11-02T08:01:30Z')
    expect(await openBaselinesNow().list({ key, since: later })).toEqual([])
    expect(new Set(log().map(({ path }) => path))).toEqual(new Set(['/repos/octo/app/actions/artifacts']))
  })
})

describe('what a run has kept is refused', () => {
  it("where it is a fork's, however many there are", async () => {
    await keep({ id: 1 })
    const id = findId('-r1')
    stage().more = Array.from({ length: 40 }, (_, index) => ({
      id: 3000 + index,
      name: name(),
      runId: 3000 + index,
      createdAt: '2026-11-02T09:00:00Z',
      headRepositoryId: 99,
    }))
    const kept = await openBaselinesNow().list({ key, since })
    expect(kept.filter(({ doubt }) => doubt === null)).toMatchObject([{ id }])
    expect(kept.filter(({ doubt }) => doubt?.startsWith('a fork kept it'))).toHaveLength(3)
  })

  it('where another workflow kept it, its run is gone, or was not started so often', async () => {
    stage().runs.push({ id: 1, workflowId: 502, headSha: shas.head })
    await keep({ id: 1 })
    await keep({ id: 2, attempt: 2 })
    await keep({ id: 3 })
    stage().runs = stage()
      .runs.filter(({ id }) => id !== 3)
      .map((run) => ({ ...run, runAttempt: 1 }))
    const kept = await openBaselinesNow().list({ key, since })
    expect(kept.map(({ doubt }) => doubt)).toEqual([
      'its workflow run is not kept any more: it was deleted',
      'its workflow run was started 1 times, and not 2',
      'another workflow kept it',
    ])
  })

  it('where it has expired, or was deleted since it was listed', async () => {
    await keep({ id: 1 })
    const baselines = openBaselinesNow()
    const [kept] = await baselines.list({ key, since })
    if (kept === undefined) throw new Error('nothing was kept')
    stage().results.expireArtifact(findId('-r1'))
    expect(await openBaselinesNow().list({ key, since })).toMatchObject([
      { doubt: 'what it kept has expired' },
    ])
    stage().fault = (_method, path) => (path.endsWith('/zip') ? fail(410) : undefined)
    expect(await baselines.open(kept)).toEqual({
      kind: 'refused',
      why: "what it kept can't be had any more",
    })
  })

  it('where its commit edits workflows, or is not in the history of the base', async () => {
    stage().runs.push({ id: 1, headSha: shas.edited })
    await keep({ id: 1 }, writeStart({ id: 1 }, { candidate: shas.edited }))
    expect((await open()).opened).toEqual({
      kind: 'refused',
      why: 'its commit eeeeeeeeeeee edits .github/workflows/gate.yml',
    })
    await keep({ id: 2 }, writeStart({ id: 2 }, { policy: shas.edited, candidate: shas.mergedElsewhere }))
    expect((await open()).opened).toMatchObject({
      why: expect.stringContaining('not in the history of the base'),
    })
    await keep({ id: 3 }, '{}')
    expect((await open()).opened).toMatchObject({ why: 'it does not say which commits it judged' })
    const left = await readdir(stage().folder)
    expect(left).toEqual([])
  })

  it('where it is damaged: another digest, no header, no archive', async () => {
    await keep({ id: 1 })
    stage().describe = (row) => ({ ...row, digest: `sha256:${'0'.repeat(64)}` })
    expect((await open()).opened).toMatchObject({ why: expect.stringContaining('is not what was uploaded') })
    stage().describe = (row) => ({ ...row, sizeBytes: 3 * 1024 ** 3 })
    expect((await open()).opened).toMatchObject({ why: expect.stringContaining('3221225472 bytes') })
    stage().describe = (row) => row
    openAs({ id: 2 })
    await upload(name(), { 'other.json': '{}' })
    expect((await open()).opened).toMatchObject({ why: 'what it kept says nothing of itself' })
  })

  it('where GitHub does not give it: an error that the run lives with', async () => {
    stage().fault = (_method, path) => (path.includes('/artifacts') ? fail(403) : undefined)
    expect(await readError(openBaselinesNow().list({ key, since }))).toMatchObject({ code: 'platform' })
  })
})
