import { expect, it } from '@jest/globals'
import { freeMemory } from '../../src/corpus/free-memory.ts'

it('gives back memory of its own', () => {
  const bytes = Buffer.alloc(100_000, 'a')
  const part = bytes.subarray(7, 9)
  freeMemory(part)
  expect([bytes.length, part.length, bytes.buffer.byteLength]).toEqual([0, 0, 0])
  expect(() => freeMemory(part)).not.toThrow()
})

it('leaves alone what may be shared out among buffers, or between threads', () => {
  const small = Buffer.allocUnsafe(100).fill('a')
  freeMemory(small)
  expect(small.toString()).toBe('a'.repeat(100))
  const shared = new Uint8Array(new SharedArrayBuffer(100_000)).fill(1)
  freeMemory(shared)
  expect(shared.at(-1)).toBe(1)
})
