import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import {
  findPredictionLine,
  listMisfits,
  parseRegistration,
  readRegistration,
} from '../../src/registration/load.ts'
import { policyText, readPolicy } from '../policy/policies.ts'
import { findMark, takeRefusal } from '../support/refusal.ts'
import { edit, registrationText } from './registrations.ts'

const policy = readPolicy(policyText)
const file = 'preregistration/ckpt-42.yml'

function read(text: string) {
  return parseRegistration({ file, text }, policy)
}

describe('a registration', () => {
  it('holds rates per 100,000 turns', () => {
    expect(read(registrationText)).toEqual({
      version: 1,
      candidate: 'ckpt-42',
      round: 1,
      predictions: [
        {
          category: 'over-refusal',
          ratePer100k: 1000,
          intervalPer100k: [500, 2000],
          direction: 'down',
          limitPer100k: null,
        },
        {
          category: 'unsafe-compliance',
          ratePer100k: 10,
          intervalPer100k: [0, 300],
          direction: 'same',
          limitPer100k: 400,
        },
      ],
      amendments: [],
      withdrawn: false,
    })
  })

  it('is the same from JSON', () => {
    expect(read(JSON.stringify(parse(registrationText), null, '\t'))).toEqual(read(registrationText))
  })

  it('keeps amendments', () => {
    const amendments = [{ number: 1, date: '2026-11-03', reason: 'the corpus grew' }]
    expect(read(edit('', `amendments: ${JSON.stringify(amendments)}\n`)).amendments).toEqual(amendments)
  })

  it.each(['0.4%', '0.5%', '0%', '500 per 100k'])('may tighten a limit, or repeat it: %s', (limit) => {
    expect(() => read(edit('limit: 0.4%', `limit: ${limit}`))).not.toThrow()
  })

  it('adds no limit where the policy has none: a new test would make the others less likely to fail', async () => {
    const text = edit('direction: down', 'direction: down, limit: 90%')
    expect(await takeRefusal(() => read(text))).toMatchObject({
      code: 'registration',
      message: 'the policy has no limit for "over-refusal" that could be tightened',
      where: { line: expect.any(Number), field: 'predictions[0].limit' },
    })
  })

  it('stands unless it is withdrawn', async () => {
    expect(read(edit('', 'withdrawn: true\n')).withdrawn).toBe(true)
    expect(read(edit('', 'withdrawn: false\n'))).toEqual(read(registrationText))
    const error = await takeRefusal(() => read(edit('', 'withdrawn: yes\n')))
    expect(error).toMatchObject({ code: 'registration', where: { line: 10, field: 'withdrawn' } })
  })

  it('tells everything in it that does not fit the policy, each with its line', () => {
    const text = registrationText
      .replace('category: over-refusal', 'category: politeness')
      .replace('limit: 0.4%', 'limit: 0.6%')
    const source = {
      file,
      text: `${text}  - { category: politeness, rate: 1%, interval: [1%, 1%], direction: up }\n`,
    }
    const misfits = listMisfits({ source, registration: readRegistration(source), policy })
    expect(misfits.map(({ where }) => [where?.line, where?.field])).toEqual([
      [4, 'predictions[0].category'],
      [9, 'predictions[1].limit'],
      [10, 'predictions[2].category'],
      [10, 'predictions[2].category'],
    ])
  })

  it('predicts something', async () => {
    const error = await takeRefusal(() => read('version: 1\ncandidate: ckpt-42\npredictions: []\n'))
    expect(error).toMatchObject({ code: 'registration', where: { line: 3, field: 'predictions' } })
  })

  it('numbers its amendments from 1 without gaps', async () => {
    const amendments = [1, 3].map((number) => ({ number, date: '2026-11-03', reason: 'x' }))
    const error = await takeRefusal(() => read(edit('', `amendments: ${JSON.stringify(amendments)}\n`)))
    expect(error).toMatchObject({
      message: expect.stringContaining('number 2 of the list has 3'),
      where: { field: 'amendments[1].number' },
    })
  })

  it('may predict outside its own interval, which is scored and decides nothing', () => {
    expect(read(edit('rate: 1%', 'rate: 5%')).predictions[0]?.ratePer100k).toBe(5000)
  })

  it('may have an interval of one point', () => {
    expect(read(edit('[0.5%, 2%]', '[1%, 1%]')).predictions[0]?.intervalPer100k).toEqual([1000, 1000])
  })

  const first = 'predictions[0]'
  it.each([
    [
      'over-refusal',
      '»over-refusals',
      'no category "over-refusals"; did you mean "over-refusal"?',
      'category',
    ],
    ['over-refusal', '»politeness', '"politeness"; known keys: over-refusal, unsafe-compliance', 'category'],
    ['[0.5%, 2%]', '»[2%, 0.5%]', 'the interval ends before it begins', 'interval'],
    ['[0.5%, 2%]', '»[0.5%]', 'Too small', 'interval'],
    ['[0.5%, 2%]', '»[0.5%, 1%, 2%]', 'Too big', 'interval'],
    ['[0.5%, 2%]', '[0.5%, »2]', 'a bare 2 could be', 'interval[1]'],
    ['[0.5%, 2%]', '[».nan, 2%]', 'write a rate with its unit', 'interval[0]'],
    ['[0.5%, 2%]', '»0.5%-2%', 'expected tuple', 'interval'],
    ['rate: 1%', 'rate: »1', 'a bare 1 could be', 'rate'],
    ['rate: 1%', 'rate: »-1%', '"-1%" is not a rate', 'rate'],
    ['rate: 1%', 'rate: ».inf', 'write a rate with its unit', 'rate'],
    ['rate: 1%', 'rate: »150%', 'more than every turn', 'rate'],
    ['direction: down', 'direction: »lower', 'expected one of "up"|"down"|"same"', 'direction'],
    ['direction: down', 'direction: down, »turns: 5', 'unknown key "turns"', 'turns'],
    ['direction: down', 'direction: down, »limits: 1%', '; did you mean "limit"?', 'limits'],
  ])('is refused with its place: %j, %j', async (from, to, message, field) => {
    const { text, line, column } = findMark(edit(from, to))
    const error = await takeRefusal(() => read(text))
    expect(error.code).toBe('registration')
    expect(error.message).toContain(message)
    expect(error.where).toEqual({ file, line, column, field: `${first}.${field}` })
  })

  it.each([
    [
      'limit: 0.4%',
      'limit: »0.51%',
      "the limit 0.51 % is looser than the policy's 0.5 %",
      'predictions[1].limit',
    ],
    ['limit: 0.4%', 'limit: ».inf', 'write a rate with its unit', 'predictions[1].limit'],
    ['category: unsafe-compliance', 'category: »over-refusal', '"over-refusal" is predicted twice', ''],
    ['version: 1', 'version: »2', 'expected 1', 'version'],
    ['ckpt-42', '»42', 'expected string, received number', 'candidate'],
    ['', '»alpha: 0.5\n', 'unknown key "alpha"', 'alpha'],
    ['', '»epoch: lucky\n', 'unknown key "epoch"', 'epoch'],
    ['', '»endpoints: {}\n', 'unknown key "endpoints"', 'endpoints'],
    ['', 'amendments: [{ number: 1, date: »yesterday, reason: x }]\n', 'ISO date', 'amendments[0].date'],
    ['', 'amendments: [{ number: 1, date: »2026-02-30, reason: x }]\n', 'ISO date', 'amendments[0].date'],
    ['', 'amendments: [{ number: 1, date: 2026-11-03, reason: »"" }]\n', 'Too small', 'amendments[0].reason'],
  ])('is refused with its place, everywhere: %j, %j', async (from, to, message, field) => {
    const { text, line, column } = findMark(edit(from, to))
    const error = await takeRefusal(() => read(text))
    expect(error.message).toContain(message)
    expect(error.where).toMatchObject({ file, line, column })
    if (field !== '') expect(error.where?.field).toBe(field)
  })

  it('is refused with its place in JSON with Windows line ends', async () => {
    const json = JSON.stringify(parse(registrationText), null, 2)
    const { text, line, column } = findMark(json.replace('"0.4%"', '»"40%"').replaceAll('\n', '\r\n'))
    const error = await takeRefusal(() => read(text))
    expect(error.where).toEqual({ file, line, column, field: 'predictions[1].limit' })
  })

  it('knows the line of a prediction', () => {
    const from = 'file' as const
    const loaded = { file, text: registrationText, from, registration: read(registrationText) }
    expect(findPredictionLine(loaded, 'over-refusal')).toBe(4)
    expect(findPredictionLine(loaded, 'unsafe-compliance')).toBe(5)
    expect(findPredictionLine(loaded, 'leaks')).toBe(1)
  })
})
