import '../support/seed.ts'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type CorpusThread, startCorpusThread } from '../../src/corpus/corpus-thread.ts'
import { describeCorpus } from '../../src/corpus/describe.ts'
import { corpusLimits } from '../../src/corpus/limits.ts'
import { digestRow } from '../../src/corpus/listing.ts'
import { readRows } from '../../src/corpus/read.ts'
import type { LineThread } from '../../src/corpus/readers/reader.ts'
import { createSkim } from '../../src/corpus/readers/skim.ts'
import { packSkimmed, skimLines, unpackSkimmed } from '../../src/corpus/readers/skim-lines.ts'
import { takeRefusal } from '../support/refusal.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'
import { chunk, createMemoryFiles, digest, writeConversation } from './corpora.ts'

const makeFolder = useTemporaryFolders()

let thread: CorpusThread
beforeEach(async () => {
  thread = await startCorpusThread()
})
afterEach(() => thread.close())

const sha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest()

function shareBytes(text: string) {
  const bytes = new Uint8Array(new SharedArrayBuffer(1000))
  return { bytes: bytes.subarray(0, Buffer.from(bytes.buffer).write(text)) }
}

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

  it('digests and skims lines, the last with or without its end', async () => {
    const long = writeConversation('long', 3, { metadata: { size: 3 }, consent: true })
    const texts = ['', 'a', '\n', '\n\na\r\nü\n', `${long}\n{"id":"a"}\n${writeConversation('b')}`]
    for (const text of texts) {
      const bytes = shareBytes(text)
      const lines = text.replace(/\n$/, '').split('\n')
      const expected = text === '' ? [] : lines
      for (const skims of [true, false]) {
        const { digests, packed } = await thread.skimLines({ ...bytes, skims, updates: false })
        expect(digests).toBe(expected.map((line) => sha256(line).toString('base64url')).join(''))
        const skim = createSkim()
        const skimmed = expected.map((line) => (skims ? skim(Buffer.from(line)) : null))
        expect(unpackSkimmed(packed)).toEqual(skimmed)
      }
    }
    const { packed } = await thread.skimLines({ ...shareBytes(long), skims: true, updates: false })
    expect(unpackSkimmed(packed)).toEqual([
      { known: { id: 'long', metadata: { size: 3 }, consent: true }, turns: [1, 3, 5] },
    ])
  })

  it('has what it skimmed cross as it is', () => {
    const user = 'ab'.repeat(16)
    const lines = [
      writeConversation('a', 1, { metadata: { size: 3 }, consent: false, user }),
      'no conversation',
      writeConversation('b', 2, { metadata: {}, expires_at: '2027-01-02T00:00:00Z' }),
      writeConversation('c', 1, { metadata: { size: '3' } }),
      writeConversation('d', 1, { metadata: { size: 3 }, user: 'cd'.repeat(16) }),
    ]
    const { found } = skimLines(Buffer.from(lines.join('\n')), createSkim())
    expect(found.map((skimmed) => skimmed?.known.id)).toEqual(['a', undefined, 'b', 'c', 'd'])
    expect(unpackSkimmed(packSkimmed(found))).toEqual(found)
  })

  it('leaves a line that is not UTF-8 to its parsing, and no other', () => {
    const latin1 = Buffer.from(writeConversation('\u00fc'), 'latin1')
    const bytes = Buffer.concat([Buffer.from(`${writeConversation('a')}\n`), latin1])
    const { found } = skimLines(bytes, createSkim())
    expect(found.map((skimmed) => skimmed?.known.id)).toEqual(['a', undefined])
  })

  it('digests a file whose lines it skims, or which it is shown', async () => {
    const texts = ['a\n', `${writeConversation('b')}\n`, 'ü']
    await thread.skimLines({ ...shareBytes(texts[0] ?? ''), skims: true, updates: true })
    await thread.updateShared(shareBytes(texts[1] ?? ''))
    await thread.skimLines({ ...shareBytes('not of it'), skims: true, updates: false })
    await thread.skimLines({ ...shareBytes(texts[2] ?? ''), skims: false, updates: true })
    expect(await thread.finish()).toBe(digest(texts.join('')))
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

  it('copies what it is to digest at once, and says how much it has to do', async () => {
    const bytes = Buffer.from('abc')
    thread.update(bytes)
    bytes.fill(0)
    expect(thread.waiting()).toBe(1)
    expect(await thread.finish()).toBe(digest('abc'))
    expect(thread.waiting()).toBe(0)
  })

  it('is closed while it has something to do, and lets what comes after that be done', async () => {
    const source = new URL('../../src/corpus/corpus-thread.ts', import.meta.url).href
    const program = `import { startCorpusThread } from ${JSON.stringify(source)}
const thread = await startCorpusThread()
await thread.finish()
thread.update(new Uint8Array(10))
// It answers while nobody hears it.
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
await thread.close()
console.log('closed')`
    const file = join(await makeFolder(), 'program.mjs')
    await writeFile(file, program)
    const { status, stdout } = spawnSync(process.execPath, [file], { encoding: 'utf8' })
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'closed\n' })
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

describe('lines that a thread takes a part of', () => {
  /** Letters of lines, one for each kind that is read in another way. */
  const kinds: Record<string, Buffer> = {
    c: Buffer.from(writeConversation('common', 2)),
    l: Buffer.from(writeConversation('x'.repeat(100), 3, { metadata: { place: 'Köln' } })),
    e: Buffer.from(''),
    s: Buffer.from(' \r'),
    n: Buffer.from('{"not": "one"}'),
    j: Buffer.from('{"no": JSON}'),
    u: Buffer.from(writeConversation('ü'), 'latin1'),
    t: Buffer.from(writeConversation('too long', 40)),
  }
  const texts = fc.array(
    fc.oneof(
      { arbitrary: fc.constantFrom('c', 'l', 'e', 's', 'n'), weight: 20 },
      { arbitrary: fc.constantFrom('j', 'u', 't'), weight: 1 },
    ),
    { maxLength: 40 },
  )

  const readAll = async (text: Buffer, size: number, taking?: LineThread) => {
    const rows: object[] = []
    let sha256 = ''
    const reading = readRows({
      path: 'a.jsonl',
      files: { openCorpusFile: () => chunk(text, size) },
      sha256: null,
      onDigest: (actual) => {
        sha256 = actual
      },
      fields: null,
      skim: createSkim(),
      limits: { ...corpusLimits, row: 2000 },
      ...(taking === undefined ? {} : { thread: { ...thread, ...taking } }),
    })
    try {
      for await (const batch of reading)
        for (const row of batch)
          rows.push({
            ...row,
            line: { start: row.line?.start, text: String(Buffer.from(row.line?.bytes ?? [])) },
            digest: digestRow(row),
          })
      return { rows, sha256, error: null }
    } catch (error) {
      // What it has seen of this file is no part of the next.
      await thread.finish()
      return { rows, error: String(error) }
    }
  }

  it('are the same rows in the same order, up to the same error', async () => {
    let errors = 0
    await fc.assert(
      fc.asyncProperty(
        texts,
        fc.integer({ min: 1, max: 3000 }),
        fc.array(fc.boolean(), { minLength: 1 }),
        fc.boolean(),
        async (letters, size, busy, ends) => {
          const lines = letters.flatMap((letter) => [kinds[letter] ?? Buffer.alloc(0), Buffer.from('\n')])
          const text = Buffer.concat(ends ? lines : lines.slice(0, -1))
          let asked = 0
          const taking: LineThread = {
            waiting: () => (busy[asked++ % busy.length] ? 99 : 0),
            skimLines: thread.skimLines,
            updateShared: thread.updateShared,
          }
          const expected = await readAll(text, size)
          if (expected.error === null) expect(expected.sha256).toBe(digest(text))
          else errors += 1
          expect(await readAll(text, size, taking)).toEqual(expected)
        },
      ),
      { numRuns: 150 },
    )
    expect(errors).toBeGreaterThan(10)
  })

  it('fail with it', async () => {
    const broken: LineThread = {
      waiting: () => 0,
      skimLines: () => Promise.reject(new Error('no thread')),
      updateShared: thread.updateShared,
    }
    const { rows, error } = await readAll(kinds.c ?? Buffer.alloc(0), 100, broken)
    expect({ rows, error }).toEqual({ rows: [], error: 'Error: no thread' })
  })
})

describe('an index whose lines a thread digests', () => {
  const write = async (files: Record<string, string>, digesting?: CorpusThread) => {
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
