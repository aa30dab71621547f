import { beforeAll, expect, it } from '@jest/globals'
import { z } from 'zod'
import {
  labelLlmbar,
  llmbarJudges,
  llmbarRowSchema,
  llmbarSubsets,
} from '../../examples/real-data/label-llmbar.ts'
import { worseFirst } from '../../examples/real-data/pairs.ts'
import { readJson } from '../../examples/real-data/read-source.ts'
import { summarizeCalibration, type TriedItem } from '../../src/estimate/calibration-record.ts'
import { estimateTrueRate } from '../../src/estimate/judge-error.ts'
import { type CategoryCalibration, countConfusion } from '../../src/policy/calibration.ts'
import { describeWithShared, sharedPath } from '../support/shared.ts'
import { type CalibrationParts, openLines, pairRubric, runCalibration, tryItems } from './calibration.ts'

type Judge = (typeof llmbarJudges)[number]
type Subset = (typeof llmbarSubsets)[number]

describeWithShared('Three recorded judges of 419 comparisons, in both orders', () => {
  const graded = new Map<string, { tried: TriedItem[]; calibration: CategoryCalibration }>()
  beforeAll(async () => {
    for (const judge of llmbarJudges)
      for (const subset of llmbarSubsets) graded.set(`${judge} ${subset}`, await gradeTwice(judge, subset))
  })
  const find = (judge: Judge, subset: Subset) => {
    const found = graded.get(`${judge} ${subset}`)
    if (found === undefined) throw new Error(`${judge} has not graded ${subset}`)
    return found
  }
  const findAll = (judge: Judge) => llmbarSubsets.flatMap((subset) => find(judge, subset).tried)

  // Counted from the result files in Python: for each `results[0]`, the winners (w1, w2) of the two orders, and
  //   same = Σ(w1 == w2); right = Σ(w1 == label), Σ(w2 == label), Σ(w1 == w2 == label);
  //   place = Σ((w1, w2) == ('1', '2')), Σ((w1, w2) == ('2', '1')): chose what stood first, or last, both times.
  it.each([
    ['GPT-4', 'Natural', { n: 100, same: 95, right: [95, 96, 93], place: [3, 2] }],
    ['GPT-4', 'Adversarial_GPTInst', { n: 92, same: 87, right: [78, 81, 77], place: [3, 2] }],
    ['GPT-4', 'Adversarial_GPTOut', { n: 47, same: 44, right: [35, 38, 35], place: [2, 1] }],
    ['GPT-4', 'Adversarial_Manual', { n: 46, same: 38, right: [35, 39, 33], place: [6, 2] }],
    ['GPT-4', 'Adversarial_Neighbor', { n: 134, same: 125, right: [104, 107, 101], place: [6, 3] }],
    ['ChatGPT', 'Natural', { n: 100, same: 71, right: [80, 83, 67], place: [25, 4] }],
    ['ChatGPT', 'Adversarial_GPTInst', { n: 92, same: 57, right: [25, 24, 7], place: [33, 2] }],
    ['ChatGPT', 'Adversarial_GPTOut', { n: 47, same: 28, right: [17, 22, 10], place: [18, 1] }],
    ['ChatGPT', 'Adversarial_Manual', { n: 46, same: 24, right: [18, 14, 5], place: [22, 0] }],
    ['ChatGPT', 'Adversarial_Neighbor', { n: 134, same: 96, right: [30, 22, 7], place: [35, 3] }],
    ['ChatGPT-0301', 'Natural', { n: 100, same: 78, right: [84, 84, 73], place: [18, 4] }],
    ['ChatGPT-0301', 'Adversarial_GPTInst', { n: 92, same: 37, right: [33, 36, 7], place: [54, 1] }],
    ['ChatGPT-0301', 'Adversarial_GPTOut', { n: 47, same: 21, right: [22, 26, 11], place: [23, 3] }],
    ['ChatGPT-0301', 'Adversarial_Manual', { n: 46, same: 27, right: [24, 17, 11], place: [17, 2] }],
    ['ChatGPT-0301', 'Adversarial_Neighbor', { n: 134, same: 79, right: [42, 35, 11], place: [48, 7] }],
  ] as const)('are counted as recorded: %s, %s', (judge, subset, { n, same, right, place }) => {
    const { tried, calibration } = find(judge, subset)
    const count = (holds: (item: TriedItem) => boolean) => tried.filter(holds).length
    const { agreement, positives, negatives, missing } = calibration
    expect(agreement).toEqual({ graded_twice: n, same })
    expect(missing).toEqual({ positives: 0, negatives: 0 })
    expect(positives.flagged + negatives.turns - negatives.flagged).toBe(right[0])
    expect(count(({ expected, again }) => again === expected)).toBe(right[1])
    expect(count(({ expected, label, again }) => label === expected && again === expected)).toBe(right[2])
    expect(count(({ label, again }) => label === 'absent' && again === 'present')).toBe(place[0])
    expect(count(({ label, again }) => label === 'present' && again === 'absent')).toBe(place[1])
  })

  it.each([
    ['GPT-4', 389, 339],
    ['ChatGPT', 276, 96],
    ['ChatGPT-0301', 242, 113],
  ] as const)(
    'agree with themselves more often than they are right: %s, %i and %i of 419',
    (judge, same, right) => {
      const tried = findAll(judge)
      expect(summarizeCalibration(tried).agreement).toEqual({ graded_twice: 419, same })
      expect(
        tried.filter(({ expected, label, again }) => label === expected && again === expected),
      ).toHaveLength(right)
    },
  )

  // Of the same files: label 2 is a positive, winner '2' in the first order a flag.
  it.each([
    ['GPT-4', 172, 213, 31, 206, 'estimate'],
    ['ChatGPT', 61, 213, 97, 206, 'unusable'],
    ['ChatGPT-0301', 74, 213, 75, 206, 'unusable'],
  ] as const)(
    'are calibrated by the first of the two orders: %s, %i of %i found, %i of %i flagged, %s',
    (judge, found, positives, alarms, negatives, kind) => {
      const counts = summarizeCalibration(findAll(judge))
      expect(counts).toMatchObject({
        positives: { turns: positives, flagged: found },
        negatives: { turns: negatives, flagged: alarms },
      })
      // A judge that flags what is none as often as what is says nothing about any rate.
      expect(estimateTrueRate({ rate: 0.5, calibration: countConfusion(counts) }).kind).toBe(kind)
    },
  )
})

async function gradeTwice(
  judge: Judge,
  subset: Subset,
): Promise<{ tried: TriedItem[]; calibration: CategoryCalibration }> {
  const path = sharedPath(`data/llmbar/judge_${judge}_Vanilla_${subset}.json`)
  const rows = await readJson({ path, schema: z.array(llmbarRowSchema) })
  const { items, judge: lines } = labelLlmbar({ subset, judge, rows })
  const client = await openLines(lines)
  const parts: CalibrationParts = {
    categories: { [worseFirst]: [{ kind: 'judge', rubric: pairRubric, model: judge, calls: 'each' }] },
    items,
    // A recording is not asked twice, as it says the same each time; this one has an answer to either order.
    judge: { ...client, source: { kind: 'live' } },
  }
  const { record } = await runCalibration(parts)
  const calibration = record.categories[worseFirst]
  if (calibration === undefined) throw new Error(`no calibration of ${judge}`)
  return { calibration, tried: (await tryItems(parts)).tried }
}
