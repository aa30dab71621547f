import { describe, expect, it } from '@jest/globals'
import { createStandingCheck } from '../../src/corpus/standing.ts'
import { noTombstones, parseTombstones, readTombstones } from '../../src/corpus/tombstones.ts'
import { takeRefusal } from '../support/refusal.ts'

const user = 'ab'.repeat(32)
const parse = (text: string) => [...parseTombstones({ file: 'gone.txt', text })]

describe('a list of tombstones', () => {
  it('has ids and users, one a line, and notes', () => {
    expect(parse(`\uFEFF# asked on 2 November\r\n c-1 \n\n${user}\nc-1\n`)).toEqual(['c-1', user])
    expect(parse('')).toEqual([])
  })

  it.each([
    ['two on a line', 'c-1 c-2'],
    ['a list as JSON', '["c-1"]'],
    ['a name', 'jane@example.com'],
    ['an id that is too long', 'x'.repeat(129)],
  ])('is refused with its line: %s', async (_, line) => {
    const error = await takeRefusal(() => parse(`c-0\n${line}\n`))
    expect(error).toMatchObject({
      code: 'corpus',
      message: 'the line is neither the id of a conversation nor the HMAC of a user',
      where: { file: 'gone.txt', line: 2 },
    })
    expect(error.message).not.toContain(line)
  })

  it('is read from the repository at a commit, and must be there', async () => {
    const asked: string[] = []
    const repository = {
      read: async (sha: string, path: string) => {
        asked.push(`${sha}:${path}`)
        return path === 'gone.txt' ? 'c-1\n' : null
      },
      list: async () => null,
    }
    const read = (tombstones?: string) =>
      readTombstones({
        repository,
        sha: 'base',
        manifest: { version: 1, name: 'a', files: [], ...(tombstones === undefined ? {} : { tombstones }) },
        manifestFile: 'corpus/manifest.json',
      })
    expect(await read()).toEqual(noTombstones)
    expect([...(await read('gone.txt'))]).toEqual(['c-1'])
    const error = await takeRefusal(() => read('lost.txt'))
    expect(error.where).toEqual({ file: 'corpus/manifest.json', field: 'tombstones' })
    expect(asked).toEqual(['base:gone.txt', 'base:lost.txt'])
  })
})

describe('whether a conversation may be replayed', () => {
  const now = new Date('2026-11-02T00:00:00Z')
  const past = '2026-11-02T00:00:00Z'
  const one = { id: 'c-1', user: undefined, consent: undefined, expiresAt: undefined }
  const check = (more: Partial<Record<keyof typeof one, unknown>>, consent?: 'required') =>
    createStandingCheck({ now, consent, tombstones: new Set(['c-9', user]) })({ ...one, ...more } as never)

  it.each<[object, 'required' | undefined, string | null]>([
    [{}, undefined, null],
    [{ consent: true }, undefined, null],
    [{ consent: false }, undefined, 'no-consent'],
    [{}, 'required', 'no-consent'],
    [{ consent: true }, 'required', null],
    [{ expiresAt: past }, undefined, 'expired'],
    [{ expiresAt: '2026-11-02T00:00:01Z' }, undefined, null],
    [{ id: 'c-9' }, undefined, 'erased'],
    [{ user }, undefined, 'erased'],
    [{ user: 'cd'.repeat(32) }, undefined, null],
    [{ id: 'c-9', consent: false, expiresAt: past }, undefined, 'erased'],
    [{ consent: false, expiresAt: past }, undefined, 'no-consent'],
  ])('%j, consent %s: %s', (more, consent, expected) => {
    expect(check(more, consent)).toBe(expected)
  })
})
