import { describe, expect, it } from '@jest/globals'
import { parseCheckpoint } from '../../src/policy/checkpoint.ts'
import { takeRefusal } from '../support/refusal.ts'

const field = { file: 'deploy/model.yaml', path: 'serving.checkpoint', digest: null }
const whole = { file: 'deploy/checkpoint', path: null, digest: null }

describe('the checkpoint id', () => {
  it.each([
    ['serving:\n  checkpoint: ckpt-42\n', 'ckpt-42'],
    ['serving: { checkpoint: "4.1" } # served\n', '4.1'],
    ['{"serving": {"checkpoint": "org/model:v2"}}', 'org/model:v2'],
    ['{\n\t"serving": {\n\t\t"checkpoint": "ckpt-42"\n\t}\n}', 'ckpt-42'],
    ['\ufeffserving: { checkpoint: ckpt-42 }', 'ckpt-42'],
    ['a: 1\nserving: { other: x, checkpoint: ckpt-42 }', 'ckpt-42'],
    [`serving: { checkpoint: ${'a'.repeat(256)} }`, 'a'.repeat(256)],
  ])('is read from its field: %j', (text, id) => {
    expect(parseCheckpoint(field, text)).toBe(id)
  })

  it('may lie in a list', () => {
    expect(
      parseCheckpoint({ file: 'x', path: 'models.1.id', digest: null }, 'models: [{ id: a }, { id: b }]'),
    ).toBe('b')
  })

  it.each([
    ['ckpt-42', 'ckpt-42'],
    ['  ckpt-42\r\n\n', 'ckpt-42'],
    ['\ufeffckpt-42\n', 'ckpt-42'],
  ])('is the whole file without a field: %j', (text, id) => {
    expect(parseCheckpoint(whole, text)).toBe(id)
  })

  it.each([
    'serving: {}',
    'other: 1',
    '',
    'serving: 3',
    'serving: [a, b]',
    '- serving',
    'serving:\n  checkpont: a',
  ])('is missed by name: %j', async (text) => {
    const error = await takeRefusal(() => parseCheckpoint(field, text))
    expect(error.code).toBe('checkpoint')
    expect(error.message).toBe('the checkpoint id is not there')
    expect(error.where).toEqual({ file: 'deploy/model.yaml', field: 'serving.checkpoint' })
  })

  it.each(['4.10', '42', 'true', 'null', '""', '[a]', '{ a: b }', '"a b"', '"a\\nb"', '"é"', '"a\\u202eb"'])(
    'is a text without spaces: %s',
    async (value) => {
      const error = await takeRefusal(() => parseCheckpoint(field, `serving: { checkpoint: ${value} }`))
      expect(error.message).toBe('the checkpoint id is not a text of 1 to 256 printable characters')
      expect(error.remedy).toMatch(/in quotes if it looks like a number/)
    },
  )

  it('is not the one name that no object keeps', async () => {
    const error = await takeRefusal(() => parseCheckpoint(field, 'serving: { checkpoint: __proto__ }'))
    expect(error.message).toBe('the checkpoint id "__proto__" is a name of the language')
  })

  it.each(['', ' \n', 'a b', 'a\nb', 'a'.repeat(257), 'a\u0000b', '::error::x y'])(
    'is one word, as a file: %j',
    async (text) => {
      const error = await takeRefusal(() => parseCheckpoint(whole, text))
      expect(error.message).toMatch(/not a text of 1 to 256 printable characters/)
      expect(error.where).toEqual({ file: 'deploy/checkpoint', field: undefined })
    },
  )

  it('is refused with its place when the file is no YAML, or has a key twice', async () => {
    const broken = await takeRefusal(() => parseCheckpoint(field, 'serving:\n  checkpoint: "a\n'))
    expect(broken.message).toMatch(/^not valid YAML or JSON/)
    expect(broken.where?.line).toBe(3)
    const twice = await takeRefusal(() => parseCheckpoint(field, 'serving: { checkpoint: a, checkpoint: b }'))
    expect(twice.where).toMatchObject({ file: 'deploy/model.yaml', line: 1, column: 27 })
  })
})
