import { describe, expect, it } from '@jest/globals'
import { assert, json, pre, property } from 'fast-check'
import { digestCall, readArguments } from '../../src/tools/canonical-arguments.ts'

function isSameCall(one: string, other: string): boolean {
  const digest = (written: string) => digestCall('tool', readArguments(written)).join()
  return digest(one) === digest(other)
}

function readReason(written: string): string | null {
  const read = readArguments(written)
  return read.kind === 'verbatim' ? read.reason : null
}

describe('arguments that are the same', () => {
  it.each([
    ['{"b":1,"a":[2,3]}', ' { "a" : [2, 3],\n "b":1 }'],
    ['{"price":1.0}', '{"price":1}'],
    ['{"price":1e2}', '{"price":100}'],
    ['{"name":"\\u00e9\\n"}', '{"name":"é\\u000a"}'],
    ['{"a":-0}', '{"a":0}'],
    ['', '{}'],
    [' \n', '{}'],
    ['{"id":9007199254740992000}', '{ "id": 9007199254740992000 }'],
    ['{"x":0.30000000000000004}', '{"x": 0.30000000000000004}'],
  ])('%s and %s', (one, other) => {
    expect(isSameCall(one, other)).toBe(true)
  })
})

describe('arguments that are not the same', () => {
  it.each([
    ['{"a":null}', '{}'],
    ['{"a":1}', '{"a":"1"}'],
    ['{"a":[1,2]}', '{"a":[2,1]}'],
    ['{"a":""}', '{}'],
    ['{"a":{}}', '{"a":[]}'],
    ['{"a":"é"}', '{"a":"e\\u0301"}'],
    ['{"id":9007199254740993}', '{"id":9007199254740992}'],
    ['{"id":12345678901234567890}', '{"id":12345678901234567891}'],
    ['{"a":1e400}', '{"a":1e401}'],
    ['{"a":1e-400}', '{"a":0}'],
    ['{"a":1,"a":2}', '{"a":2}'],
    ['{"a":', '{}'],
    ['{"__proto__":{"a":1}}', '{}'],
  ])('%s and %s', (one, other) => {
    expect(isSameCall(one, other)).toBe(false)
  })

  it('of another tool, whatever the names hold', () => {
    const digest = (tool: string) => digestCall(tool, readArguments('{}')).join()
    expect(digest('a')).not.toBe(digest('b'))
    const call = (tool: string, text: string) => digestCall(tool, { kind: 'canonical', text }).join()
    expect(call('a","canonical"]', '{}')).not.toBe(call('a', '","canonical"]{}'))
  })
})

describe('arguments that are compared as they were written', () => {
  it.each([
    ['{"a":', 'not JSON'],
    ['{"menu_item_id": ""latte-2""}', 'not JSON'],
    ['[1]', 'not an object'],
    ['null', 'not an object'],
    ['"{}"', 'not an object'],
    ['{"a":1,"a":1}', 'a key twice'],
    ['{"x":[{"a":{"b":1,"\\u0062":2}}]}', 'a key twice'],
    ['{"id":9007199254740993}', 'a number that a double does not hold'],
    ['{"x":[0.1234567890123456789]}', 'a number that a double does not hold'],
    ['{"a":1e400}', 'a number that a double does not hold'],
    [`{"a":${'['.repeat(201)}${']'.repeat(201)}}`, 'nested too deeply'],
    [`{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, 'nested too deeply'],
  ])('%.60s: %s', (written, reason) => {
    expect(readReason(written)).toBe(reason)
    expect(isSameCall(written, written)).toBe(true)
    expect(isSameCall(written, `${written} `)).toBe(false)
  })

  it.each([
    '{"a":"a","b":"\\"a\\":","c":{"a":1},"d":[{"a":1},{"a":1}]}',
    '{"a":"\\\\","b":"x","c":"\\\\\\""}',
    '{"a":"12345678901234567890 {[","-1":1}',
    '{"id":9007199254740992,"id2":1000000000000000000000,"y":-1.5e-7}',
  ])('not %s', (written) => {
    expect(readReason(written)).toBe(null)
  })

  it('survives 5 MB of one string', () => {
    expect(readReason(JSON.stringify({ a: '\\"'.repeat(2_500_000) }))).toBe(null)
  })
})

it('reads whatever is JSON alike, however it is printed', () => {
  assert(
    property(json(), (text) => {
      // Long integers are compared as they are written.
      pre(!/\d{16}/.test(text))
      const value: unknown = JSON.parse(text)
      return isSameCall(JSON.stringify({ value }), JSON.stringify({ value }, null, 2))
    }),
  )
})
