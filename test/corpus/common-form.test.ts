import '../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { isInCommonForm } from '../../src/corpus/common-form.ts'
import { conversationSchema } from '../../src/corpus/conversation.ts'

const text = fc.string({ maxLength: 5 })
const odd = fc.constantFrom<unknown>(null, 0, -1, Number.NaN, Infinity, true, '', 'x', [], {}, [{}], ['x'])
const time = fc.oneof(
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.stringMatching(
    /^(19|20)\d\d-[0-3]\d-[0-3]\dT[0-2]\d:[0-6]\d(:[0-6]\d)?(\.\d{0,4})?(Z|z|[+-][0-2]\d:?[0-6]\d|)$/,
  ),
)

/** An object of these keys, of which some are left out, wrong, or in another order, and to which others are added. */
function objectOf(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> {
  const entries = Object.entries(fields).map(([key, value]) =>
    fc.record({
      key: fc.constant(key),
      value: fc.oneof({ arbitrary: value, weight: 150 }, { arbitrary: odd, weight: 1 }),
      isThere: fc.nat({ max: 60 }).map((number) => number > 0),
    }),
  )
  const other = fc.constantFrom('extra', '__proto__', 'name', 'refusal', 'toString')
  return fc
    .record({
      entries: fc.tuple(...entries),
      shuffled: fc.nat({ max: 100 }),
      extra: fc.oneof(
        { arbitrary: fc.constant(null), weight: 60 },
        { arbitrary: fc.tuple(other, odd), weight: 1 },
      ),
    })
    .map(({ entries: all, shuffled, extra }) => {
      const there = all.filter(({ isThere }) => isThere).map(({ key, value }) => [key, value] as const)
      const pairs = shuffled === 0 ? there.toReversed() : there
      // As JSON.parse does, and other than an assignment: `__proto__` is a key like others.
      return Object.fromEntries(extra === null ? pairs : [...pairs, extra])
    })
}

const parts = fc.array(objectOf({ type: fc.constantFrom('text', 'image_url'), text }), { maxLength: 2 })
const content = fc.oneof({ arbitrary: text, weight: 20 }, { arbitrary: parts, weight: 1 })
const call = objectOf({
  id: text,
  type: fc.constant('function'),
  function: objectOf({ name: text, arguments: text }),
})
const said = fc.constantFrom('system', 'developer', 'user', 'function')
const message = fc.oneof(
  objectOf({ role: said, content }),
  objectOf({ role: said, content, name: text }),
  objectOf({ role: fc.constant('assistant'), content: fc.option(content) }),
  objectOf({
    role: fc.constant('assistant'),
    content: fc.option(content),
    refusal: fc.option(text),
    name: text,
  }),
  objectOf({
    role: fc.constant('assistant'),
    content: fc.option(content),
    tool_calls: fc.array(call, { maxLength: 2 }),
  }),
  objectOf({ role: fc.constant('tool'), content, tool_call_id: text, name: text }),
)
const tool = objectOf({
  type: fc.constant('function'),
  function: objectOf({
    name: text,
    description: text,
    parameters: fc.dictionary(fc.oneof(text, fc.constant('__proto__')), fc.jsonValue(), { maxKeys: 3 }),
    strict: fc.option(fc.boolean()),
  }),
})
const metadataValue = fc.oneof(
  text,
  fc.double(),
  fc.boolean(),
  fc.constantFrom('x'.repeat(200), 'x'.repeat(201)),
)
const messages = fc.array(message, { maxLength: 3 })
const id = fc.oneof(fc.stringMatching(/^[a-z0-9][a-z.:-]{0,9}$/), fc.constantFrom('', '-a', 'a b', 'a\n'))
const metadata = fc.dictionary(fc.oneof(text, fc.constant('__proto__')), metadataValue, { maxKeys: 3 })
const conversation = fc.oneof(
  objectOf({ id, messages }),
  objectOf({
    id,
    messages,
    tools: fc.array(tool, { maxLength: 2 }),
    metadata,
    collected_at: time,
    expires_at: time,
    consent: fc.boolean(),
    user: fc.stringMatching(/^[0-9a-f]{30,34}$/),
    tool_latency_ms: fc.dictionary(text, fc.double({ noNaN: true }), { maxKeys: 2 }),
  }),
)

describe('a conversation in the common form', () => {
  it('is one of the schema, which gives an equal value with its keys in the same order', () => {
    let common = 0
    let wrong = 0
    fc.assert(
      fc.property(conversation, (value) => {
        const parsed = conversationSchema.safeParse(value)
        if (!parsed.success) wrong += 1
        if (!isInCommonForm(value)) return
        common += 1
        expect(parsed.error).toBeUndefined()
        expect(parsed.data).toEqual(value)
        expect(JSON.stringify(parsed.data)).toBe(JSON.stringify(value))
      }),
      { numRuns: 4000 },
    )
    // Both kinds must have been tried for this to say something.
    expect(common).toBeGreaterThan(200)
    expect(wrong).toBeGreaterThan(200)
  })

  const plain = {
    id: 'c-1',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Where is it?', name: 'ann' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call', type: 'function', function: { name: 'find', arguments: '{}' } }],
      },
      { role: 'tool', content: '3', tool_call_id: 'call' },
      { role: 'assistant', content: 'On shelf 3.' },
    ],
    tools: [
      { type: 'function', function: { name: 'find', description: 'Finds.', parameters: { type: 'object' } } },
    ],
    metadata: { surface: 'chat', turns: 2, paid: true },
    collected_at: '2026-01-02T03:04:05.678Z',
    expires_at: '2026-12-28T23:59:59+01:00',
    consent: true,
    user: 'ab'.repeat(16),
  }

  it('has tools, metadata, times, consent and a user', () => {
    expect(isInCommonForm(plain)).toBe(true)
    expect(conversationSchema.parse(plain)).toEqual(plain)
  })

  it.each([
    ['keys in another order', { messages: plain.messages, id: 'c-1' }],
    ['an unknown key', { ...plain, extra: 1 }],
    ['no messages', { id: 'c-1', messages: [] }],
    ['a list of parts', { id: 'c-1', messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }] }] }],
    ['an unknown role', { id: 'c-1', messages: [{ role: 'function', content: 'a' }] }],
    ['a day that may not be there', { ...plain, expires_at: '2026-02-30T00:00:00Z' }],
    [
      'a key that is a prototype',
      { id: 'c-1', messages: plain.messages, metadata: JSON.parse('{"__proto__":"a"}') },
    ],
    ['what is not finite', { ...plain, metadata: { turns: Number.POSITIVE_INFINITY } }],
    [
      'another prototype',
      Object.assign(Object.create({ consent: true }), { id: 'c-1', messages: plain.messages }),
    ],
  ])('is not one with %s', (_, value) => {
    expect(isInCommonForm(value)).toBe(false)
  })
})
