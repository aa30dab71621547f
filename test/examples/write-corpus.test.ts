import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { readFolders, readJsonLines, readTable } from '../../examples/real-data/read-source.ts'
import { recordLabel, takeOpening } from '../../examples/real-data/recorded-lines.ts'
import { countTurns, type Message, writeCorpus } from '../../examples/real-data/write-corpus.ts'

const user: Message = { role: 'user', content: 'Grüße, 👋' }
const assistant: Message = { role: 'assistant', content: 'Line\nbreak\u2028and more' }
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'real-data-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('a corpus', () => {
  it('counts the assistant messages that follow a user', () => {
    expect(countTurns({ id: 'a', messages: [user, assistant, user, assistant] })).toBe(2)
    expect(countTurns({ id: 'a', messages: [assistant, user, assistant, assistant, user] })).toBe(1)
  })

  it('is one line a conversation, with the digest that its manifest gives', async () => {
    const conversations = [
      { id: 'a', messages: [user, assistant], metadata: { surface: 'test' } },
      { id: 'b', messages: [user, assistant, user, assistant] },
    ]
    const manifest = await writeCorpus({ folder, name: 'two', conversations })
    const text = await readFile(join(folder, 'conversations.jsonl'), 'utf8')
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(conversations)
    expect(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))).toEqual(manifest)
    expect(manifest).toEqual({
      version: 1,
      name: 'two',
      files: [
        {
          path: 'conversations.jsonl',
          sha256: createHash('sha256')
            .update(await readFile(join(folder, 'conversations.jsonl')))
            .digest('hex'),
          conversations: 2,
          turns: 3,
        },
      ],
    })
  })
})

describe('a recorded label', () => {
  const label = {
    turnId: 'a#1',
    arm: 'candidate',
    category: 'over-refusal',
    origin: { model: 'column', createdS: 0 },
    rationale: 'because',
    completion: 'No.\nReally not.',
  } as const

  it('quotes the first line for present and nothing for absent', () => {
    const present = recordLabel({ ...label, label: 'present' })
    const absent = recordLabel({ ...label, label: 'absent' })
    expect(present.custom_id).toBe('a#1|candidate|over-refusal')
    expect(JSON.parse(present.response.body.choices[0].message.content)).toEqual({
      rationale: 'because',
      label: 'present',
      quote: 'No.',
    })
    expect(JSON.parse(absent.response.body.choices[0].message.content)).toMatchObject({ quote: '' })
  })

  it('never cuts a character in two', () => {
    expect(takeOpening('👋'.repeat(300))).toBe('👋'.repeat(200))
  })

  it('needs something to quote', () => {
    expect(() => takeOpening(' \n')).toThrow('nothing to quote')
  })
})

describe('a source', () => {
  it('is named with its line when it has another shape, or is no JSON', async () => {
    const path = join(folder, 'source.jsonl')
    await writeFile(path, '{"text":"a"}\n{"text":7}\n')
    await expect(readJsonLines({ path, schema: z.object({ text: z.string() }) })).rejects.toThrow(
      'source.jsonl, line 2:',
    )
    await writeFile(path, '{"text":"a"}\n{"text"')
    await expect(readJsonLines({ path, schema: z.unknown() })).rejects.toThrow('line 2: not JSON')
  })

  it('is refused when its bytes are not UTF-8', async () => {
    const path = join(folder, 'source.csv')
    await writeFile(path, Buffer.from('text\nGr\xFC\xDFe\n', 'latin1'))
    await expect(readTable({ path, schema: z.unknown() })).rejects.toThrow('not valid')
  })

  it('and an output are the two folders of the command line', () => {
    expect(readFolders(['node', 'convert.ts', 'in', 'out'])).toEqual({ source: 'in', output: 'out' })
    expect(() => readFolders(['node', 'convert.ts', 'in'])).toThrow('SOURCE_DIR OUT_DIR')
    expect(() => readFolders(['node', 'convert.ts', 'in', 'out', 'more'])).toThrow('SOURCE_DIR OUT_DIR')
  })
})
