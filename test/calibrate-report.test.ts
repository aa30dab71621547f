import { describe, expect, it } from '@jest/globals'
import type { CalibrationRecord, CategoryCalibration } from '../src/policy/calibration.ts'
import { type CalibrationReport, renderCalibration } from '../src/report/calibration.ts'
import { renderGrowth } from '../src/report/growth.ts'
import { readPolicy } from './policy/policies.ts'
import {
  makeCategoryCalibration,
  makeConfusion,
  writeCalibrationRecord,
} from './support/calibration-record.ts'
import { writePolicy } from './support/gate-scenario.ts'

/** What is printed of these categories, with lines unbroken. */
function render(
  categories: Record<string, Partial<CategoryCalibration>>,
  changes: Partial<Omit<CalibrationReport, 'record'>> & {
    gate?: Record<string, unknown>
    record?: Partial<CalibrationRecord>
  } = {},
): string {
  const { gate, record, ...report } = changes
  const made = Object.entries(categories).map(([id, own]) => [id, makeCategoryCalibration(own)])
  return renderCalibration({
    record: JSON.parse(writeCalibrationRecord(Object.fromEntries(made), record)),
    policy: readPolicy(writePolicy(5000, { gate })),
    unlabelled: [],
    causes: {},
    ...report,
  })
}

const unwrap = (text: string) => text.replaceAll(/\n {2}/g, ' ')

describe('the table of a calibration', () => {
  it('shows what was found, what was flagged wrongly, and the smallest limit that follows', () => {
    const text = render({
      unsafe: {},
      rude: makeConfusion({ positives: [80, 80], negatives: [2, 300] }),
    })
    const [titles, unsafe, rude] = text.split('\n')
    expect(titles).toMatch(/^category +positives found +negatives flagged +same label twice +smallest limit$/)
    expect(unsafe).toMatch(
      /^unsafe +57 of 60 \(95 %, at least 87\.6 %\) +0 of 300 \(0 %, at most 1 %\) +360 of 360 +64\.2 per 100k$/,
    )
    expect(rude).toMatch(/^rude +80 of 80 \(100 %, /)
    // No flag in 5,000 turns is at most 59.9 per 100k; melded with what 57 of 60 may miss, 64.2. And
    // 33 false alarms in 5,000 turns, melded with what 80 of 80 may miss: 0.9 %.
    expect(rude).toMatch(/ 0\.9 %$/)
    expect(text.split('\n').every((line) => line.length <= 120)).toBe(true)
    expect(unwrap(text)).toContain('passes with 5,000 turns')
    expect(text).toContain('It took 720 requests for 360 items of 1 labelled set.')
  })

  it('has no warning where there is nothing to warn of', () => {
    expect(render({ unsafe: {} })).not.toContain('warning')
  })

  it('shows how a confirmation does, and who wrote what', () => {
    const text = unwrap(
      render({
        rude: {
          screen: { negatives: 300, flagged: 10, tried: 12, survived: 1, false_positive_upper: 0.009 },
          by_source: {
            'ckpt-1': makeConfusion({ positives: [0, 0], negatives: [0, 300] }),
            people: makeConfusion({ positives: [57, 60], negatives: [0, 0] }),
          },
        },
      }),
    )
    expect(text).toContain(
      'rude: the first grader flags 10 of 300 negatives; of 12 false flags 1 survived the confirmation, so that at most 0.9 % of negatives are flagged in the end (two-phase bound).',
    )
    expect(text).toContain(
      'rude, by who wrote the completions: ckpt-1 0 of 300 flagged; people 57 of 60 found.',
    )
  })

  it.each([
    [
      'no positives',
      makeConfusion({ positives: [0, 0], negatives: [0, 300] }),
      'warning: rude: there are no positives, so that nobody knows what its graders miss: with a limit or a margin it can’t pass. Write about 60.',
    ],
    [
      'no negatives',
      makeConfusion({ positives: [60, 60], negatives: [0, 0] }),
      'warning: rude: there are no negatives, so that nobody knows what its graders flag wrongly: a FAIL of its limit needs its flags audited.',
    ],
    [
      'few positives',
      makeConfusion({ positives: [20, 20], negatives: [0, 300] }),
      'warning: rude: with 20 positives no more than a sensitivity of 86.1 % can be shown; 60 show 95 %.',
    ],
    [
      'graders that can not tell',
      makeConfusion({ positives: [30, 60], negatives: [150, 300] }),
      'warning: rude: its graders flag negatives as often as positives: nothing can be decided with them.',
    ],
    [
      'a judge of several names',
      { answered_as: { 'judge-1': { 'judge-1-b': 20, 'judge-1-a': 340 } } },
      'warning: the model judge-1 answered under 2 names: judge-1-a (340), judge-1-b (20); the counts are of different models.',
    ],
  ])('warns of %s', (_, own, warning) => {
    expect(unwrap(render({ rude: own }))).toContain(warning)
  })

  it('shows no smallest limit where nothing bounds what is missed', () => {
    const text = render({ rude: makeConfusion({ positives: [0, 0], negatives: [0, 300] }) })
    expect(text.split('\n')[1]).toMatch(/^rude +– +0 of 300 .* –$/)
  })

  it('warns of categories without labels, and of items that got none', () => {
    const text = unwrap(
      render(
        { rude: { missing: { positives: 1, negatives: 3 } } },
        { unlabelled: ['curt'], causes: { rude: { 'cannot-tell': 3, timeout: 1 } } },
      ),
    )
    expect(text).toContain(
      'warning: curt: no item says how often its graders err; it stays uncalibrated. Label items in it.',
    )
    expect(text).toContain(
      'warning: rude: 4 items got no label (cannot-tell 3, timeout 1): 1 count as missed, 3 as flagged.',
    )
  })

  it('says once what is true of a judge of many categories', () => {
    const names = { answered_as: { 'judge-1': { a: 1, b: 2 } } }
    expect(render({ rude: names, curt: names }).match(/answered under/g)).toHaveLength(1)
  })

  it('warns where it falls short of what policy requires', () => {
    const short = (required: object) =>
      unwrap(render({ rude: {} }, { gate: { require_calibration: required } }))
    expect(short({ min_sensitivity: '90%' })).toContain(
      'warning: rude: falls short of gate.require_calibration.min_sensitivity, 90 %.',
    )
    expect(short({ max_false_positive_rate: '0.5%' })).toContain(
      'warning: rude: falls short of gate.require_calibration.max_false_positive_rate, 0.5 %.',
    )
    expect(short({ min_sensitivity: '80%', max_false_positive_rate: '2%', max_age_days: 1 })).not.toContain(
      'warning',
    )
  })

  it('is inert, whatever models and people are called', () => {
    const text = render({
      rude: {
        answered_as: { 'j\u001b[31m': { '::error::x': 1, '\u202eb': 2 } },
        by_source: {
          '##[group]': makeConfusion({ positives: [1, 1], negatives: [0, 0] }),
          b: makeConfusion({ positives: [1, 1], negatives: [0, 0] }),
        },
      },
    })
    for (const mark of ['\u001b', '::error', '##[', '\u202e']) expect(text).not.toContain(mark)
  })

  it('names the price where it is known', () => {
    expect(render({ rude: {} }, { record: { cost: { requests: 1, usd: 0.5 } } })).toContain(
      'It took 1 request, $0.50 for 360 items',
    )
  })
})

describe('what `calibrate add` says', () => {
  it('counts what was added, what was there, and what was left out', () => {
    const text = renderGrowth({
      file: 'labelled.jsonl',
      category: 'rude',
      growth: {
        looked: 200,
        added: { present: 2, absent: 185 },
        extended: 1,
        known: 3,
        leftOut: new Map([
          ['without a label', 7],
          ['expired since', 2],
        ]),
        expiring: 4,
        total: { positives: 12, negatives: 485 },
      },
    })
    expect(unwrap(text)).toBe(
      [
        '187 items added to labelled.jsonl from the first 200 turns of the run: 185 absent, 2 present. 1 item of it has a label in rude now. 3 were there already. Left out: 7 without a label and 2 expired since.',
        'A confirmed flag is known because it was flagged (chosen: flagged): it serves as a control, and says nothing about how much graders find.',
        '4 items are of conversations that expire: remove them from the set when they do.',
        'For rude it has 12 positives and 485 negatives that say how often graders err. A limit takes about 60 positives: write them (docs/graders.md).',
      ].join('\n'),
    )
  })
})
