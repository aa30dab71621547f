import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { readAhead } from '../../src/record/read-ahead.ts'

/** A scratch in memory that counts how often it is read. */
function makeScratch() {
  let all = Buffer.alloc(0)
  let reads = 0
  return {
    append(bytes: Uint8Array) {
      const position = all.length
      all = Buffer.concat([all, bytes])
      return position
    },
    read(position: number, length: number) {
      reads += 1
      if (position + length > all.length) throw new RangeError('there is not as much')
      return Buffer.from(all.subarray(position, position + length))
    },
    bytes: () => all,
    countReads: () => reads,
  }
}

const limits = { piece: 16, pieces: 3 }

describe('reading ahead', () => {
  it('gives the bytes that are there, whatever is appended and read in whatever order', () => {
    const step = fc.record({ append: fc.uint8Array({ maxLength: 40 }), from: fc.nat(), length: fc.nat(40) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const scratch = makeScratch()
        const ahead = readAhead(scratch, limits)
        for (const { append, from, length } of steps) {
          const before = scratch.bytes().length
          expect(ahead.append(append)).toBe(before)
          const all = scratch.bytes()
          const position = from % (all.length + 1)
          const read = ahead.read(position, Math.min(length, all.length - position))
          expect([...read]).toEqual([...all.subarray(position, position + length)])
        }
      }),
    )
  })

  it('asks once for what stands together, also when somebody lags behind', () => {
    const scratch = makeScratch()
    const ahead = readAhead(scratch, limits)
    ahead.append(Buffer.alloc(160, 'bytes'))
    for (let position = 0; position < 160; position += 4) {
      ahead.read(position, 4)
      ahead.read(Math.max(0, position - 24), 4)
    }
    expect(scratch.countReads()).toBe(10)
  })

  it('asks again for the last piece when there is more of it', () => {
    const scratch = makeScratch()
    const ahead = readAhead(scratch, limits)
    ahead.append(Buffer.from('first'))
    expect(Buffer.from(ahead.read(0, 5)).toString()).toBe('first')
    ahead.append(Buffer.from(' second'))
    expect(Buffer.from(ahead.read(5, 7)).toString()).toBe(' second')
    expect(scratch.countReads()).toBe(2)
  })
})
