import { gzipSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import { describeCorpus } from '../../src/corpus/describe.ts'
import { parseManifest } from '../../src/corpus/manifest.ts'
import { readCorpus } from '../../src/corpus/read.ts'
import { findMark, takeRefusal } from '../support/refusal.ts'
import { collect, createMemoryFiles, digest, writeConversation } from './corpora.ts'

const text = `{
  "version": 1,
  "name": "support",
  "files": [
    { "path": "a.jsonl", "sha256": "${'0'.repeat(64)}", "conversations": 2, "turns": 3 },
    { "path": "b.jsonl.gz", "sha256": "${'f'.repeat(64)}", "conversations": 0, "turns": 0 }
  ]
}
`

function edit(from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`the manifest has no "${from}"`)
  return text.replace(from, to)
}

describe('a manifest', () => {
  it('is read', () => {
    expect(parseManifest({ file: 'manifest.json', text })).toEqual(JSON.parse(text))
  })

  it.each([
    ['"turns": 3', '"turns": »-1', 'Too small', 'files[0].turns'],
    ['"turns": 3', '"turns": »1e999', 'received Infinity', 'files[0].turns'],
    ['"turns": 3', '"turns": »"3"', 'expected number, received string', 'files[0].turns'],
    ['"turns": 3', '»"turn": 3', 'unknown key "turn"; did you mean "turns"?', 'files[0].turn'],
    [`"${'f'.repeat(64)}"`, `»"${'F'.repeat(64)}"`, 'a SHA-256 is 64 hex digits', 'files[1].sha256'],
    [`"${'f'.repeat(64)}"`, '»"abc"', 'a SHA-256 is 64 hex digits', 'files[1].sha256'],
    ['"path": "a.jsonl"', '"path": »""', 'Too small', 'files[0].path'],
    ['"support"', '»"a b"', 'a name is 1 to 64 letters', 'name'],
    ['"version": 1', '"version": »3', 'expected 1', 'version'],
    ['"name": "support"', '"name": "support", »"seed": 7', 'unknown key "seed"', 'seed'],
    [
      '"name": "support"',
      '"name": "support",\n  »"name": "other"',
      'the same key is written twice',
      undefined,
    ],
  ])('is refused with its place: %j, %j', async (from, to, message, field) => {
    const { text: wrong, line, column } = findMark(edit(from, to))
    const error = await takeRefusal(() => parseManifest({ file: 'manifest.json', text: wrong }))
    expect(error.code).toBe('corpus')
    expect(error.message).toContain(message)
    expect(error.where).toMatchObject({ file: 'manifest.json', line, column })
    expect(error.where?.field).toBe(field)
  })

  it('names a file at least', async () => {
    const error = await takeRefusal(() =>
      parseManifest({ file: 'm', text: '{"version": 1, "name": "a", "files": []}' }),
    )
    expect(error.where?.field).toBe('files')
  })
})

describe('describing corpus files', () => {
  const files = {
    'a.jsonl': `${writeConversation('a', 2)}\n${writeConversation('b')}\n`,
    'b.jsonl.gz': gzipSync(writeConversation('c', 3)),
  }

  it('writes the manifest that reading them then believes', async () => {
    const ports = createMemoryFiles(files)
    const manifest = await describeCorpus({ name: 'support', paths: Object.keys(files), files: ports })
    expect(manifest).toEqual({
      version: 1,
      name: 'support',
      files: [
        { path: 'a.jsonl', sha256: digest(files['a.jsonl']), conversations: 2, turns: 3 },
        { path: 'b.jsonl.gz', sha256: digest(files['b.jsonl.gz']), conversations: 1, turns: 3 },
      ],
    })
    expect(parseManifest({ file: 'm', text: JSON.stringify(manifest) })).toEqual(manifest)
    expect(await collect(readCorpus(manifest, ports))).toHaveLength(3)
  })

  it('refuses what reading would refuse', async () => {
    const same = createMemoryFiles({ ...files, 'c.jsonl': files['a.jsonl'] })
    const paths = ['a.jsonl', 'c.jsonl']
    const error = await takeRefusal(() => describeCorpus({ name: 'x', paths, files: same }))
    expect(error.message).toBe('the id "a" was used before (a.jsonl:1)')
  })
})
