import { describe, expect, it } from '@jest/globals'
import { parseCalibration } from '../../src/policy/calibration.ts'
import {
  makeCategoryCalibration,
  makeConfusion,
  writeCalibrationRecord,
} from '../support/calibration-record.ts'
import { takeRefusal } from '../support/refusal.ts'

const counts = `version: 1
category: rude
positives: { turns: 60, flagged: 57 }
negatives: { turns: 300, flagged: 2 }
`
const parse = (text: string, category = 'rude') =>
  parseCalibration({ file: 'calibration.yml', text }, category)

describe('counts that people wrote', () => {
  it('are bound to nothing', () => {
    expect(parse(counts)).toEqual({
      kind: 'found',
      calibration: {
        counts: { truePositives: 57, positives: 60, falsePositives: 2, negatives: 300 },
        graders: null,
        answeredAs: {},
        madeAt: null,
      },
    })
  })

  it('are of one category', () => {
    expect(parse(counts, 'curt')).toEqual({ kind: 'other', categories: ['rude'] })
  })

  it.each([
    ['flagged: 57', 'flagged: 61', 'more are flagged than there are turns', 'positives'],
    ['category: rude\n', '', 'it is missing', 'category'],
    ['flagged: 57', 'flaged: 57', 'unknown key "flaged"; did you mean "flagged"?', 'positives.flaged'],
    ['turns: 300', 'turns: 300.5', expect.stringContaining('expected int'), 'negatives.turns'],
    ['version: 1', 'version: 2', expect.stringContaining('expected 1'), 'version'],
  ])('refuse %j in place of %j', async (from, to, message, field) => {
    const refused = await takeRefusal(() => parse(counts.replace(from, to)))
    expect(refused).toMatchObject({ code: 'calibration', where: { file: 'calibration.yml', field } })
    expect(refused.message.split('\n')[0]).toEqual(message)
  })
})

describe('a record of `calibrate`', () => {
  const rude = makeCategoryCalibration({
    ...makeConfusion({ positives: [40, 50], negatives: [3, 200] }),
    answered_as: { 'judge-1': { 'judge-1-b': 3, 'judge-1-a': 4 }, strict: {} },
  })
  const record = writeCalibrationRecord({ rude, curt: makeCategoryCalibration({}) })

  it('is bound to its graders, to the names that they answered as, and to its time', () => {
    expect(parse(record)).toEqual({
      kind: 'found',
      calibration: {
        counts: { truePositives: 40, positives: 50, falsePositives: 3, negatives: 200 },
        graders: '0'.repeat(64),
        answeredAs: { 'judge-1': ['judge-1-a', 'judge-1-b'], strict: [] },
        madeAt: '2026-11-01T00:00:00Z',
      },
    })
  })

  it('may be of other categories, and knows no category that every object has', () => {
    expect(parse(record, 'leaks')).toEqual({ kind: 'other', categories: ['rude', 'curt'] })
    expect(parse(record, 'constructor').kind).toBe('other')
  })

  it.each([
    [
      '"agreement"',
      '"agrement"',
      'unknown key "agrement"; did you mean "agreement"?',
      'categories.rude.agrement',
    ],
    ['2026-11-01T00:00:00Z', 'yesterday', 'Invalid ISO datetime', 'made_at'],
    ['"flagged": 40', '"flagged": 51', 'more are flagged than there are turns', 'categories.rude.positives'],
  ])('is refused as a record: %s, %s', async (from, to, message, field) => {
    const refused = await takeRefusal(() => parse(record.replace(from, to)))
    expect(refused).toMatchObject({ code: 'calibration', where: { field } })
    expect(refused.message.split('\n')[0]).toBe(message)
  })

  it('says what is wrong with a text that is neither', async () => {
    expect(await takeRefusal(() => parse('[1]'))).toMatchObject({ code: 'calibration' })
    expect(await takeRefusal(() => parse('{}'))).toMatchObject({
      message: expect.stringContaining('missing'),
    })
    expect(await takeRefusal(() => parse('{'))).toMatchObject({
      message: expect.stringContaining('not valid YAML or JSON'),
    })
  })
})
