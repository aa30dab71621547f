import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { writeJson } from '../../src/adapters/write-json.ts'

describe('writeJson', () => {
  it('writes what JSON.stringify does, whatever is frozen', () => {
    const value = fc.oneof(fc.jsonValue(), fc.constant(undefined))
    const entry = fc.oneof(value, fc.object().map(Object.freeze), fc.array(value).map(Object.freeze))
    const body = fc.dictionary(fc.string(), fc.oneof(entry, fc.array(entry)))
    fc.assert(
      fc.property(body, (written) => {
        for (const text of [writeJson(written), writeJson(written)])
          expect(String(text)).toBe(JSON.stringify(written))
      }),
    )
  })

  it('asks an object that is frozen for its JSON once, and another each time', () => {
    let asked = 0
    const count = {
      toJSON() {
        asked += 1
        return `asked ${asked}`
      },
    }
    const system = Object.freeze({ role: 'system', count })
    const first = writeJson({ model: 'm', messages: [system, { count }] })
    const second = writeJson({ model: 'm', messages: [system, { count }] })
    expect(String(first)).toBe(
      '{"model":"m","messages":[{"role":"system","count":"asked 1"},{"count":"asked 2"}]}',
    )
    expect(String(second)).toBe(
      '{"model":"m","messages":[{"role":"system","count":"asked 1"},{"count":"asked 3"}]}',
    )
  })
})
