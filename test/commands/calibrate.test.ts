import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { calibrationRecordSchema } from '../../src/policy/calibration.ts'
import { type ChatEndpoint, type ChatScript, startChatEndpoint } from '../fakes/chat-endpoint.ts'
import { answer, calibrateFolder, runGateIn, writeRepository } from '../support/calibrate-repository.ts'
import { takeRefusal } from '../support/refusal.ts'
import { writeRubric } from '../support/rubric-text.ts'
import { root } from '../support/shared.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()
const endpoints: ChatEndpoint[] = []
afterEach(async () => {
  for (const endpoint of endpoints.splice(0)) await endpoint.close()
})

async function serve(reply: ChatScript = answer): Promise<ChatEndpoint> {
  const endpoint = await startChatEndpoint({ reply })
  endpoints.push(endpoint)
  return endpoint
}

async function makeRepository(policy: Record<string, unknown> = {}): Promise<string> {
  return writeRepository(await makeFolder(), policy)
}

describe('calibrate', () => {
  it('asks the judge alone, writes the record as a whole and prints what it shows', async () => {
    const folder = await makeRepository()
    const endpoint = await serve()
    const { exitCode, text } = await calibrateFolder(folder, endpoint.url)
    expect(exitCode).toBe(0)
    expect(text).toMatch(/^rude +6 of 6 \(100 %, at least 60\.7 %\) +0 of 10 .* 16 of 16/m)
    expect(text).toContain('warning: rude: with 6 positives')
    expect(text).toContain('name it in the policy as the `calibration` of each of these categories')
    const out = join(folder, 'calibration')
    expect(await readdir(out)).toEqual(['rude.json'])
    const record = calibrationRecordSchema.parse(JSON.parse(await readFile(join(out, 'rude.json'), 'utf8')))
    expect(record.categories.rude?.positives).toEqual({ turns: 6, flagged: 6 })
    expect(endpoint.log).toHaveLength(32)
    // A second time it takes the place of the first.
    expect((await calibrateFolder(folder, endpoint.url, { once: true })).exitCode).toBe(0)
  })

  it('is then what the policy names: the run that follows knows what its labels are worth', async () => {
    const named = { id: 'rude', rubric: 'rubrics/rude.md', calibration: 'calibration/rude.json' }
    const folder = await makeRepository({ categories: [named] })
    const { url } = await serve()
    const { text } = await calibrateFolder(folder, url)
    expect(text).toContain('Commit it: the policy is read from the base branch.')
    const printed = await runGateIn(folder, url)
    expect(printed.text).not.toContain('uncalibrated')
    const verdict = JSON.parse(await readFile(join(folder, 'run', 'verdict.json'), 'utf8'))
    expect(verdict.categories[0].reason).not.toBe('calibration')
    await writeFile(join(folder, 'rubrics/rude.md'), `${writeRubric({ id: 'rude' })}- absent: four.\n`)
    await runGateIn(folder, url, 'again')
    const stale = JSON.parse(await readFile(join(folder, 'again', 'verdict.json'), 'utf8'))
    expect(stale.categories[0]).toMatchObject({ verdict: 'inconclusive' })
  })

  it.each([
    [
      'a set that is not there',
      (folder: string) => ({ sets: [join(folder, 'gone.jsonl')] }),
      "the file can't be read",
    ],
    [
      'a set that is not UTF-8',
      (folder: string) => ({ sets: [join(folder, 'latin.jsonl')] }),
      'the text is not UTF-8',
    ],
    [
      'a place where something else lies',
      (folder: string) => ({ out: join(folder, 'labelled.jsonl') }),
      'the file is there, and is no record of `calibrate`: it would be lost',
    ],
    ['a place that is a folder', (folder: string) => ({ out: join(folder, 'rubrics') }), 'EISDIR'],
    ['no endpoint', () => ({ endpoints: [] }), 'endpoint "judge" has no address'],
    [
      'an address that is none',
      () => ({ endpoints: ['judge=ftp://x'] }),
      'the address of "judge" is not an http or https URL',
    ],
  ])('refuses %s before anything is asked', async (_, change, message) => {
    const folder = await makeRepository()
    const { url, log } = await serve()
    await writeFile(join(folder, 'latin.jsonl'), Buffer.from('{"id": "caf\u00e9"}', 'latin1'))
    const refused = await takeRefusal(() => calibrateFolder(folder, url, change(folder)))
    expect(refused.message).toContain(message)
    expect(log).toEqual([])
    expect(existsSync(join(folder, 'calibration'))).toBe(false)
  })

  it('refuses a labelled set of the policy that is not UTF-8, too', async () => {
    const folder = await makeRepository({
      categories: [{ id: 'rude', rubric: 'rubrics/rude.md', calibration: 'latin.jsonl' }],
    })
    const { url } = await serve()
    await writeFile(join(folder, 'latin.jsonl'), Buffer.from('{"id": "caf\u00e9"}', 'latin1'))
    expect(await takeRefusal(() => calibrateFolder(folder, url, { sets: [] }))).toMatchObject({
      message: 'the text is not UTF-8',
      where: { file: 'latin.jsonl' },
    })
  })

  it('writes nothing where the judge is not there', async () => {
    const folder = await makeRepository({ replay: { max_attempts: 1 } })
    const endpoint = await startChatEndpoint({ reply: answer })
    await endpoint.close()
    expect(await takeRefusal(() => calibrateFolder(folder, endpoint.url))).toMatchObject({ code: 'endpoint' })
    expect(existsSync(join(folder, 'calibration'))).toBe(false)
  })

  it('ends with Ctrl-C: it says so, and leaves the record that was there', async () => {
    const folder = await makeRepository({ replay: { concurrency: 2 } })
    const out = join(folder, 'calibration.json')
    const first = await serve()
    await calibrateFolder(folder, first.url, { out })
    const before = await readFile(out, 'utf8')
    const child = { kill: (): void => undefined }
    const slow = await serve((request) => {
      if (request.index < 4) return answer(request)
      // Once: the second Ctrl-C would end it at once.
      if (request.index === 4) child.kill()
      return { text: '', delayMs: 60_000 }
    })
    const words = ['calibrate', '--dir', folder, '--policy', 'gate.yml', '--out', out]
    const given = ['--set', join(folder, 'labelled.jsonl'), '--endpoint', `judge=${slow.url}`]
    const ended = await new Promise<{ code: number | null; stderr: string }>((done) => {
      const started = spawn(process.execPath, [
        '--no-warnings',
        resolve(root, 'src/cli.ts'),
        ...words,
        ...given,
      ])
      child.kill = () => started.kill('SIGINT')
      let stderr = ''
      started.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString()
      })
      started.on('close', (code) => done({ code, stderr }))
    })
    expect(ended.stderr).toMatch(/NO VERDICT: it was cancelled after \d+ of 16 items: nothing was written/)
    expect(ended.code).toBe(3)
    expect(await readFile(out, 'utf8')).toBe(before)
    expect((await readdir(folder)).filter((name) => name.startsWith('calibration'))).toEqual([
      'calibration.json',
    ])
  })
})
