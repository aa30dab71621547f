import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { GateError } from '../../src/errors.ts'
import { graderConfigSchema } from '../../src/grade/graders/index.ts'
import { parsePolicy } from '../../src/policy/load.ts'

const write = (grader: unknown) =>
  JSON.stringify(
    {
      version: 1,
      checkpoint: { file: 'checkpoint.txt' },
      corpus: { manifest: 'manifest.json' },
      sample: { turns: 1, epoch: 'e' },
      categories: [{ id: 'toxic', graders: [grader] }],
    },
    null,
    2,
  )

const parse = (grader: unknown) =>
  parsePolicy({ file: 'gate.yml', text: write(grader) }, graderConfigSchema).categories[0]?.graders[0]

function findProblem(grader: unknown) {
  try {
    parse(grader)
  } catch (error) {
    if (error instanceof GateError) return error
    throw error
  }
  throw new Error('the policy was taken')
}

const tei = { kind: 'classifier', endpoint: 'safety', api: 'tei', model: 'm', labels: { toxic: 0.5 } }
const vllm = { ...tei, api: 'vllm', classes: ['fine', 'toxic'] }

describe('a policy with a moderation', () => {
  it('needs nothing but the kind, and says in the plan who is asked', () => {
    expect(parse({ kind: 'moderation' })).toEqual({
      kind: 'moderation',
      endpoint: 'moderation',
      model: 'omni-moderation-latest',
    })
  })

  it('may name labels in a list, or with thresholds', () => {
    expect(parse({ kind: 'moderation', labels: ['self-harm/intent'] })).toMatchObject({
      labels: ['self-harm/intent'],
    })
    expect(parse({ kind: 'moderation', labels: { hate: 0.3 } })).toMatchObject({ labels: { hate: 0.3 } })
  })

  it.each([
    [{ lables: ['hate'] }, 'lables', 'did you mean "labels"'],
    [{ categories: ['hate'] }, 'categories', 'unknown key'],
    [{ votes: 3 }, 'votes', 'unknown key'],
    [{ threshold: 0.5 }, 'threshold', 'unknown key'],
    [{ labels: [] }, 'labels', ''],
    [{ labels: {} }, 'labels', ''],
    [{ labels: [''] }, 'labels', ''],
    [{ labels: 'hate' }, 'labels', ''],
    [{ labels: { hate: 0 } }, 'labels.hate', ''],
    [{ labels: { hate: 30 } }, 'labels.hate', ''],
    [{ labels: { hate: '30%' } }, 'labels.hate', ''],
    [{ model: '' }, 'model', ''],
    [{ endpoint: 'https://api.example.com/v1' }, 'endpoint', 'lower-case letters'],
  ])('is refused with %j, at that field', (parts, field, message) => {
    const error = findProblem({ kind: 'moderation', ...parts })
    expect(error.code).toBe('policy')
    expect(error.message).toContain(message)
    expect(error.where?.field).toMatch(new RegExp(`^categories\\[0\\]\\.graders\\[0\\]\\.${field}`))
    expect(error.where?.line).toBeGreaterThan(1)
  })
})

describe('a policy with a classifier', () => {
  it('is taken as it is written', () => {
    expect(parse(tei)).toEqual(tei)
    expect(parse(vllm)).toEqual(vllm)
  })

  it.each([
    ['no endpoint', { ...tei, endpoint: undefined }, '.endpoint', 'it is missing'],
    ['no API', { ...tei, api: undefined }, '.api', ''],
    ['another API', { ...tei, api: 'triton' }, '.api', 'vllm'],
    ['no model', { ...tei, model: undefined }, '.model', 'it is missing'],
    ['no labels', { ...tei, labels: undefined }, '.labels', ''],
    ['not one label', { ...tei, labels: {} }, '.labels', 'name at least one label'],
    ['labels without thresholds', { ...tei, labels: ['toxic'] }, '.labels', ''],
    ['a threshold of 0', { ...tei, labels: { toxic: 0 } }, '.labels.toxic', ''],
    ['a threshold above 1', { ...tei, labels: { toxic: 1.5 } }, '.labels.toxic', ''],
    ['votes', { ...tei, votes: 3 }, '.votes', 'unknown key'],
    [
      'classes that TEI does not need',
      { ...tei, classes: ['fine', 'toxic'] },
      '.classes',
      'leave `classes` out',
    ],
    ['no classes for vLLM', { ...vllm, classes: undefined }, '', 'in its order, as `classes`'],
    ['no class at all', { ...vllm, classes: [] }, '.classes', ''],
    ['a class twice', { ...vllm, classes: ['fine', 'toxic', 'fine'] }, '.classes[2]', '"fine" stands twice'],
    [
      'a label that is no class',
      { ...vllm, labels: { toxik: 0.5 } },
      '.labels.toxik',
      '`classes` has no "toxik"; did you mean "toxic"?',
    ],
  ])('is refused with %s', (_name, grader, field, message) => {
    const error = findProblem(grader)
    expect(error.code).toBe('policy')
    expect(error.message).toContain(message)
    expect(error.where?.field).toBe(`categories[0].graders[0]${field}`)
    expect(error.where?.line).toBeGreaterThan(1)
  })
})

describe('the published schema', () => {
  it('has both kinds, and says that a moderation needs no more than its kind', () => {
    const schema = JSON.stringify(z.toJSONSchema(graderConfigSchema, { io: 'input' }))
    expect(schema).toContain('"const":"classifier"')
    expect(schema).toMatch(/"const":"moderation".*?"required":\["kind"\]/)
  })
})
