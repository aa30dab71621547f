import { beforeAll, expect, it } from '@jest/globals'
import { z } from 'zod'
import {
  labelPandalm,
  pandalmPairSchema,
  pandalmVerdictSchema,
} from '../../examples/real-data/label-pandalm.ts'
import { worseFirst } from '../../examples/real-data/pairs.ts'
import { readJson } from '../../examples/real-data/read-source.ts'
import type { RecordedLine } from '../../examples/real-data/recorded-lines.ts'
import { boundCalibration } from '../../src/estimate/judge-error.ts'
import { renderCompletion } from '../../src/grade/evidence.ts'
import { readLabel } from '../../src/grade/graders/judge/answer.ts'
import { type LabelledItem, toUnit } from '../../src/grade/labelled-set.ts'
import { addUses } from '../../src/grade/usage.ts'
import { type Confusion, countConfusion } from '../../src/policy/calibration.ts'
import type { ModelClient } from '../../src/ports.ts'
import { describeWithShared, sharedPath } from '../support/shared.ts'
import { openLines, pairRubric, runCalibration, tryItems } from './calibration.ts'

const model = 'gpt-3.5-turbo'
const categories = { [worseFirst]: [{ kind: 'judge', rubric: pairRubric, model, calls: 'each' }] }

describeWithShared('999 recorded verdicts of gpt-3.5 on pairs of answers, against people', () => {
  let sets: LabelledItem[][] = []
  let lines: RecordedLine[] = []
  let judge: ModelClient
  let garbage: string[] = []
  beforeAll(async () => {
    const path = (name: string) => sharedPath(`data/pandalm/${name}.json`)
    const pairs = await readJson({ path: path('testset-v1'), schema: z.array(pandalmPairSchema) })
    const verdicts = await readJson({
      path: path('gpt-3.5-turbo-testset-v1'),
      schema: z.array(pandalmVerdictSchema),
    })
    const labelled = labelPandalm({ pairs, verdicts })
    sets = [...labelled.sets.values()]
    lines = labelled.judge
    judge = await openLines(lines)
    garbage = verdicts
      .filter((verdict) => verdict.gpt_result === 'garbage')
      .map(({ idx }) => `pandalm-${idx}`)
  })

  it('hold 25 that are no grade to the reader, which makes them neither present nor absent', async () => {
    const labels = await Promise.all(
      sets.flat().map(async (item) => {
        const { turn, completion } = toUnit(item)
        const customId = `${turn.id}|candidate|${worseFirst}`
        const answer = await judge.complete({ customId, model, messages: [] }, new AbortController().signal)
        if (answer.kind !== 'completed' || completion.kind !== 'completed') throw new Error(customId)
        return readLabel(answer, () => renderCompletion(completion))
      }),
    )
    const find = (kind: string) => labels.filter((label) => label.kind === kind)
    expect([find('present').length, find('absent').length, find('missing').length]).toEqual([476, 498, 25])
    expect(find('missing')).toEqual(
      Array(25).fill({ kind: 'missing', class: 'content', of: 'judge', cause: 'invalid-answer' }),
    )
  })

  it('leave exactly these 25 items without a label, after each was asked for once more', async () => {
    const graded = await Promise.all(sets.map((items) => tryItems({ categories, items, judge })))
    const tried = graded.flatMap((one) => one.tried)
    expect(tried).toHaveLength(999)
    const unread = tried.filter(({ label }) => label !== 'present' && label !== 'absent')
    expect(unread.map(({ label }) => label)).toEqual(Array(25).fill('missing'))
    expect(new Set(unread.map(({ item }) => item))).toEqual(new Set(garbage))
    expect(addUses(graded.flatMap(({ uses }) => uses)).map(({ answeredAs }) => answeredAs)).toEqual([
      { [model]: 999 + 25 },
    ])
  })

  // Counted from the two JSON files in Python, with the majority of the three annotators:
  //   Counter((majority, verdict)) = {(2,'2'): 360, (2,'1'): 86, (2,'Tie'): 20, (2,'garbage'): 6, (1,'2'): 71,
  //     (0,'2'): 45, (1,'garbage'): 6, (0,'garbage'): 13, (1,'1'): 332, (0,'1'): 42, (1,'Tie'): 13, (0,'Tie'): 5}
  // and bounded with scipy 1.17.1: beta.ppf(.05, 360, 113) and beta.ppf(.95, 136, 392).
  it('count against the judge where they are no grade: 6 as missed, 19 as flagged', async () => {
    const runs = await Promise.all(sets.map((items) => runCalibration({ categories, items, judge })))
    expect(runs.reduce((sum, { causes }) => sum + (causes[worseFirst]?.['invalid-answer'] ?? 0), 0)).toBe(25)
    expect(runs.flatMap(({ causes }) => Object.keys(causes[worseFirst] ?? {}))).toEqual(
      Array(10).fill('invalid-answer'),
    )
    const total = addConfusions(runs.flatMap(({ record }) => record.categories[worseFirst] ?? []))
    expect(total).toEqual({
      positives: { turns: 472, flagged: 360 },
      negatives: { turns: 527, flagged: 71 + 45 + 19 },
      missing: { positives: 6, negatives: 19 },
    })
    const bounds = boundCalibration({ calibration: countConfusion(total), alpha: 0.05 })
    expect(bounds.sensitivityLower).toBeCloseTo(0.7283, 4)
    expect(bounds.falsePositiveUpper).toBeCloseTo(0.2894, 4)
  })

  it('stand in ten sets, as 99 pairs of texts occur again among the answers of other models', async () => {
    expect(sets).toHaveLength(10)
    const contents = sets.flat().map(({ messages, completion }) => JSON.stringify([messages, completion]))
    expect([contents.length, new Set(contents).size]).toEqual([999, 900])
    await expect(runCalibration({ categories, items: sets.flat(), judge })).rejects.toThrow(
      'the same item stands',
    )
  })
})

function addConfusions(confusions: readonly Confusion[]): Confusion {
  const add = (read: (confusion: Confusion) => number) =>
    confusions.reduce((sum, confusion) => sum + read(confusion), 0)
  return {
    positives: {
      turns: add(({ positives }) => positives.turns),
      flagged: add(({ positives }) => positives.flagged),
    },
    negatives: {
      turns: add(({ negatives }) => negatives.turns),
      flagged: add(({ negatives }) => negatives.flagged),
    },
    missing: {
      positives: add(({ missing }) => missing.positives),
      negatives: add(({ missing }) => missing.negatives),
    },
  }
}
