import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { convertHhRlhf, pairSchema } from '../../examples/real-data/convert-hh-rlhf.ts'
import { convertOasst, treeSchema } from '../../examples/real-data/convert-oasst.ts'
import { readJsonLines } from '../../examples/real-data/read-source.ts'
import { type Conversation, writeCorpus } from '../../examples/real-data/write-corpus.ts'
import { createFiles } from '../../src/adapters/files.ts'
import { parseManifest } from '../../src/corpus/manifest.ts'
import { readCorpus } from '../../src/corpus/read.ts'
import { drawSample, type Sample } from '../../src/sample/draw.ts'
import { describeWithShared, root, sharedPath } from '../support/shared.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

async function readHhRlhf(): Promise<Conversation[]> {
  const path = sharedPath('data/hh-rlhf/harmless-base-test.jsonl')
  return convertHhRlhf(await readJsonLines({ path, schema: pairSchema })).conversations
}

async function readOasst(): Promise<Conversation[]> {
  const path = sharedPath('data/oasst-en100/en_100_tree.jsonl')
  return convertOasst(await readJsonLines({ path, schema: treeSchema })).conversations
}

describeWithShared('a draw from real conversations', () => {
  const makeFolder = useTemporaryFolders()

  /** Writes the corpus, reads it as a run does, and draws. */
  async function drawFrom(conversations: Conversation[], turns: number): Promise<Sample> {
    const folder = await makeFolder()
    const manifest = await writeCorpus({ folder, name: 'real', conversations })
    const files = createFiles({ corpus: folder, rubrics: join(root, 'rubrics') })
    const corpus = readCorpus(parseManifest({ file: 'manifest.json', text: JSON.stringify(manifest) }), files)
    return drawSample({ corpus, seed: 'real', turns, slices: ['dataset'], now: new Date('2026-11-02') })
  }

  it.each([
    { name: 'HH-RLHF', read: readHhRlhf, turns: 600, dataset: 'hh-rlhf-harmless-base-test' },
    { name: 'HH-RLHF, all', read: readHhRlhf, turns: 5000, dataset: 'hh-rlhf-harmless-base-test' },
    { name: 'OpenAssistant', read: readOasst, turns: 40, dataset: 'oasst-en-100' },
  ])('has prefixes that end before the replaced turn: $name', async ({ read, turns, dataset }) => {
    const conversations = await read()
    const sample = await drawFrom(conversations, turns)
    expect(sample.turns).toHaveLength(Math.min(turns, conversations.length))
    expect(sample.counts.conversations).toBe(conversations.length)
    const byId = new Map(conversations.map((conversation) => [conversation.id, conversation]))
    for (const turn of sample.turns) {
      const messages = byId.get(turn.conversation)?.messages ?? []
      const index = Number(turn.id.slice(turn.id.lastIndexOf('#') + 1))
      expect(turn.id).toBe(`${turn.conversation}#${index}`)
      expect(messages[index]?.role).toBe('assistant')
      expect(turn.prefix).toEqual(messages.slice(0, index))
      expect(turn.prefix.at(-1)?.role).toBe('user')
      const before = new Set(messages.slice(0, index).map(({ content }) => content))
      const hidden = messages.slice(index).filter(({ content }) => !before.has(content))
      for (const { content } of hidden)
        expect(turn.prefix.map((message) => message.content)).not.toContain(content)
      expect(turn.slice).toEqual({ dataset })
    }
  })

  it('is the same from the reversed corpus', async () => {
    const conversations = await readHhRlhf()
    const forward = await drawFrom(conversations, 300)
    expect(await drawFrom(conversations.toReversed(), 300)).toEqual(forward)
  })

  it('replays every position of a conversation, not the last turn only', async () => {
    const { turns } = await drawFrom(await readHhRlhf(), 600)
    const lengths = new Set(turns.map(({ prefix }) => prefix.length))
    expect(lengths.has(1)).toBe(true)
    expect(lengths.has(3)).toBe(true)
    expect(lengths.has(5)).toBe(true)
  })
})
