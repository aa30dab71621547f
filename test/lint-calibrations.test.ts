import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { digestGraders } from '../src/grade/grader-digest.ts'
import { readPolicy } from './policy/policies.ts'
import {
  makeCategoryCalibration,
  makeConfusion,
  writeCalibrationRecord,
} from './support/calibration-record.ts'
import { policy, rubrics, useLintFolders } from './support/lint-folder.ts'

const { lintFolder, findProblems } = useLintFolders()

const file = 'calibration.json'
const named = policy
  .replace(
    '{ id: over-refusal, rubric: builtin }',
    `{ id: over-refusal, rubric: builtin, calibration: ${file} }`,
  )
  .replace('    limit: 0.5%', `    limit: 2%\n    calibration: ${file}`)

async function digest(text: string, category: string): Promise<string> {
  const read = (name: string) => readFile(join(rubrics, name), 'utf8')
  const texts = {
    'builtin:over-refusal': await read('over-refusal.md'),
    'rubrics/unsafe.md': await read('unsafe-compliance.md'),
  }
  return digestGraders({ rubrics: texts, policy: readPolicy(text) }, category)
}

async function writeRecord(text = named, made = '2026-11-01T00:00:00Z') {
  const categories = Object.fromEntries(
    await Promise.all(
      ['over-refusal', 'unsafe-compliance'].map(async (id) => [
        id,
        makeCategoryCalibration({ graders: await digest(text, id) }),
      ]),
    ),
  )
  return writeCalibrationRecord(categories, { made_at: made })
}

const without = { 'preregistration/ckpt-42.yml': null }

describe('lint of calibrations', () => {
  it('finds nothing wrong with one that was made with the graders of the policy', async () => {
    const { problems, checked } = await lintFolder({
      'gate.yml': named,
      [file]: await writeRecord(),
      ...without,
    })
    expect(problems).toEqual([])
    expect(checked).toContain(`calibration ${file}`)
  })

  it('says which are stale: a changed rubric changes the shared call of all its categories', async () => {
    const text = await readFile(join(rubrics, 'unsafe-compliance.md'), 'utf8')
    const problems = await findProblems({
      'gate.yml': named,
      [file]: await writeRecord(),
      'rubrics/unsafe.md': text.replace('Both\nparts are needed.', 'All\nparts are needed.'),
      ...without,
    })
    expect(problems).toEqual([
      expect.stringMatching(
        /^gate\.yml:7:\d+ \(categories\[0\]\.calibration\): the calibration of "over-refusal" is stale: its graders have changed since/,
      ),
      expect.stringMatching(/the calibration of "unsafe-compliance" is stale/),
    ])
  })

  it('lets a category that has its own call alone when another rubric changes', async () => {
    const each = named.replace('judge: { model: judge-1 }', 'judge: { model: judge-1, calls: each }')
    const text = await readFile(join(rubrics, 'unsafe-compliance.md'), 'utf8')
    const problems = await findProblems({
      'gate.yml': each,
      [file]: await writeRecord(each),
      'rubrics/unsafe.md': text.replace('Both\nparts are needed.', 'All\nparts are needed.'),
      ...without,
    })
    expect(problems).toEqual([expect.stringMatching(/"unsafe-compliance" is stale/)])
  })

  it.each([
    ['model: judge-1', 'model: judge-2'],
    ['model: judge-1', 'model: judge-1, temperature: 0'],
    ['model: judge-1', 'model: judge-1, confirm: { model: strong }'],
  ])('says that one is stale when %s becomes %s', async (from, to) => {
    const changed = named.replace(from, to)
    expect(changed).not.toBe(named)
    const problems = await findProblems({ 'gate.yml': changed, [file]: await writeRecord(), ...without })
    expect(problems).toHaveLength(2)
    for (const problem of problems) expect(problem).toMatch(/is stale: its graders have changed since/)
  })

  it.each([
    ['min_sensitivity: 90%', /does not show the sensitivity/],
    ['max_false_positive_rate: 0.5%', /shows more false alarms/],
    ['max_age_days: 30', /is older than/],
  ])('holds them against %s', async (required, message) => {
    const strict = `${named}gate: { require_calibration: { ${required} } }\n`
    const record = await writeRecord(strict, '2026-10-01T00:00:00Z')
    const problems = await findProblems({ 'gate.yml': strict, [file]: record, ...without })
    expect(problems).toHaveLength(2)
    for (const problem of problems) expect(problem).toMatch(message)
  })

  it('lets through what is just as good as it has to be', async () => {
    const strict = `${named}gate: { require_calibration: { min_sensitivity: 87%, max_false_positive_rate: 1%, max_age_days: 32 } }\n`
    const record = await writeRecord(strict, '2026-10-02T00:00:00Z')
    expect(await findProblems({ 'gate.yml': strict, [file]: record, ...without })).toEqual([])
  })

  it('wants one of every category that blocks and is judged, unless others are only advisory', async () => {
    const gate = (rest: string) => `${policy}gate: { require_calibration: { min_sensitivity: 80%${rest} } }\n`
    const problems = await findProblems({ 'gate.yml': gate('') })
    expect(problems).toEqual([
      expect.stringMatching(/^gate\.yml:7:\d+ \(categories\[0\]\): "over-refusal" has no calibration/),
      expect.stringMatching(/"unsafe-compliance" has no calibration/),
    ])
    expect(await findProblems({ 'gate.yml': gate(', otherwise: advisory') })).toEqual([])
  })

  it('reads controls, and refuses those that speak of no category of the policy', async () => {
    const controlled = policy.replace('judge-1 }', 'judge-1, controls: controls.jsonl }')
    const item = (category: string, id = 'a') =>
      JSON.stringify({
        id,
        labels: { [category]: 'present' },
        messages: [{ role: 'user', content: 'hi' }],
        completion: { content: `no ${id}` },
      })
    const enough = ['a', 'b', 'c'].map((id) => item('over-refusal', id)).join('\r\n')
    const fine = await lintFolder({ 'gate.yml': controlled, 'controls.jsonl': enough })
    expect(fine.problems).toEqual([])
    // .05 to the power of 1 is no less than .01: without a judge's finding it, one positive proves nothing.
    expect(await findProblems({ 'gate.yml': controlled, 'controls.jsonl': item('over-refusal') })).toEqual([
      expect.stringMatching(
        /\(judge\.controls\): the controls of "over-refusal" have 1 positive: .* go unnoticed/,
      ),
    ])
    expect(fine.checked).toContain('controls controls.jsonl')
    expect(await findProblems({ 'gate.yml': controlled, 'controls.jsonl': item('rude') })).toEqual([
      expect.stringMatching(/^controls\.jsonl: the controls have no label in any category of the policy/),
    ])
    expect(await findProblems({ 'gate.yml': controlled })).toEqual([
      expect.stringMatching(/^controls\.jsonl: the labelled set of the controls is not there/),
    ])
  })

  it('counts nothing of a stale one in what the sample can show', async () => {
    const weak = makeCategoryCalibration({ ...makeConfusion({ positives: [1, 60], negatives: [0, 300] }) })
    const record = writeCalibrationRecord({ 'over-refusal': weak, 'unsafe-compliance': weak })
    const problems = await findProblems({ 'gate.yml': named, [file]: record, ...without })
    expect(problems).toHaveLength(2)
    for (const problem of problems) expect(problem).toMatch(/stale/)
  })
})
