import { describe, expect, it } from '@jest/globals'
import { requireAgreement } from '../../src/grade/agreeing-sets.ts'
import { countLabels, describeContent, parseLabelledSet, toUnit } from '../../src/grade/labelled-set.ts'
import { takeRefusal } from '../support/refusal.ts'

/** An item as a user writes it. */
function makeItem(changes: Record<string, unknown> = {}) {
  return {
    id: 'a',
    labels: { rude: 'present' },
    messages: [{ role: 'user', content: 'a question' }],
    completion: { content: 'an answer' },
    ...changes,
  }
}

function write(...items: (Record<string, unknown> | string)[]): string {
  return items.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join('\n')
}

function parse(text: string, categories?: string[]) {
  const request = { file: 'labelled.jsonl', text, sha256: 'ab' }
  return parseLabelledSet(categories === undefined ? request : { ...request, categories })
}

const answer = (content: string) => ({ completion: { content } })

describe('parseLabelledSet', () => {
  it('takes one object a line, blank lines and a mark of the byte order', () => {
    const text = `\uFEFF${write(makeItem(), '', makeItem({ id: 'b', ...answer('other') }))}\r\n\n`
    expect(parse(text)).toEqual({
      file: 'labelled.jsonl',
      sha256: 'ab',
      items: [
        { ...makeItem(), chosen: 'random' },
        { ...makeItem({ id: 'b', ...answer('other') }), chosen: 'random' },
      ],
    })
  })

  it('takes everything that a completion may be', () => {
    const call = { id: 'c1', type: 'function', function: { name: 'find', arguments: '{}' } }
    const tools = [{ type: 'function', function: { name: 'find' } }]
    const item = makeItem({
      tools,
      completion: { content: null, reasoning: 'hm', refusal: 'no', tool_calls: [call] },
      source: 'ckpt-1',
      chosen: 'written',
    })
    const [parsed] = parse(write(item)).items
    if (parsed === undefined) throw new Error('nothing was parsed')
    const { turn, arm, completion } = toUnit(parsed)
    expect(arm).toBe('candidate')
    expect(turn).toMatchObject({ id: 'known:a', prefix: item.messages, tools })
    expect(completion).toMatchObject({
      kind: 'completed',
      model: 'ckpt-1',
      text: '',
      reasoning: 'hm',
      refusal: 'no',
      toolCalls: [call],
    })
  })

  it.each([
    [
      'a key it does not know',
      write(makeItem({ label: 'present' })),
      1,
      'unknown key "label"; did you mean "labels"?',
      'label',
    ],
    ['a key that stands twice', '{"id": "a", "id": "b"}', 1, 'the same key is written twice', undefined],
    [
      'a label that stands twice',
      write(makeItem()).replace('{"rude":"present"}', '{"rude":"present","rude":"absent"}'),
      1,
      'the same key is written twice',
      undefined,
    ],
    [
      'another label',
      write(makeItem({ labels: { rude: 'maybe' } })),
      1,
      'Invalid option: expected one of "present"|"absent"',
      'labels.rude',
    ],
    ['no label', write(makeItem({ labels: {} })), 1, 'it has no label in any category', 'labels'],
    [
      'an id with a space',
      write(makeItem({ id: 'a b' })),
      1,
      'an id is 1 to 128 letters, digits, ".", "_", ":", "#" or "-"',
      'id',
    ],
    ['no prefix', write(makeItem({ messages: [] })), 1, expect.stringContaining('Too small'), 'messages'],
    [
      'an empty completion',
      write(makeItem({ completion: { content: ' ', reasoning: 'hm' } })),
      1,
      'the completion is empty',
      'completion',
    ],
    [
      'an id that repeats',
      write(makeItem(), '', makeItem(answer('other'))),
      3,
      'the id "a" stands on line 1 too',
      'id',
    ],
    [
      'an item that repeats',
      write(makeItem(), makeItem({ id: 'b' })),
      2,
      'the same item stands on line 1 too',
      'completion',
    ],
    [
      'labels that contradict each other',
      write(makeItem(), makeItem({ id: 'b', labels: { curt: 'absent', rude: 'absent' } })),
      2,
      'the same item is labelled otherwise on line 1',
      'labels.rude',
    ],
    ['prose', 'not an item', 1, 'not a JSON object', undefined],
    ['YAML', 'id: a', 1, 'not a JSON object', undefined],
    ['an item that is cut off', write(makeItem(), '{"id": "b",'), 2, 'not a JSON object', undefined],
    ['a JSON array over several lines', '[\n{"id": "a"}\n]', 1, 'not a JSON object', undefined],
    ['a list', '[1]', 1, expect.stringContaining('expected object'), undefined],
  ])('refuses %s, with its line', async (_, text, line, message, field) => {
    const refused = await takeRefusal(() => parse(text))
    expect(refused).toMatchObject({ code: 'labelled-set', where: { file: 'labelled.jsonl', line } })
    expect(refused.message.split('\n')[0]).toEqual(message)
    expect(refused.where?.field).toBe(field)
  })

  it.each(['', '\n \n', '\uFEFF'])('refuses a set without items: %j', async (text) => {
    expect(await takeRefusal(() => parse(text))).toMatchObject({
      code: 'labelled-set',
      message: 'the labelled set has no items',
      where: { file: 'labelled.jsonl' },
    })
  })

  it('refuses labels in other categories than there are, where it is told which', async () => {
    const text = write(makeItem(), makeItem({ id: 'b', labels: { rudee: 'absent' }, ...answer('other') }))
    expect(parse(text).items).toHaveLength(2)
    expect(await takeRefusal(() => parse(text, ['curt', 'rude']))).toMatchObject({
      message: 'the policy has no category "rudee"; did you mean "rude"?',
      where: { line: 2, field: 'labels.rudee' },
    })
  })

  it('does not show the words of an item in what it says of its syntax', async () => {
    const refused = await takeRefusal(() => parse('{"id": "a", "secret words'))
    expect(refused.message + refused.remedy).not.toContain('secret')
  })
})

describe('countLabels', () => {
  it('counts each label of a category, and nothing that every object has', () => {
    const items = parse(
      write(makeItem(), makeItem({ id: 'b', labels: { rude: 'absent', curt: 'present' }, ...answer('b') })),
    ).items
    expect(countLabels(items, 'rude')).toEqual({ positives: 1, negatives: 1 })
    expect(countLabels(items, 'curt')).toEqual({ positives: 1, negatives: 0 })
    expect(countLabels(items, 'constructor')).toEqual({ positives: 0, negatives: 0 })
  })
})

describe('describeContent', () => {
  it('is the same for what no grader can tell apart, and else another', () => {
    const describeItem = (changes: Record<string, unknown>) =>
      parse(write(makeItem(changes)))
        .items.map(describeContent)
        .join()
    const plain = describeItem({})
    expect(describeItem({ id: 'z', source: 'x', chosen: 'written', labels: { curt: 'absent' } })).toBe(plain)
    expect(describeItem({ completion: { content: 'an answer', refusal: null } })).toBe(plain)
    expect(describeItem(answer('another'))).not.toBe(plain)
    expect(describeItem({ messages: [{ role: 'user', content: 'another' }] })).not.toBe(plain)
    expect(describeItem({ completion: { content: 'an answer', reasoning: 'hm' } })).not.toBe(plain)
  })
})

describe('requireAgreement', () => {
  const agree = (...texts: string[]) =>
    requireAgreement(texts.map((text, index) => ({ ...parse(text), file: `${index}.jsonl` })))

  it('takes items that stand in several sets, under one id', () => {
    const curt = { labels: { curt: 'absent' } }
    expect(() => agree(write(makeItem()), write(makeItem(curt)), write(makeItem()))).not.toThrow()
    // The same words under another id: two items, as long as they are not labelled in one category.
    expect(() => agree(write(makeItem()), write(makeItem({ id: 'b', ...curt })))).not.toThrow()
  })

  it.each([
    [
      'an id for two items',
      [makeItem(), makeItem(answer('other'))],
      'the id "a" stands for another item in 0.jsonl',
      '1.jsonl',
    ],
    [
      'two labels of one item',
      [makeItem(), makeItem({ labels: { rude: 'absent' } })],
      '"a" is labelled otherwise in 0.jsonl',
      '1.jsonl',
    ],
    [
      'two labels under two ids',
      [makeItem(), makeItem({ id: 'b', labels: { rude: 'absent' } })],
      '"b", which is "a" of 0.jsonl, is labelled otherwise there',
      '1.jsonl',
    ],
    [
      'one item under two ids',
      [makeItem(), makeItem({ id: 'b' })],
      '"b", which is "a" of 0.jsonl, would count twice',
      '1.jsonl',
    ],
    [
      'a third set that repeats the first',
      [makeItem(), makeItem({ id: 'b', labels: { curt: 'absent' } }), makeItem({ id: 'c' })],
      '"c", which is "b" of 1.jsonl, would count twice',
      '2.jsonl',
    ],
  ])('refuses %s', async (_, items, message, file) => {
    expect(await takeRefusal(() => agree(...items.map((item) => write(item))))).toMatchObject({
      code: 'labelled-set',
      message,
      where: { file },
    })
  })
})
