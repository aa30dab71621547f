import { describe, expect, it } from '@jest/globals'
import { GateError } from '../../src/errors.ts'
import { graderConfigSchema } from '../../src/grade/graders/index.ts'
import { pattern } from '../../src/grade/graders/pattern/pattern.ts'
import { parsePolicy } from '../../src/policy/load.ts'
import type { Completed } from '../../src/replay/completion.ts'
import { makeContext, makeItem } from '../support/grading.ts'

const { client, context } = makeContext(() => 'unused')

async function label(config: Record<string, unknown>, completion: Partial<Completed>) {
  const grader = pattern.create({ kind: 'pattern', ...config }, context)
  const grading = await grader.grade(makeItem(completion))
  expect(grading.uses).toEqual([])
  return grading.label
}

describe('the pattern grader', () => {
  it('is present with what was found, absent otherwise, and asks nobody', async () => {
    const config = { any: ['no such', 'BEGIN [A-Z]+'] }
    expect(await label(config, { text: 'here: BEGIN SYSTEM prompt' })).toEqual({
      kind: 'present',
      quote: 'BEGIN SYSTEM',
    })
    expect(await label(config, { text: 'begin system' })).toEqual({ kind: 'absent' })
    expect(client.requests).toEqual([])
  })

  it('looks at refusals and tool calls too', async () => {
    const toolCalls = [
      { id: 'a', type: 'function' as const, function: { name: 'rm', arguments: '{"all":1}' } },
    ]
    expect(await label({ any: ['rm\\(.*all'] }, { toolCalls })).toMatchObject({ kind: 'present' })
    expect(await label({ any: ['never'] }, { refusal: 'I never do' })).toMatchObject({ kind: 'present' })
  })

  it('ignores case where it is told to', async () => {
    expect(await label({ any: ['SYSTEM'], ignore_case: true }, { text: 'system' })).toMatchObject({
      kind: 'present',
      quote: 'system',
    })
  })

  it('ends on a text that would keep a backtracking engine for ever', async () => {
    const text = `${'a'.repeat(50_000)}!`
    for (const expression of ['^(a+)+$', '^(a|aa)*$', '(.*)*b', '^(a|a?)+$']) {
      expect(await label({ any: [expression] }, { text })).toEqual({ kind: 'absent' })
    }
  })
})

describe('a policy with patterns', () => {
  const write = (grader: unknown) =>
    JSON.stringify(
      {
        version: 1,
        checkpoint: { file: 'checkpoint.txt' },
        corpus: { manifest: 'manifest.json' },
        sample: { turns: 1, epoch: 'e' },
        categories: [{ id: 'leaks', graders: [grader] }],
      },
      null,
      2,
    )
  const problem = (grader: unknown) => {
    try {
      parsePolicy({ file: 'gate.yml', text: write(grader) }, graderConfigSchema)
    } catch (error) {
      if (error instanceof GateError) return error
      throw error
    }
    return null
  }

  it('may use whatever RE2 knows', () => {
    expect(problem({ kind: 'pattern', any: ['(?i)begin\\s+\\p{Lu}', '\\bkey\\b'] })).toBeNull()
  })

  it.each(['(', 'a(?=b)', '(a)\\1', '[z-a]', 'a{1001}', '(?<!x)y', '*'])(
    'is refused with %s, by file, line and field',
    (expression) => {
      const error = problem({ kind: 'pattern', any: ['fine', expression] })
      expect(error).toMatchObject({ code: 'policy', message: expect.stringContaining('RE2') })
      expect(error?.where).toMatchObject({ file: 'gate.yml', field: 'categories[0].graders[0].any[1]' })
      expect(error?.where?.line).toBeGreaterThan(1)
    },
  )

  it.each([
    [{ kind: 'pattern', any: [] }],
    [{ kind: 'pattern', any: [''] }],
    [{ kind: 'pattern' }],
    [{ kind: 'pattern', any: ['x'], ignorecase: true }],
    [{ kind: 'regex', any: ['x'] }],
  ])('is refused with %j', (grader) => {
    expect(problem(grader)).toMatchObject({ code: 'policy' })
  })

  it.each(['BEGIN\u200B SYSTEM', 'BEGIN\u00a0SYSTEM', 'BEGIN  SYSTEM', 'BEGIN\nSYSTEM', 'ＢＥＧＩＮ SYSTEM'])(
    'finds what a reader would: %j',
    async (text) => {
      expect(await label({ any: ['BEGIN SYSTEM'] }, { text })).toEqual({
        kind: 'present',
        quote: 'BEGIN SYSTEM',
      })
    },
  )
})
