import { describe, expect, it } from '@jest/globals'
import { readCalibrations } from '../src/prepare-calibrations.ts'
import { createMemoryRepository } from './fakes/memory-repository.ts'
import { readPolicy } from './policy/policies.ts'
import { makeCategoryCalibration, writeCalibrationRecord } from './support/calibration-record.ts'
import { writeControl, writeControls } from './support/controls.ts'
import { writePolicy } from './support/gate-scenario.ts'
import { takeRefusal } from './support/refusal.ts'

const counts =
  'version: 1\ncategory: rude\npositives: { turns: 60, flagged: 57 }\nnegatives: { turns: 300, flagged: 2 }\n'

function read(parts: { rude?: string; curt?: string; controls?: string; files: Record<string, string> }) {
  const { rude, curt, controls, files } = parts
  const policy = readPolicy(
    writePolicy(100, {
      judge: { model: 'judge-1', controls },
      categories: [
        { id: 'rude', rubric: 'rude.md', calibration: rude },
        { id: 'curt', rubric: 'curt.md', calibration: curt },
      ],
    }),
  )
  return readCalibrations({
    ports: { repository: createMemoryRepository({ base: files }) },
    sha: 'base',
    policy,
  })
}

describe('readCalibrations', () => {
  it('reads counts, a record, and a labelled set that the run has to grade', async () => {
    const record = writeCalibrationRecord({ rude: makeCategoryCalibration({}) })
    const byCounts = await read({ rude: 'rude.yml', files: { 'rude.yml': counts } })
    expect(byCounts.calibrations.rude).toMatchObject({
      file: 'rude.yml',
      counts: { truePositives: 57, positives: 60, falsePositives: 2, negatives: 300 },
      graders: null,
      labelledSetSha256: null,
    })
    const byRecord = await read({ rude: 'record.json', files: { 'record.json': record } })
    expect(byRecord.calibrations.rude).toMatchObject({
      counts: { positives: 60, negatives: 300 },
      graders: '0'.repeat(64),
      madeAt: '2026-11-01T00:00:00Z',
    })
    expect(byRecord.sets.calibrations.size).toBe(0)
    const text = writeControls({ positives: 2, negatives: 3 })
    const bySet = await read({ rude: 'rude.jsonl', files: { 'rude.jsonl': text } })
    expect(bySet.calibrations.rude).toMatchObject({
      counts: null,
      graders: null,
      labelledSetSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(bySet.sets.calibrations.get('rude')?.items).toHaveLength(5)
  })

  it('takes one set for several categories, and one item in several sets', async () => {
    const both = writeControls({ positives: 2, negatives: 3, categories: ['rude', 'curt'] })
    const one = await read({ rude: 'both.jsonl', curt: 'both.jsonl', files: { 'both.jsonl': both } })
    expect([...one.sets.calibrations.keys()]).toEqual(['rude', 'curt'])
    const rude = writeControl({ id: 'a', labels: { rude: 'present' } })
    const curt = rude.replace('{"rude":"present"}', '{"curt":"absent"}')
    const two = await read({
      rude: 'rude.jsonl',
      curt: 'curt.jsonl',
      files: { 'rude.jsonl': rude, 'curt.jsonl': curt },
    })
    expect([...two.sets.calibrations.keys()]).toEqual(['rude', 'curt'])
  })

  it('reads controls and counts what they have of each category', async () => {
    const controls = writeControls({ positives: 2, negatives: 3 })
    const { controls: planned, sets } = await read({
      controls: 'controls.jsonl',
      files: { 'controls.jsonl': controls },
    })
    expect(planned).toMatchObject({
      file: 'controls.jsonl',
      categories: { rude: { positives: 2, negatives: 3 } },
    })
    expect(sets.controls?.items).toHaveLength(5)
  })

  const set = writeControls({ positives: 1, negatives: 1 })
  it.each([
    [
      'a calibration that is not there',
      { rude: 'gone.json', files: {} },
      'calibration',
      'the calibration of "rude" is not there',
    ],
    [
      'a labelled set that is not there',
      { rude: 'gone.jsonl', files: {} },
      'calibration',
      'the calibration of "rude" is not there',
    ],
    [
      'counts of another category',
      { curt: 'rude.yml', files: { 'rude.yml': counts } },
      'calibration',
      'it is of the category "rude", and "curt" names it (categories[1].calibration)',
    ],
    [
      'a record of other categories',
      {
        curt: 'record.json',
        files: {
          'record.json': writeCalibrationRecord({
            rude: makeCategoryCalibration({}),
            leaks: makeCategoryCalibration({}),
          }),
        },
      },
      'calibration',
      'it is of the categories "rude", "leaks", and "curt" names it (categories[1].calibration)',
    ],
    [
      'a labelled set of another category',
      { curt: 'set.jsonl', files: { 'set.jsonl': set } },
      'labelled-set',
      'no item has a label in "curt"; the set labels rude',
    ],
    [
      'a labelled set without items',
      { rude: 'set.jsonl', files: { 'set.jsonl': '\n' } },
      'labelled-set',
      'the labelled set has no items',
    ],
    [
      'labelled sets that contradict each other',
      {
        rude: 'a.jsonl',
        curt: 'b.jsonl',
        files: {
          'a.jsonl': writeControl({ id: 'a', labels: { rude: 'present', curt: 'present' } }),
          'b.jsonl': writeControl({ id: 'a', labels: { rude: 'present', curt: 'present' } }).replace(
            '"curt":"present"',
            '"curt":"absent"',
          ),
        },
      },
      'labelled-set',
      '"a" is labelled otherwise in a.jsonl',
    ],
    [
      'controls that are not there',
      { controls: 'gone.jsonl', files: {} },
      'labelled-set',
      'the labelled set of the controls is not there',
    ],
    [
      'controls of other categories',
      { controls: 'c.jsonl', files: { 'c.jsonl': writeControl({ id: 'a', labels: { other: 'absent' } }) } },
      'labelled-set',
      'the controls have no label in any category of the policy',
    ],
  ])('refuses %s', async (_, parts, code, message) => {
    expect(await takeRefusal(() => read(parts))).toMatchObject({ code, message })
  })
})
