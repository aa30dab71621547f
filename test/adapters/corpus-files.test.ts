import { appendFile, mkdir, rename, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { createFiles, findCorpusFiles } from '../../src/adapters/files.ts'
import type { CorpusFiles } from '../../src/corpus/readers/reader.ts'
import { takeRefusal } from '../support/refusal.ts'
import { root } from '../support/shared.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()

async function open(text: string): Promise<{ file: string; folder: string; files: CorpusFiles }> {
  const folder = await makeFolder()
  const file = join(folder, 'a.jsonl')
  await writeFile(file, text)
  return { file, folder, files: createFiles({ corpus: folder, rubrics: root }) }
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all).toString()
}

describe('the end of a corpus file', () => {
  it.each([
    [0, ''],
    [1, '9'],
    [4, '6789'],
    [10, '0123456789'],
    [1000, '0123456789'],
  ])('is its last %d bytes', async (last, expected) => {
    const { files } = await open('0123456789')
    expect(await readAll(files.openCorpusFile('a.jsonl', { last }))).toBe(expected)
  })
})

describe('a corpus file that changes while it is read', () => {
  const long = 'line\n'.repeat(100_000)
  it.each<[string, (file: string) => Promise<void>]>([
    ['grows', (file) => appendFile(file, 'more\n')],
    ['shrinks', (file) => truncate(file, 300_000)],
    ['is written over', (file) => writeFile(file, 'LINE\n'.repeat(100_000))],
    [
      'is replaced',
      async (file) => {
        await writeFile(`${file}.new`, long)
        await rename(`${file}.new`, file)
      },
    ],
  ])('is refused when it %s', async (_, change) => {
    const { file, files } = await open(long)
    const error = await takeRefusal(async () => {
      let changed = false
      for await (const _chunk of files.openCorpusFile('a.jsonl')) {
        if (!changed) await change(file)
        changed = true
      }
    })
    expect(error).toMatchObject({
      code: 'corpus',
      message: 'the file changed while it was read',
      where: { file: 'a.jsonl' },
    })
  })

  it('is of no concern to who has stopped reading', async () => {
    const { file, files } = await open(long)
    for await (const _ of files.openCorpusFile('a.jsonl')) {
      await appendFile(file, 'more\n')
      break
    }
  })
})

describe('finding corpus files', () => {
  async function build(): Promise<string> {
    const folder = await makeFolder()
    await mkdir(join(folder, '2026', 'may'), { recursive: true })
    await mkdir(join(folder, 'a.parquet'))
    const paths = [
      'b.jsonl',
      'a.jsonl',
      '2026/c.parquet',
      '2026/may/d.parquet',
      '.hidden.jsonl',
      'odd{1}.jsonl',
    ]
    for (const path of paths) await writeFile(join(folder, path), '')
    await symlink(join(folder, 'a.jsonl'), join(folder, 'link.jsonl'))
    await symlink(join(folder, '2026'), join(folder, 'folder.jsonl'))
    return folder
  }

  it.each<[string[], string[]]>([
    [
      ['b.jsonl', 'a.jsonl'],
      ['b.jsonl', 'a.jsonl'],
    ],
    [['*.jsonl'], ['a.jsonl', 'b.jsonl', 'link.jsonl', 'odd{1}.jsonl']],
    [['**/*.parquet'], ['2026/c.parquet', '2026/may/d.parquet']],
    [['2026/**'], ['2026/c.parquet', '2026/may/d.parquet']],
    [
      ['b.jsonl', '?.jsonl'],
      ['b.jsonl', 'a.jsonl'],
    ],
    [['odd{1}.jsonl'], ['odd{1}.jsonl']],
    [['./2026/../a.jsonl'], ['a.jsonl']],
    [['gone.jsonl'], ['gone.jsonl']],
  ])('%j', async (words, paths) => {
    expect(await findCorpusFiles(await build(), words)).toEqual(paths)
  })

  it.each(['*.csv', '../*.jsonl', 'gone/*'])('refuses a pattern that fits none: %s', async (word) => {
    const folder = await build()
    const error = await takeRefusal(() => findCorpusFiles(folder, ['a.jsonl', word]))
    expect(error).toMatchObject({ code: 'corpus', where: { file: word } })
    expect(error.message).toBe(`no file in ${folder} fits the pattern`)
    await takeRefusal(() => findCorpusFiles(join(folder, 'gone'), ['*']))
  })
})
