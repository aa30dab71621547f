import { describe, expect, it } from '@jest/globals'
import { createIdRegister } from '../../src/corpus/ids.ts'
import { takeRefusal } from '../support/refusal.ts'

describe('the ids of a corpus', () => {
  it('are remembered with their places, however many there are', async () => {
    const ids = createIdRegister()
    const count = 20_000
    for (let index = 0; index < count; index += 1) {
      ids.add(`c-${index}`, { file: index < 5000 ? 'a.jsonl' : 'b.jsonl', line: index + 1 })
    }
    for (const index of [0, 1, 511, 512, 4999, 5000, 12_345, count - 1]) {
      const error = await takeRefusal(() => ids.add(`c-${index}`, { file: 'c.jsonl', line: 7 }))
      expect(error.message).toBe(
        `the id "c-${index}" was used before (${index < 5000 ? 'a' : 'b'}.jsonl:${index + 1})`,
      )
      expect(error.where).toEqual({ file: 'c.jsonl', line: 7, field: 'id' })
    }
    ids.add('another', { file: 'c.jsonl', line: 8 })
  })

  it('are found in the file that they are of, whose lines begin anew', async () => {
    const ids = createIdRegister()
    const files = ['a', 'b', 'c'].map((name) => `${name}.jsonl`)
    // A row may hold several.
    for (const file of files) {
      for (const [index, line] of [2, 2, 9].entries()) ids.add(`${file}-${index}`, { file, line })
    }
    for (const file of files) ids.add(`last-of-${file}`, { file: `${file}.more`, line: 1 })
    for (const file of files) {
      for (const [index, line] of [2, 2, 9].entries()) {
        const twice = await takeRefusal(() => ids.add(`${file}-${index}`, { file: 'z.jsonl', line: 1 }))
        expect(twice.message).toContain(`(${file}:${line})`)
      }
      const error = await takeRefusal(() => ids.add(`last-of-${file}`, { file: 'z.jsonl', line: 1 }))
      expect(error.message).toContain(`(${file}.more:1)`)
    }
  })
})
