import '../support/seed.ts'
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { describeCorpus } from '../../src/corpus/describe.ts'
import { type HashThread, startHashThread } from '../../src/corpus/hash-thread.ts'
import { takeRefusal } from '../support/refusal.ts'
import { chunk, createMemoryFiles, digest, writeConversation } from './corpora.ts'

let thread: HashThread
beforeEach(() => {
  thread = startHashThread()
})
afterEach(() => thread.close())

const sha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest()

describe('a thread that digests', () => {
  it('digests a file however it comes, and then the next', async () => {
    const bytes = Buffer.from('abc'.repeat(1000))
    for (const size of [7, 3000]) {
      for await (const piece of chunk(bytes, size)) {
        thread.update(piece)
        await thread.ready()
      }
      expect(await thread.finish()).toBe(digest(bytes))
    }
    expect(await thread.finish()).toBe(digest(''))
  })

  it('digests lines where they end, whatever the pieces', async () => {
    const text = fc
      .array(fc.constantFrom('a', 'bb', '\n', '\r', 'ü'), { maxLength: 30 })
      .map((all) => all.join(''))
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (whole, size) => {
        const answers: Promise<Buffer>[] = []
        for await (const piece of chunk(whole, size)) answers.push(thread.digestLines(piece))
        answers.push(thread.endLines())
        const lines = whole.split('\n')
        if (lines.at(-1) === '') lines.pop()
        expect(Buffer.concat(await Promise.all(answers)).equals(Buffer.concat(lines.map(sha256)))).toBe(true)
      }),
    )
  })

  it('digests texts behind a prefix, whatever their letters', async () => {
    const texts = ['a', '', 'ü', '你好', 'x'.repeat(300)]
    let end = 0
    const ends = Uint32Array.from(texts, ({ length }) => {
      end += length
      return end
    })
    const found = await thread.digestTexts({ prefix: 'seed\0', texts: texts.join(''), ends })
    expect(found).toEqual(Buffer.concat(texts.map((text) => sha256(`seed\0${text}`).subarray(0, 8))))
  })

  it('copies what it is given at once, and says how much it has to do', async () => {
    const bytes = Buffer.from('abc\n')
    const answer = thread.digestLines(bytes)
    bytes.fill(0)
    expect(thread.waiting()).toBe(1)
    expect(await answer).toEqual(sha256('abc'))
    expect(thread.waiting()).toBe(0)
  })

  it('fails who asks it when it fails', async () => {
    const broken = { prefix: 'a', texts: null as unknown as string, ends: new Uint32Array(1) }
    const before = thread.digestTexts(broken)
    const after = thread.finish()
    await expect(before).rejects.toThrow('null')
    await expect(after).rejects.toThrow('null')
    await expect(thread.finish()).rejects.toThrow('null')
  })
})

describe('an index whose lines a thread digests', () => {
  const write = async (files: Record<string, string>, digesting?: HashThread) => {
    const written: string[] = []
    const manifest = await describeCorpus({
      name: 'c',
      paths: Object.keys(files),
      files: createMemoryFiles(files),
      index: { write: async (lines) => void written.push(lines) },
      ...(digesting === undefined ? {} : { thread: digesting }),
    })
    return { manifest, index: written.join('') }
  }

  it('is the same, byte for byte', async () => {
    const lines = Array.from({ length: 2500 }, (_, index) =>
      index % 7 === 0
        ? ''
        : writeConversation(`c-${index}`, 1 + (index % 4), { metadata: { place: `ü${index % 3}` } }),
    )
    const [first = '', ...others] = lines.slice(1)
    const files = {
      'a.jsonl': `${[first, ...others].join('\n')}\n`,
      'empty.jsonl': '',
      'b.jsonl': [writeConversation('d'), '', writeConversation('e')].join('\n'),
    }
    expect(await write(files, thread)).toEqual(await write(files))
  })

  it('names the line that is wrong', async () => {
    const text = [writeConversation('a'), writeConversation('a')].join('\n')
    const error = await takeRefusal(() => write({ 'a.jsonl': text }, thread))
    expect(error.where).toMatchObject({ file: 'a.jsonl', line: 2, field: 'id' })
  })
})
