import { describe, expect, it } from '@jest/globals'
import { parseCommand, registeredCommands } from './commands.ts'

const parse = (line: string) => parseCommand(line, registeredCommands)

describe('parseCommand', () => {
  it('reads a command, its properties and its data, undoing the escapes', () => {
    expect(parse('::error file=a%2Cb.ts,line=3,title=x%3Ay::50%25 of%0Atwo lines')).toEqual({
      form: '::',
      name: 'error',
      properties: { file: 'a,b.ts', line: '3', title: 'x:y' },
      data: '50% of\ntwo lines',
    })
    expect(parse('::debug::%250A')?.data).toBe('%0A')
  })

  it('allows white space before it and any case, as the runner does', () => {
    expect(parse(' \t\u00a0\u0085::ERROR Title=t::m')).toMatchObject({
      name: 'error',
      properties: { title: 't' },
    })
    expect(parse('x ::error::m')).toBeUndefined()
  })

  it('leaves properties without a value out', () => {
    expect(parse('::error file=,line,=3,col=4::m')?.properties).toEqual({ col: '4' })
  })

  it('ends the head at the next double colon, wherever it stands', () => {
    expect(parse('::error title=a::b::c')).toMatchObject({ properties: { title: 'a' }, data: 'b::c' })
  })

  it('finds the bracket form anywhere in a line', () => {
    expect(parse('said ##[warning a=1;b=x%5Dy]careful%3B')).toEqual({
      form: '##[',
      name: 'warning',
      properties: { a: '1', b: 'x]y' },
      data: 'careful;',
    })
    expect(parse('::unknown::x ##[add-mask]y')).toMatchObject({ form: '##[', name: 'add-mask', data: 'y' })
  })

  it('takes only registered names', () => {
    expect(parse('::section::x')).toBeUndefined()
    expect(parse('##[section]x')).toBeUndefined()
    expect(parse('::error')).toBeUndefined()
    expect(parse('##[error')).toBeUndefined()
    expect(parse('')).toBeUndefined()
  })
})
