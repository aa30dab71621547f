import { describe, expect, it } from '@jest/globals'
import { parseFileCommand } from './file-commands.ts'

describe('parseFileCommand', () => {
  it('reads single lines and blocks, the last value winning', () => {
    const text = 'a=1\n\nb<<END\nline 1\n\na=not this\nEND\na=2=3<<4\nempty<<X\nX\n'
    expect(parseFileCommand(text)).toEqual({ a: '2=3<<4', b: 'line 1\n\na=not this', empty: '' })
    expect(parseFileCommand('')).toEqual({})
    expect(parseFileCommand('last=no newline')).toEqual({ last: 'no newline' })
  })

  it('refuses what the runner refuses', () => {
    expect(() => parseFileCommand('no equals sign')).toThrow("Invalid format 'no equals sign'")
    expect(() => parseFileCommand('=1')).toThrow('Name must not be empty')
    expect(() => parseFileCommand('a<<')).toThrow('delimiter must not be empty')
    expect(() => parseFileCommand('a<<END\nvalue\n END\n')).toThrow("Matching delimiter not found 'END'")
  })
})
