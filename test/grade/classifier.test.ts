import { describe, expect, it } from '@jest/globals'
import { GateError } from '../../src/errors.ts'
import { classifier } from '../../src/grade/graders/classifier/classifier.ts'
import { classify, predict } from '../fakes/score-endpoint.ts'
import { failWith } from '../fakes/scripted-client.ts'
import { makeContext, makeItem } from '../support/grading.ts'
import { createScored, invalidAnswer } from './score-grading.ts'

const base = { kind: 'classifier', endpoint: 'safety', model: 'acme/toxicity' }
const vllm = { ...base, api: 'vllm', labels: { toxic: 0.5 }, classes: ['fine', 'toxic', 'spam'] }
const tei = { ...base, api: 'tei', labels: { toxic: 0.5 } }

function open(body: unknown, config: typeof base) {
  return createScored({ kind: classifier, config, endpoint: 'safety', answer: () => body })
}

async function grade(body: unknown, config: typeof base) {
  return open(body, config).grader.grade(makeItem({ text: 'hello' }))
}

describe('a classifier behind vLLM', () => {
  const label = async (probs: number[], top: string | null, parts: Partial<typeof vllm> = {}) =>
    (await grade(classify(probs, top), { ...vllm, ...parts })).label

  it('is sent the model and the text, and says what it took', async () => {
    const { grader, client } = open(classify([0.7, 0.2, 0.1], 'fine'), vllm)
    expect(await grader.grade(makeItem({ text: 'hello', refusal: 'no' }))).toEqual({
      label: { kind: 'absent' },
      votes: { present: 0, absent: 1, missing: 0 },
      uses: [
        {
          endpoint: 'safety',
          model: 'acme/toxicity',
          answeredAs: { 'acme/toxicity': 1 },
          usage: { promptTokens: 12, completionTokens: 0 },
        },
      ],
    })
    expect(client.posts).toEqual([
      {
        customId: 'c#1|candidate|rude',
        path: '/classify',
        body: { model: 'acme/toxicity', input: 'hello\n[refusal] no' },
      },
    ])
  })

  it('finds a score by the place of its label', async () => {
    expect(await label([0.2, 0.7, 0.1], 'toxic')).toEqual({ kind: 'present' })
    expect(await label([0.2, 0.1, 0.7], 'spam')).toEqual({ kind: 'absent' })
    expect(await label([0.2, 0.1, 0.7], 'spam', { labels: { spam: 0.7 } as never })).toEqual({
      kind: 'present',
    })
  })

  it('is present by any of its labels, below the greatest score too', async () => {
    const labels = { toxic: 0.3, spam: 0.9 } as never
    expect(await label([0.6, 0.35, 0.05], 'fine', { labels })).toEqual({ kind: 'present' })
    expect(await label([0.7, 0.25, 0.05], 'fine', { labels })).toEqual({ kind: 'absent' })
  })

  it('finds out that the labels are in another order, or have other names', async () => {
    expect(await label([0.2, 0.7, 0.1], 'fine')).toEqual(invalidAnswer)
    expect(await label([0.7, 0.2, 0.1], 'toxic')).toEqual(invalidAnswer)
    expect(await label([0.7, 0.2, 0.1], 'LABEL_0')).toEqual(invalidAnswer)
    expect(await label([0.7, 0.2, 0.1], 'constructor')).toEqual(invalidAnswer)
  })

  it('goes by the order alone where the model names no labels, and takes either of two that are equal', async () => {
    expect(await label([0.2, 0.7, 0.1], null)).toEqual({ kind: 'present' })
    expect(await label([0.45, 0.45, 0.1], 'toxic')).toEqual({ kind: 'absent' })
    expect(await label([0.45, 0.45, 0.1], 'fine')).toEqual({ kind: 'absent' })
  })

  it('takes a model with one label', async () => {
    const parts = { classes: ['toxic'] }
    expect(await label([0.93], 'toxic', parts)).toEqual({ kind: 'present' })
    expect(await label([0.07], 'toxic', parts)).toEqual({ kind: 'absent' })
  })

  it.each([
    ['too few scores', classify([0.2, 0.8], 'toxic')],
    ['too many scores', classify([0.1, 0.7, 0.1, 0.1], 'toxic')],
    ['no scores', classify([], null)],
    ['logits', classify([-1.5, 4.2, 0.3], 'toxic')],
    ['a score above 1 of a label that does not count', classify([1.1, 0.7, 0.1], 'fine')],
    ['a score that is no number', classify([0.2, Number.NaN, 0.1], 'fine')],
    ['null for a score', { ...classify([], null), data: [{ label: 'fine', probs: [0.9, null, 0.1] }] }],
    ['no data', { ...classify([], null), data: [] }],
    [
      'two answers to one text',
      { ...classify([], null), data: [{ probs: [1, 0, 0] }, { probs: [1, 0, 0] }] },
    ],
    ['what the other server says', predict({ toxic: 0.9, fine: 0.1 })],
    ['an error with status 200', { object: 'error', message: 'no such model', code: 404 }],
    ['nothing', null],
  ])('has no label after %s', async (_name, body) => {
    expect((await grade(body, vllm)).label).toEqual(invalidAnswer)
  })
})

describe('a classifier behind text-embeddings-inference', () => {
  const label = async (body: unknown, labels: Record<string, number> = { toxic: 0.5 }) =>
    (await grade(body, { ...tei, labels } as typeof base)).label

  it('is sent the text whole, and is known by the model of the policy', async () => {
    const { grader, client } = open(predict({ fine: 0.9, toxic: 0.1 }), tei)
    expect(await grader.grade(makeItem({ text: 'hello' }))).toEqual({
      label: { kind: 'absent' },
      votes: { present: 0, absent: 1, missing: 0 },
      uses: [
        {
          endpoint: 'safety',
          model: 'acme/toxicity',
          answeredAs: { 'acme/toxicity': 1 },
          usage: { promptTokens: 0, completionTokens: 0 },
        },
      ],
    })
    expect(client.posts).toEqual([
      { customId: 'c#1|candidate|rude', path: '/predict', body: { inputs: 'hello', truncate: false } },
    ])
  })

  it('goes by the scores of its labels, the threshold itself included', async () => {
    expect(await label(predict({ toxic: 0.5, fine: 0.5 }))).toEqual({ kind: 'present' })
    expect(await label(predict({ toxic: 0.499, fine: 0.501 }))).toEqual({ kind: 'absent' })
    const labels = { toxic: 0.9, spam: 0.2 }
    expect(await label(predict({ fine: 0.7, spam: 0.2, toxic: 0.1 }), labels)).toEqual({ kind: 'present' })
  })

  it('never clears by a label that the model does not have', async () => {
    const answer = predict({ toxic: 0.9, fine: 0.1 })
    expect(await label(answer, { toxik: 0.5 })).toEqual(invalidAnswer)
    expect(await label(answer, { toxic: 0.5, toxik: 0.5 })).toEqual(invalidAnswer)
    expect(await label(answer, { constructor: 0.5 })).toEqual(invalidAnswer)
  })

  it.each([
    ['a label twice', [...predict({ toxic: 0.1, fine: 0.9 }), { label: 'toxic', score: 0.9 }]],
    ['raw scores', predict({ toxic: 3.2, fine: -1 })],
    ['a score below 0 of a label that does not count', predict({ toxic: 0.6, fine: -0.1 })],
    ['a score that is no number', predict({ toxic: Number.NaN, fine: 0.1 })],
    ['a batch', [predict({ toxic: 0.9, fine: 0.1 })]],
    ['nothing in it', []],
    ['what the other server says', classify([0.1, 0.8, 0.1], 'toxic')],
    ['an error with status 200', { error: 'Inference failed', error_type: 'backend' }],
    ['a text', 'toxic'],
    ['nothing', null],
  ])('has no label after %s', async (_name, body) => {
    const grading = await grade(body, tei)
    expect(grading.label).toEqual(invalidAnswer)
  })

  it('has no use of the model where it gave no scores', async () => {
    expect((await grade({ error: 'Inference failed' }, tei)).uses).toEqual([])
  })

  it('has a missing label of the content after a text that is too long', async () => {
    const { label: missing, uses } = await grade(failWith('bad-request'), tei)
    expect(missing).toEqual({ kind: 'missing', class: 'content', of: 'judge', cause: 'bad-request' })
    expect(uses).toEqual([])
  })
})

describe('the classifier kind', () => {
  it('needs the endpoint that it names', () => {
    const { context } = makeContext(() => 'unused')
    expect(() => classifier.create(tei, context)).toThrow(GateError)
    expect(classifier.listEndpoints(vllm)).toEqual(['safety'])
    expect(classifier.listRubrics(vllm)).toEqual([])
  })
})
