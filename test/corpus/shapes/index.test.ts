import { describe, expect, it } from '@jest/globals'
import { conversationSchema } from '../../../src/corpus/conversation.ts'
import { recogniseShape, shapes } from '../../../src/corpus/shapes/index.ts'
import { findTurns } from '../../../src/corpus/turns.ts'
import { takeRefusal } from '../../support/refusal.ts'
import { readRow } from '../corpora.ts'
import { exampleRows } from '../rows.ts'

describe('every shape', () => {
  it('has an example here', () => {
    expect(Object.keys(exampleRows)).toEqual(shapes.map(({ name }) => name))
  })

  it.each(shapes.map((shape) => [shape.name, shape] as const))(
    'gives conversations as the gate has them, with turns: %s',
    (name, shape) => {
      const readings = readRow(shape, exampleRows[name])
      expect(readings.length).toBeGreaterThan(0)
      for (const reading of readings) {
        if (reading.kind !== 'conversation') throw new Error(reading.reason)
        const { firstTurn = 0, ...conversation } = reading.conversation
        expect(conversationSchema.parse(conversation)).toEqual(conversation)
        expect(findTurns(reading.conversation).every((index) => index >= firstTurn)).toBe(true)
        expect(findTurns(reading.conversation).length).toBeGreaterThan(0)
      }
    },
  )

  it.each(shapes.map(({ name }) => name))('is told from the others by a row: %s', (name) => {
    const row = exampleRows[name] as Record<string, unknown>
    expect(shapes.filter((shape) => shape.recognises(row)).map((shape) => shape.name)).toEqual([name])
    expect(recogniseShape(row)?.name).toBe(name)
  })

  it.each([null, 'text', 5, [], {}, { a: 1 }, { messages: 'text' }])('is not seen in %j', (row) => {
    expect(recogniseShape(row)).toBeNull()
  })

  it.each(shapes.map((shape) => [shape.name, shape] as const))(
    'refuses what is no row of it, with its place: %s',
    async (_, shape) => {
      for (const row of [null, 'secret', 5, [], {}, { a: 'secret' }]) {
        const error = await takeRefusal(() => readRow(shape, row, 17))
        expect(error.code).toBe('corpus')
        expect(error.where).toMatchObject({ file: 'rows.jsonl', line: 17 })
        expect(error.message).not.toContain('secret')
      }
    },
  )

  it.each(shapes.filter(({ name }) => name !== 'conversation').map((shape) => [shape.name, shape] as const))(
    'has a page that describes it: %s',
    (_, shape) => expect(shape.page).toMatch(/^https:\/\//),
  )
})
