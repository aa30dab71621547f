import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createByteCursor } from '../../../src/corpus/readers/byte-cursor.ts'

const whole = Buffer.from(Array.from({ length: 300 }, (_, index) => index % 251))

/** The bytes in pieces of these sizes, each good until the next is asked for. */
async function* give(sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0
  for (const size of [...sizes, whole.length]) {
    const lent = Buffer.from(whole.subarray(start, start + size))
    start += size
    yield lent
    lent.fill(0xff)
  }
}

describe('the end of a stream', () => {
  it('is its last bytes, however it comes and whatever was read of it', async () => {
    const sizes = fc.array(fc.nat(40), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(120), fc.nat(250), async (pieces, tail, start) => {
        const cursor = createByteCursor(give(pieces), tail)
        expect(await cursor.read({ start, end: start + 50 })).toEqual(
          new Uint8Array(whole.subarray(start, start + 50)),
        )
        expect(Buffer.from(await cursor.finish())).toEqual(whole.subarray(whole.length - tail))
      }),
    )
  })

  it('is all of it where that is not more than was asked for', async () => {
    expect(Buffer.from(await createByteCursor(give([7, 90]), 1000).finish())).toEqual(whole)
    expect(await createByteCursor(give([7, 90]), 0).finish()).toHaveLength(0)
  })
})
