import { describe, expect, it } from '@jest/globals'
import { createSharedJudges, groupShared, sharedCall } from '../../src/grade/graders/judge/shared.ts'
import { parseRubric } from '../../src/policy/rubric.ts'
import type { Completed } from '../../src/replay/completion.ts'
import { type ClientScript, completeWith, failWith } from '../fakes/scripted-client.ts'
import { makeContext, makeItem } from '../support/grading.ts'
import { makePlannedCategory } from '../support/plans.ts'
import { writeRubric } from '../support/rubric-text.ts'

const judge = (changes: Record<string, unknown> = {}) => ({
  kind: 'judge',
  rubric: 'rude.md',
  model: 'judge-1',
  endpoint: 'judge',
  calls: 'shared',
  ...changes,
})
const category = (id: string, ...graders: { kind: string }[]) => makePlannedCategory({ id, graders })

describe('categories share a call', () => {
  it('where they begin with the same judge, whatever comes after', () => {
    expect(
      groupShared([
        category('a', judge()),
        category('b', judge(), judge({ model: 'strong', votes: 3, calls: 'each' })),
        category('c', judge({ rubric: 'loud.md' })),
      ]),
    ).toEqual([['a', 'b', 'c']])
  })

  it.each([
    ['model', { model: 'judge-2' }],
    ['endpoint', { endpoint: 'other' }],
    ['temperature', { temperature: 0.5 }],
    ['number of votes', { votes: 3 }],
    ['kind of call', { calls: 'each' }],
  ])('not with one of another %s', (_name, changes) => {
    expect(
      groupShared([category('a', judge()), category('b', judge(changes)), category('c', judge())]),
    ).toEqual([['a', 'c']])
  })

  it('not where code stands before the judge, and no category with itself alone', () => {
    expect(groupShared([category('a', judge()), category('b', { kind: 'pattern' }, judge())])).toEqual([])
  })
})

/** Three categories in one call: the third speaks of tool calls only. */
function open(script: ClientScript) {
  const { client, context } = makeContext(script)
  const tools = parseRubric({ file: 'tools.md', text: writeRubric({ id: 'tools', appliesTo: 'tool-calls' }) })
  const rubrics = new Map([...context.rubrics, ['tools.md', tools]])
  const [shared] = createSharedJudges(
    [category('rude', judge()), category('loud', judge()), category('tools', judge({ rubric: 'tools.md' }))],
    { ...context, rubrics },
  )
  if (shared === undefined) throw new Error('no shared call')
  const grade = async (completion: Partial<Completed>) => {
    const { category: _, ...item } = makeItem(completion)
    const { gradings, uses } = await shared.grade(item)
    const labels = Object.fromEntries([...gradings].map(([id, { label }]) => [id, label]))
    return { gradings, uses, labels }
  }
  return { client, shared, grade }
}

type Grades = Record<string, unknown>
const answer = (grades: Grades) => JSON.stringify({ rationale: 'because', grades })
const absent = { label: 'absent', quote: '' }
const present = (quote: string) => ({ label: 'present', quote })
const miss = (cause: string) => ({ kind: 'missing', class: 'content', of: 'judge', cause })
const call = { id: 'a', type: 'function' as const, function: { name: 'find', arguments: '{}' } }

describe('a shared call', () => {
  it('labels in every category at once, for one request', async () => {
    const { client, shared, grade } = open(() =>
      answer({ rude: present('go away'), loud: absent, tools: absent }),
    )
    const { labels, uses, gradings } = await grade({ text: 'go away', toolCalls: [call] })
    expect(labels).toEqual({
      rude: { kind: 'present', quote: 'go away' },
      loud: { kind: 'absent' },
      tools: { kind: 'absent' },
    })
    expect(client.requests.map(({ customId }) => customId)).toEqual([`c#1|candidate|${sharedCall}`])
    expect(client.requests[0]?.responseFormat).toMatchObject({
      name: 'grades',
      schema: {
        properties: { grades: { required: ['rude', 'loud', 'tools'], additionalProperties: false } },
      },
    })
    expect(shared.categories).toEqual(['rude', 'loud', 'tools'])
    expect(uses).toEqual([
      {
        endpoint: 'judge',
        model: 'judge-1',
        answeredAs: { 'judge-1': 1 },
        usage: { promptTokens: 10, completionTokens: 5 },
      },
    ])
    // What the call took is counted once, not by category.
    expect([...gradings.values()].flatMap((grading) => grading.uses)).toEqual([])
  })

  it('begins with the same words for every completion, so that providers can keep them', async () => {
    const { client, grade } = open(() => answer({ rude: absent, loud: absent, tools: absent }))
    await grade({ text: 'one' })
    await grade({ text: 'two', toolCalls: [call] })
    const [first, second] = client.requests.map(({ messages }) => messages)
    expect(first?.[0]).toEqual(second?.[0])
    expect(first?.[0]?.role).toBe('system')
    expect(JSON.stringify(first?.[1])).not.toEqual(JSON.stringify(second?.[1]))
    for (const id of ['rude', 'loud', 'tools']) expect(first?.[0]?.content).toContain(`# Category: ${id}`)
  })

  it('does not ask in a category that does not apply, and believes no answer about it', async () => {
    const { grade } = open(() => answer({ rude: absent, loud: absent, tools: present('one') }))
    const { labels, gradings } = await grade({ text: 'one' })
    expect(labels.tools).toEqual({ kind: 'absent' })
    expect(gradings.get('tools')?.votes).toEqual({ present: 0, absent: 0, missing: 0 })
    expect(gradings.get('rude')?.votes).toEqual({ present: 0, absent: 1, missing: 0 })
  })

  it('asks nobody where no category applies', async () => {
    const { client, context } = makeContext(() => answer({}), { appliesTo: 'reasoning' })
    const [shared] = createSharedJudges([category('a', judge()), category('b', judge())], context)
    const { category: _, ...item } = makeItem({ text: 'one' })
    const graded = await shared?.grade(item)
    expect([...(graded?.gradings.keys() ?? [])]).toEqual(['a', 'b'])
    expect([graded?.uses, client.requests]).toEqual([[], []])
  })

  it.each([
    ['leaves one out', { rude: absent }],
    ['has a word of its own for one', { rude: absent, loud: { label: 'borderline', quote: '' } }],
    ['has another type for one', { rude: absent, loud: 'absent' }],
    ['quotes for one what is not there', { rude: absent, loud: present('never said') }],
  ])(
    'asks again where an answer %s; then that one is missing, and the others stand',
    async (name, grades) => {
      const { client, grade } = open(() => answer(grades))
      const cause = name.startsWith('quotes') ? 'quote-not-found' : 'invalid-answer'
      expect((await grade({ text: 'one' })).labels).toEqual({
        rude: { kind: 'absent' },
        loud: miss(cause),
        tools: { kind: 'absent' },
      })
      expect(client.requests).toHaveLength(2)
    },
  )

  it('mends a slip with the second answer, which changes nothing that was no slip', async () => {
    const { grade } = open((_, index) =>
      answer(index === 0 ? { rude: present('one') } : { rude: absent, loud: present('one') }),
    )
    const { labels, uses } = await grade({ text: 'one' })
    expect(labels).toMatchObject({ rude: { kind: 'present' }, loud: { kind: 'present' } })
    expect(uses).toMatchObject([{ answeredAs: { 'judge-1': 2 }, usage: { promptTokens: 20 } }])
  })

  it('does not ask again where it can’t tell, and keeps the others', async () => {
    const { client, grade } = open(() =>
      answer({ rude: { label: 'cannot-tell', quote: '' }, loud: present('one') }),
    )
    expect((await grade({ text: 'one' })).labels).toMatchObject({
      rude: miss('cannot-tell'),
      loud: { kind: 'present' },
    })
    expect(client.requests).toHaveLength(1)
  })

  it.each([
    ['prose', 'All fine.'],
    ['an answer in another language', '{"begründung": "gut", "noten": {"rude": {"label": "abwesend"}}}'],
    ['two objects', `${answer({ rude: absent, loud: absent })}${answer({ rude: absent, loud: absent })}`],
    ['the answer of a call for one category', '{"rationale": "", "label": "absent", "quote": ""}'],
    ['a list', `[${answer({ rude: absent, loud: absent })}]`],
  ])('is missing in every category after %s, twice', async (_name, text) => {
    const { client, grade } = open(() => text)
    expect((await grade({ text: 'one' })).labels).toEqual({
      rude: miss('invalid-answer'),
      loud: miss('invalid-answer'),
      tools: { kind: 'absent' },
    })
    expect(client.requests).toHaveLength(2)
  })

  it('is missing in every category where the judge refuses or fails, and not asked where the budget ends', async () => {
    const refuses = open(() => completeWith({ refusal: 'I will not' }))
    expect((await refuses.grade({ text: 'one' })).labels.rude).toEqual(miss('refused'))
    expect(refuses.client.requests).toHaveLength(1)
    const down = open(() => failWith('server-error'))
    expect((await down.grade({ text: 'one' })).labels.loud).toEqual({
      ...miss('server-error'),
      class: 'transport',
    })
    const { context } = makeContext(() => answer({}), { maxRequests: 1 })
    const [shared] = createSharedJudges([category('a', judge()), category('b', judge())], context)
    const { category: _, ...item } = makeItem({ text: 'one' })
    // The first answer leaves both out, and there is no request left to ask again: nothing is settled.
    const graded = await shared?.grade(item)
    expect(graded?.gradings.get('a')?.label).toEqual({ kind: 'not-asked', reason: 'max-requests' })
  })
})
