import { describe, expect, it } from '@jest/globals'
import { lmsysChat } from '../../../src/corpus/shapes/lmsys-chat.ts'
import { wildchat } from '../../../src/corpus/shapes/wildchat.ts'
import { takeRefusal } from '../../support/refusal.ts'
import { readRow } from '../corpora.ts'
import { exampleRows } from '../rows.ts'

const question = { role: 'user', content: 'q' }
const answer = { role: 'assistant', content: 'a' }

describe('WildChat and LMSYS-Chat', () => {
  it('give what was said, of which models, in which language, and nothing of who said it', () => {
    const [reading] = readRow(wildchat, exampleRows.wildchat)
    expect(reading).toEqual({
      kind: 'conversation',
      conversation: {
        id: '2001',
        messages: [question, answer],
        metadata: { model: 'gpt-4-0314', language: 'English', toxic: false, redacted: true },
        collected_at: '2023-04-09T00:02:53.000Z',
      },
    })
    expect(JSON.stringify(reading)).not.toMatch(/Germany|hashed|Mozilla/)
    const [other] = readRow(lmsysChat, exampleRows['lmsys-chat'])
    expect(other).toEqual({
      kind: 'conversation',
      conversation: {
        id: '33f01939a744455c869cb234afca47f1',
        messages: [question, answer],
        metadata: { model: 'wizardlm-13b', language: 'English', redacted: false },
      },
    })
  })

  it.each<[object, string]>([
    [{ conversation: [{ ...question, turn_identifier: 17 }, answer], conversation_hash: 'h' }, '17'],
    [{ conversation: [question, answer], conversation_id: 'c', conversation_hash: 'h' }, 'c'],
    [{ conversation: [question, answer], conversation_hash: 'h' }, 'h'],
  ])('take an id that is one: the hash of what was said is not, where there is another', (row, id) => {
    expect(readRow(wildchat, row)).toMatchObject([{ conversation: { id } }])
  })

  it.each([
    ['2023-04-09 00:02:53+00:00', '2023-04-09T00:02:53.000Z'],
    ['2023-04-09T02:02:53+02:00', '2023-04-09T00:02:53.000Z'],
    ['2023-04-09 00:02:53.123456', '2023-04-09T00:02:53.123Z'],
    ['2023-04-09T00:02:53Z', '2023-04-09T00:02:53.000Z'],
    [1680998573, '2023-04-09T00:02:53.000Z'],
    [1680998573000, '2023-04-09T00:02:53.000Z'],
    [1680998573000000, '2023-04-09T00:02:53.000Z'],
    ['1680998573000000000', '2023-04-09T00:02:53.000Z'],
  ])('have a time however it is written: %j', (timestamp, expected) => {
    const row = { conversation_id: 'c', conversation: [question, answer], timestamp }
    expect(readRow(wildchat, row)).toMatchObject([{ conversation: { collected_at: expected } }])
  })

  it.each<[object, string]>([
    [{ conversation: [question, answer] }, 'conversation_hash'],
    [{ conversation_id: 'c', conversation: [] }, 'conversation'],
    [{ conversation_id: 'c', conversation: [question, { role: 'x', content: 'a' }] }, 'conversation[1].role'],
    [{ conversation_id: 'c', conversation: [question, answer], timestamp: 'soon' }, 'timestamp'],
  ])('are refused by their field: %j', async (row, field) => {
    const error = await takeRefusal(() => readRow(wildchat, row, 3))
    expect(error.where).toEqual({ file: 'rows.jsonl', line: 3, field })
  })
})
