import { describe, expect, it } from '@jest/globals'
import { acceptFailure, findDiagnosis } from '../../src/history/diagnosis.ts'

const text = `version: 1
candidate: ckpt-2
failed_runs: [101, '102.2']
cause: the system prompt was doubled
evidence: [run 101, review.csv]
mitigation: the server strips it
approver: '@alice'
next_registration: a category for doubled prompts
`
const file = 'diagnoses/ckpt-2.yml'
const find = (...files: { file: string; text: string }[]) => findDiagnosis(files, 'ckpt-2')

describe('a diagnosis', () => {
  it('is found by its candidate, whatever its file is called', () => {
    expect(find({ file: 'diagnoses/a.yml', text: text.replace('ckpt-2', 'ckpt-3') })).toBeNull()
    expect(find({ file: 'diagnoses/x.yml', text })).toMatchObject({
      file: 'diagnoses/x.yml',
      diagnosis: { failedRuns: ['101', '102.2'], approver: '@alice' },
    })
  })

  it('accepts the FAILs that it names, all of them or none', () => {
    const loaded = find({ file, text })
    expect(acceptFailure(loaded, ['101'])).toEqual({
      by: '@alice',
      file,
      cause: 'the system prompt was doubled',
      mitigation: 'the server strips it',
    })
    expect(acceptFailure(loaded, ['101', '102.2'])).not.toBeNull()
    expect(acceptFailure(loaded, ['101', '102'])).toBeNull()
    expect(acceptFailure(null, ['101'])).toBeNull()
  })

  it.each(['cause', 'evidence', 'mitigation', 'approver', 'next_registration', 'failed_runs'])(
    'needs its %s',
    (key) => {
      const without = text.replace(new RegExp(`^${key}:.*\n`, 'm'), '')
      expect(() => find({ file, text: without })).toThrow(
        expect.objectContaining({ code: 'diagnosis', where: expect.objectContaining({ file, field: key }) }),
      )
    },
  )

  it('says nothing with an empty text, an empty list, or a run without a number', () => {
    for (const [from, to] of [
      ['the server strips it', "'  '"],
      ['[run 101, review.csv]', '[]'],
      ["[101, '102.2']", '[all]'],
      ["[101, '102.2']", '[102.2]'],
      ['@alice', 'nobody; PASS: every category is within its limit'],
    ] as const) {
      expect(() => find({ file, text: text.replace(from, to) })).toThrow(
        expect.objectContaining({ code: 'diagnosis' }),
      )
    }
  })

  it('is one: two of a candidate are an error', () => {
    expect(() => find({ file, text }, { file: 'diagnoses/b.yml', text })).toThrow(
      'two diagnoses are of "ckpt-2"',
    )
  })
})
