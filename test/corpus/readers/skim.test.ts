import '../../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { listConversations } from '../../../src/corpus/listing.ts'
import { createSkim } from '../../../src/corpus/readers/skim.ts'
import { packSkimmed, unpackSkimmed } from '../../../src/corpus/readers/skim-lines.ts'
import { findTurns } from '../../../src/corpus/turns.ts'
import { takeRefusal } from '../../support/refusal.ts'
import { createMemoryFiles, describeFiles, parseConversation, writeConversation } from '../corpora.ts'

const letters = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('ü', '你好', '\u2028', '\ufeff', '"', '\\', '\u0000', '\ud83d\ude00', '\ud800'),
)
const conversations = fc.record(
  {
    id: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,20}$/),
    messages: fc
      .array(fc.record({ user: letters, assistant: letters }), { minLength: 1, maxLength: 3 })
      .map((said) =>
        said.flatMap(({ user, assistant }) => [
          { role: 'user', content: user },
          { role: 'assistant', content: assistant },
        ]),
      ),
    metadata: fc.dictionary(
      fc.oneof(
        { arbitrary: fc.constantFrom('surface', 'size'), weight: 5 },
        { arbitrary: letters, weight: 1 },
      ),
      fc.oneof({ arbitrary: fc.constantFrom('chat', 3, true), weight: 5 }, { arbitrary: letters, weight: 1 }),
    ),
    consent: fc.boolean(),
    user: fc.constant('ab'.repeat(16)),
  },
  { requiredKeys: ['id', 'messages'] },
)

/** Letters beyond ASCII as escapes, which JSON may have as well. */
function escapeLetters(text: string): string {
  return text.replaceAll(
    /[^\0-\x7f]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

describe('skimming a line', () => {
  it('gives what its parsing gives, but for what was said', () => {
    let skimmed = 0
    fc.assert(
      fc.property(conversations, fc.boolean(), (given, escaped) => {
        const text = escaped ? escapeLetters(JSON.stringify(given)) : JSON.stringify(given)
        const found = createSkim()(Buffer.from(text))
        if (found === null) return
        skimmed += 1
        const parsed = parseConversation({ file: 'a', line: 1, text })
        const { messages: _, ...known } = parsed
        expect(found).toEqual({ known, turns: findTurns(parsed) })
        // As it comes from another thread.
        expect(unpackSkimmed(packSkimmed([found]))).toEqual([found])
      }),
    )
    expect(skimmed).toBeGreaterThan(20)
  })

  it('leaves a line that is not UTF-8, not JSON, of another form or without a turn to its parsing', () => {
    const skim = createSkim()
    const line = writeConversation('a')
    expect(skim(Buffer.from(line))?.known.id).toBe('a')
    expect(skim(Buffer.from(line.replace('question', 'questi\u00f6n'), 'latin1'))).toBeNull()
    expect(skim(Buffer.from(`\ufeff${line}`))).toBeNull()
    for (const other of ['', ' ', '{', `${line}}`, '{}', '[]', line.replace('"id"', '"ID"')]) {
      expect(skim(Buffer.from(other))).toBeNull()
    }
    expect(skim(Buffer.from(writeConversation('a', 1, { metadata: { place: 'Köln' } })))).toBeNull()
    expect(skim(Buffer.from(writeConversation('a', 1, { metadata: { plaçe: 'Wien' } })))).toBeNull()
    expect(skim(Buffer.from(writeConversation('a', 0)))).toBeNull()
  })

  it('stops where most lines are of another form', () => {
    const skim = createSkim()
    const line = Buffer.from(writeConversation('a'))
    for (let tried = 0; tried <= 1000; tried += 1) expect(skim(Buffer.from('{}'))).toBeNull()
    expect(skim(line)).toBeNull()
    const steady = createSkim()
    for (let tried = 0; tried <= 3000; tried += 1) expect(steady(line)?.known.id).toBe('a')
  })
})

describe('a listing', () => {
  it('has metadata beyond ASCII as they are, and names the line that is not UTF-8', async () => {
    const lines = [
      writeConversation('a', 1, { metadata: { place: 'Köln' } }),
      writeConversation('b', 1, { metadata: { place: 'Bonn' } }),
    ]
    const list = async (bytes: Buffer, conversations: number) => {
      const files = { 'a.jsonl': bytes }
      const manifest = describeFiles(files, { 'a.jsonl': { conversations, turns: conversations } })
      const batches = listConversations({ manifest, files: createMemoryFiles(files) })
      const seen: object[] = []
      for await (const batch of batches) for (const { metadata } of batch) seen.push(metadata)
      return seen
    }
    expect(await list(Buffer.from(lines.join('\n')), 2)).toEqual([{ place: 'Köln' }, { place: 'Bonn' }])
    const broken = Buffer.concat([Buffer.from(`${lines[1]}\n`), Buffer.from(`${lines[0]}\n`, 'latin1')])
    const error = await takeRefusal(() => list(broken, 2))
    expect(error).toMatchObject({ message: 'the text is not UTF-8', where: { file: 'a.jsonl', line: 2 } })
  })
})
