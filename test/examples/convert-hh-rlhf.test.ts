import { describe, expect, it } from '@jest/globals'
import { convertHhRlhf, pairSchema, parseTranscript } from '../../examples/real-data/convert-hh-rlhf.ts'
import { readJsonLines } from '../../examples/real-data/read-source.ts'
import { countTurns } from '../../examples/real-data/write-corpus.ts'
import { describeWithShared, sharedPath } from '../support/shared.ts'
import { alternates } from './real-data-files.ts'

describe('a transcript', () => {
  it('is cut at its separators, verbatim', () => {
    const text = '\n\nHuman: Héllo 👩‍🚀\n\nAssistant:  Two\n\nparagraphs. \n\nHuman: Bye\n\nAssistant: Bye.'
    expect(parseTranscript(text)).toEqual({
      kind: 'conversation',
      messages: [
        { role: 'user', content: 'Héllo 👩‍🚀' },
        { role: 'assistant', content: ' Two\n\nparagraphs. ' },
        { role: 'user', content: 'Bye' },
        { role: 'assistant', content: 'Bye.' },
      ],
    })
  })

  it.each([
    ['', 'no-opening-separator'],
    ['Hello\n\nHuman: a\n\nAssistant: b', 'no-opening-separator'],
    ['\n\nHuman: a\n\nAssistant: ', 'empty-turn'],
    ['\n\nHuman:  \n\nAssistant: b', 'empty-turn'],
    ['\n\nAssistant: b', 'roles-not-alternating'],
    ['\n\nHuman: a\n\nAssistant: b\n\nAssistant: c', 'roles-not-alternating'],
    ['\n\nHuman: a\n\nHuman: b\n\nAssistant: c', 'roles-not-alternating'],
    ['\n\nHuman: a\n\nAssistant: b\n\nHuman: c', 'no-final-assistant-turn'],
    ['\n\nHuman: a\n\nAssistant: Human: b', 'role-marker-in-text'],
    ['\n\nHuman: a\n\nAssistant: b\nHuman: c', 'role-marker-in-text'],
    ['\n\nHuman: a\n\nAssistant: b\n\nHuman:c', 'role-marker-in-text'],
  ])('is skipped with a reason: %j is %s', (text, reason) => {
    expect(parseTranscript(text)).toEqual({ kind: 'skipped', reason })
  })
})

describeWithShared('the HH-RLHF converter', () => {
  const path = sharedPath('data/hh-rlhf/harmless-base-test.jsonl')
  const readPairs = () => readJsonLines({ path, schema: pairSchema })

  it('keeps 2,264 of 2,312 transcripts and counts the others by reason', async () => {
    const pairs = await readPairs()
    const { conversations, skipped } = convertHhRlhf(pairs)
    expect(pairs).toHaveLength(2312)
    expect(new Set(conversations.map((conversation) => conversation.id)).size).toBe(2264)
    expect(skipped).toEqual({
      'no-opening-separator': 0,
      'empty-turn': 4,
      'roles-not-alternating': 8,
      'no-final-assistant-turn': 0,
      'role-marker-in-text': 36,
    })
  })

  it('gives conversations whose every assistant message can be replayed', async () => {
    const { conversations } = convertHhRlhf(await readPairs())
    expect(conversations.filter((conversation) => !alternates(conversation))).toEqual([])
    for (const conversation of conversations) {
      expect(countTurns(conversation)).toBe(conversation.messages.length / 2)
    }
  })

  it('loses and adds nothing: the messages with their separators are the transcript', async () => {
    const pairs = await readPairs()
    for (const { id, messages } of convertHhRlhf(pairs).conversations) {
      const text = messages
        .map(({ role, content }) => `\n\n${role === 'user' ? 'Human' : 'Assistant'}: ${content}`)
        .join('')
      expect(text).toBe(pairs[Number(id.split('-').at(-1)) - 1]?.chosen)
    }
  })
})
