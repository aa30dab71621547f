import { describe, expect, it } from '@jest/globals'
import { GateError } from '../../src/errors.ts'
import { readLabel } from '../../src/grade/graders/judge/answer.ts'
import { judge } from '../../src/grade/graders/judge/judge.ts'
import { type ClientScript, completeWith, failWith } from '../fakes/scripted-client.ts'
import { makeContext, makeItem } from '../support/grading.ts'

const config = { kind: 'judge', rubric: 'rude.md', model: 'judge-1', endpoint: 'judge' }
const grade = (label: string, quote = '') => JSON.stringify({ rationale: 'because', label, quote })

function open(script: ClientScript, options?: Parameters<typeof makeContext>[1]) {
  const { client, context } = makeContext(script, options)
  const grader = judge.create(config, context)
  return { client, grade: (text: string) => grader.grade(makeItem({ text })) }
}

/** Asks a judge that answers the same each time. */
async function label(answer: string, completion = 'Go  away,\nyou.') {
  const { client, grade } = open(() => answer)
  const { label } = await grade(completion)
  return { label, asked: client.requests.length }
}

const missing = (cause: string, kind: 'content' | 'transport' = 'content') => ({
  kind: 'missing',
  class: kind,
  of: 'judge',
  cause,
})

describe('the judge', () => {
  it('is asked once, about one completion in one category, for a structured answer', async () => {
    const { client, grade: ask } = open(() => grade('absent'))
    expect(await ask('hello')).toEqual({
      label: { kind: 'absent' },
      votes: { present: 0, absent: 1, missing: 0 },
      uses: [
        {
          endpoint: 'judge',
          model: 'judge-1',
          answeredAs: { 'judge-1': 1 },
          usage: { promptTokens: 10, completionTokens: 5 },
        },
      ],
    })
    expect(client.requests).toHaveLength(1)
    expect(client.requests[0]).toMatchObject({
      customId: 'c#1|candidate|rude',
      model: 'judge-1',
      responseFormat: { name: 'grade' },
    })
    expect(client.requests[0]).not.toHaveProperty('temperature')
    expect(client.requests[0]).not.toHaveProperty('maxTokens')
  })

  it('is sent a temperature where the policy sets one', async () => {
    const { client, context } = makeContext(() => grade('absent'))
    await judge.create({ ...config, temperature: 0 }, context).grade(makeItem({ text: 'hello' }))
    expect(client.requests[0]?.temperature).toBe(0)
  })

  it('is believed when it quotes what is there, whatever the white space', async () => {
    expect(await label(grade('present', ' Go away, you. '))).toEqual({
      label: { kind: 'present', quote: ' Go away, you. ' },
      asked: 1,
    })
  })

  it('may wrap its answer in a code fence', async () => {
    for (const fence of ['```json', '```', '```json \r']) {
      const answer = `\n${fence}\n${grade('present', 'away')}\n\`\`\`\n`
      expect((await label(answer)).label).toMatchObject({ kind: 'present' })
    }
  })

  it.each([
    ['prose', 'This is clearly absent.'],
    ['prose around an object', `Sure! ${grade('absent')}`],
    ['prose around a fence', `Sure!\n\`\`\`json\n${grade('absent')}\n\`\`\``],
    ['a fence that does not end', `\`\`\`json\n${grade('absent')}\nfin`],
    ['an object that was cut off', grade('absent').slice(0, -3)],
    ['a value of its own', grade('probably-absent')],
    ['a value in capitals', grade('ABSENT')],
    ['no label', '{"quote": ""}'],
    ['a list', `[${grade('absent')}]`],
    ['a quote that is no text', '{"label": "present", "quote": ["away"]}'],
    ['an empty object', '{}'],
  ])('is asked again after %s, and then the label is missing', async (_name, answer) => {
    expect(await label(answer)).toEqual({ label: missing('invalid-answer'), asked: 2 })
  })

  it.each([
    ['that is not there', grade('present', 'go away')],
    ['that is empty', grade('present')],
    ['that is absent', '{"label": "present"}'],
    ['that is null', '{"label": "present", "quote": null}'],
    ['of the question', grade('present', 'a question')],
  ])('is asked again after a quote %s, and then the label is missing', async (_name, answer) => {
    expect(await label(answer)).toEqual({ label: missing('quote-not-found'), asked: 2 })
  })

  it('can mend a slip: both calls are paid for, the second label counts', async () => {
    const { grade: ask } = open((_, index) => (index === 0 ? 'hm' : grade('absent')))
    expect(await ask('hello')).toMatchObject({
      label: { kind: 'absent' },
      uses: [{ answeredAs: { 'judge-1': 2 }, usage: { promptTokens: 20, completionTokens: 10 } }],
    })
  })

  it('is not asked again when it can not tell, refuses or answers nothing', async () => {
    expect(await label(grade('cannot-tell'))).toEqual({ label: missing('cannot-tell'), asked: 1 })
    const refusing = open(() => completeWith({ refusal: 'I will not judge that' }))
    expect((await refusing.grade('x')).label).toEqual(missing('refused'))
    const empty = open(() => failWith('empty-answer'))
    expect((await empty.grade('x')).label).toEqual(missing('empty-answer'))
    expect([refusing.client.requests.length, empty.client.requests.length]).toEqual([1, 1])
  })

  it('leaves the label missing in transport when it can not be reached', async () => {
    const { client, grade: ask } = open(() => failWith('timeout'))
    expect((await ask('x')).label).toEqual(missing('timeout', 'transport'))
    expect(client.requests).toHaveLength(2)
  })

  it('leaves the turn not asked when the budget ends, also before the second try', async () => {
    const before = open(() => grade('absent'), { maxRequests: 1 })
    await before.grade('x')
    expect((await before.grade('x')).label).toEqual({ kind: 'not-asked', reason: 'max-requests' })
    const between = open(() => 'prose', { maxRequests: 1 })
    expect(await between.grade('x')).toMatchObject({
      label: { kind: 'not-asked', reason: 'max-requests' },
      uses: [{ usage: { promptTokens: 10, completionTokens: 5 } }],
    })
  })

  it('reads an answer of endless line feeds in no time that grows faster than it', async () => {
    const answer = `\`\`\`json${'\n'.repeat(200_000)}x`
    expect((await label(answer)).label).toEqual(missing('invalid-answer'))
  })

  it('is not asked about completions without tool calls when the rubric is about tool calls', async () => {
    const { client, context } = makeContext(() => grade('present', 'find'), { appliesTo: 'tool-calls' })
    const grader = judge.create(config, context)
    expect((await grader.grade(makeItem({ text: 'I called find' }))).label).toEqual({ kind: 'absent' })
    expect(client.requests).toEqual([])
    const toolCalls = [{ id: 'a', type: 'function' as const, function: { name: 'find', arguments: '{}' } }]
    expect((await grader.grade(makeItem({ toolCalls }))).label).toMatchObject({ kind: 'present' })
    expect(client.requests).toHaveLength(1)
  })

  it('can not be made without an endpoint or a rubric', () => {
    const { context } = makeContext(() => '')
    expect(() => judge.create(config, { ...context, endpoints: new Map() })).toThrow(GateError)
    expect(() => judge.create({ ...config, rubric: 'other.md' }, context)).toThrow(GateError)
  })

  it('names its rubric and its endpoint', () => {
    expect(judge.listRubrics(config)).toEqual(['rude.md'])
    expect(judge.listEndpoints({ ...config, endpoint: 'strong' })).toEqual(['strong'])
  })
})

describe('readLabel', () => {
  it('takes a label that stands beside a refusal: the answer is the text', () => {
    expect(readLabel(completeWith({ text: grade('absent'), refusal: 'no' }), () => 'x')).toEqual({
      kind: 'absent',
    })
  })

  it.each([
    '{"label": "present", "quote": "x", "label": "absent"}',
    '{"label": "absent", "quote": "", "lab\\u0065l": "present"}',
    '{"rationale": "a", "rationale": "b", "label": "absent", "quote": ""}',
  ])('takes no answer in which a key stands twice: %s', (text) => {
    expect(readLabel(completeWith({ text }), () => 'x')).toMatchObject({ cause: 'invalid-answer' })
  })

  it('takes one whose texts look like keys', () => {
    const text = JSON.stringify({ rationale: 'It says "label": "absent".', label: 'absent', quote: '' })
    expect(readLabel(completeWith({ text }), () => 'x')).toEqual({ kind: 'absent' })
  })

  it('keeps no quote of an absent label', () => {
    expect(readLabel(completeWith({ text: grade('absent', 'x') }), () => 'x')).toEqual({ kind: 'absent' })
  })
})
