import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { GateError } from '../../src/errors.ts'
import { toolTrace } from '../../src/grade/graders/tool-trace/tool-trace.ts'
import { parseSource } from '../../src/policy/document.ts'
import { findIn, makeTurn, type Step } from './tool-trace-item.ts'

const failed: Step[] = [{ calls: 'book' }, { gives: 'Error: full' }]

describe('the tool-trace grader', () => {
  it('is present with the first rule that finds something, absent if none does', async () => {
    const rules = [{ rule: 'never-called', tool: 'web_search' }, { rule: 'success-after-error' }]
    const text = 'Your trip has been booked. I searched the web.'
    expect(await findIn(makeTurn(text, failed), ...rules)).toBe('I searched the web.')
    expect(await findIn(makeTurn(text, failed), ...rules.toReversed())).toBe('Your trip has been booked.')
    expect(await findIn(makeTurn('Hello!'), ...rules)).toBe('absent')
    expect(await findIn(makeTurn(''), ...rules)).toBe('absent')
  })

  it('reads a conversation without tools, without a user, or without anything', async () => {
    const item = makeTurn('I searched the web.')
    const rule = { rule: 'never-called', tool: 'web_search' }
    for (const prefix of [[], [{ role: 'system' as const, content: 'Be brief.' }]]) {
      expect(await findIn({ ...item, turn: { ...item.turn, prefix } }, rule)).toBe('I searched the web.')
      expect(await findIn({ ...item, turn: { ...item.turn, prefix } }, { rule: 'success-after-error' })).toBe(
        'absent',
      )
    }
  })

  it('quotes word for word, whatever was folded to find it', async () => {
    const text = 'Olá 👩‍👩‍👧! I’ve\u00a0 **success\u00ADfully** booked “it” — e\u0301 🎉!  Bye.'
    expect(await findIn(makeTurn(text, failed), { rule: 'success-after-error' })).toBe(
      'I’ve\u00a0 **success\u00ADfully** booked “it” — e\u0301 🎉!',
    )
  })

  it('quotes what was found where the sentence is long, and cuts between characters', async () => {
    const long = `${'word '.repeat(200)}I searched the web ${'word '.repeat(200)}`
    expect(await findIn(makeTurn(long), { rule: 'never-called', tool: 'web_search' })).toBe(
      'I searched the web',
    )
    const family = '👩‍👩‍👧'
    const rule = { rule: 'never-called', tool: 'x', claims: ['(?:\\p{So}|\u200D)+'] }
    const quote = await findIn(makeTurn(family.repeat(200)), rule)
    expect(quote.length).toBeLessThanOrEqual(400)
    expect(quote.length % family.length).toBe(0)
  })

  it('ends on texts that are long, and on texts that would keep a backtracking engine for ever', async () => {
    const rules = [
      { rule: 'never-called', tool: 'web_search' },
      { rule: 'never-called', tool: 'y', claims: ['(a+)+@', '(.*)*@'] },
      { rule: 'success-after-error', errors: ['(a|aa)*@'] },
    ]
    for (const piece of [
      'a',
      '"a ',
      '```\n',
      '> ',
      'I ',
      'I have not searched the web ',
      '“',
      ', and I',
      '\u200B',
      '\uD800',
    ]) {
      const text = piece.repeat(Math.floor(150_000 / piece.length))
      const steps: Step[] = [{ calls: 'book', with: text }, { gives: text }]
      expect(await findIn(makeTurn(text, steps), ...rules)).toBe('absent')
    }
  })

  it('hides nothing behind a fence or a quotation mark that is never closed', async () => {
    const rule = { rule: 'never-called', tool: 'web_search' }
    for (const opening of ['```\n', '```js\nx\n```js\n', '~~~ text\n```\n', 'He said "well. ', '“']) {
      expect(await findIn(makeTurn(`${opening}I searched the web.`), rule)).toContain('I searched the web')
    }
  })
})

describe('the configuration of tool-trace', () => {
  const schema = z.object({ graders: z.array(toolTrace.configSchema) })
  const problem = (...rules: unknown[]) => {
    const text = JSON.stringify({ graders: [{ kind: 'tool-trace', rules }] }, null, 2)
    try {
      parseSource({ file: 'gate.yml', text }, schema, 'policy')
    } catch (error) {
      if (error instanceof GateError) return error
      throw error
    }
    return null
  }

  it('is short', () => {
    expect(
      problem(
        { rule: 'success-after-error' },
        { rule: 'never-called', tool: 'web_search' },
        { rule: 'contradicted', field: 'paid', equals: false, text: ['has been paid'] },
        { rule: 'mislabelled', tool: 'browser', matches: '\\d+', text: ['searched'] },
      ),
    ).toBeNull()
  })

  it.each([
    [{ rule: 'never-called', tool: 'x', claims: ['('] }, 'rules[0].claims[0]', 'RE2'],
    [{ rule: 'never-called', tool: '*' }, 'rules[0].tool', 'RE2'],
    [{ rule: 'never-called', tool: 'a|b' }, 'rules[0].tool', 'write it in `claims`'],
    [{ rule: 'never-called' }, 'rules[0].tool', 'missing'],
    [{ rule: 'never-called', tool: '--' }, 'rules[0].tool', 'write it in `claims`'],
    [{ rule: 'never-called', tool: 'x', claim: ['y'] }, 'rules[0].claim', 'did you mean "claims"?'],
    [{ rule: 'never-called', tool: 'x', claims: [] }, 'rules[0].claims', '>=1'],
    [{ rule: 'never-called', tool: 'x', since: 'yesterday' }, 'rules[0].since', 'last-user-message'],
    [{ rule: 'contradicted', text: ['x'] }, 'rules[0]', '`equals` or `matches`'],
    [
      { rule: 'contradicted', field: 'a', equals: 1, matches: '1', text: ['x'] },
      'rules[0]',
      '`equals` or `matches`',
    ],
    [{ rule: 'contradicted', equals: 1, text: ['x'] }, 'rules[0].equals', 'name it in `field`'],
    [{ rule: 'contradicted', field: 'a..b', equals: 1, text: ['x'] }, 'rules[0].field', 'joined by dots'],
    [
      { rule: 'contradicted', field: 'a', matches: '(a)\\1', text: ['x'] },
      'rules[0].matches',
      'no back-references',
    ],
    [{ rule: 'mislabelled', tool: 'x', text: ['y'] }, 'rules[0].matches', 'missing'],
    [{ rule: 'success-after-error', admits: ['x'] }, 'rules[0].admits', 'unknown key'],
    [{ rule: 'success-after-error', errors: ['a(?=b)'] }, 'rules[0].errors[0]', 'no look-around'],
    [{ rule: 'never_called', tool: 'x' }, 'rules[0].rule', ''],
  ])('is refused with %j, by its place', (rule, field, message) => {
    const error = problem(rule)
    expect(error?.where).toMatchObject({ file: 'gate.yml', field: `graders[0].${field}` })
    expect(error?.message).toContain(message)
  })

  it('is refused without rules', () => {
    expect(problem()).toMatchObject({ code: 'policy' })
  })

  it('has a JSON Schema', () => {
    const text = JSON.stringify(z.toJSONSchema(toolTrace.configSchema, { io: 'input' }))
    for (const rule of ['never-called', 'contradicted', 'mislabelled', 'success-after-error']) {
      expect(text).toContain(rule)
    }
  })

  it('asks nobody and refers to no rubric', () => {
    const config = { kind: 'tool-trace', rules: [{ rule: 'success-after-error' }] }
    expect([toolTrace.listRubrics(config), toolTrace.listEndpoints(config)]).toEqual([[], []])
  })
})
