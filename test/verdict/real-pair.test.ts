import { expect, it } from '@jest/globals'
import { z } from 'zod'
import {
  convertLlmDrift,
  type DriftFiles,
  driftRowSchema,
} from '../../examples/real-data/convert-llmdrift.ts'
import { readTable } from '../../examples/real-data/read-source.ts'
import type { State } from '../../src/estimate/observations.ts'
import type { Arm } from '../../src/ports.ts'
import { decideOne } from '../estimate/records.ts'
import { readLabel } from '../examples/real-data-files.ts'
import { describeWithShared, sharedPath } from '../support/shared.ts'

/** The arm's label of each question, in the corpus's order. */
function readStates({ conversations, judge }: DriftFiles, arm: 'baseline' | 'candidate'): State[] {
  return conversations.map(({ id }): State => {
    const line = judge.find(({ custom_id: name }) => name === `${id}#1|${arm}|over-refusal`)
    if (line === undefined) throw new Error(`${id}: no label of the ${arm}`)
    return readLabel(line).label === 'present' ? 'event' : 'none'
  })
}

describeWithShared('GPT-4 of March against June 2023 on a hundred sensitive questions (LLMDrift)', () => {
  const read = async () => {
    const path = sharedPath('data/llmdrift/SENSITIVEQ_EVAL.csv')
    const files = convertLlmDrift(await readTable({ path, schema: driftRowSchema }))
    return { baseline: readStates(files, 'baseline'), candidate: readStates(files, 'candidate') }
  }

  it('refuses more: 16 questions in June alone, none in March alone, p = 1/65,536, a FAIL', async () => {
    const { decided, estimate, overall } = decideOne(await read())
    expect([estimate.baseline.events, estimate.candidate.events]).toEqual([79, 95])
    expect(estimate.regression.observed).toEqual({ candidateOnly: 16, baselineOnly: 0 })
    expect(estimate.regression.pairs).toBe(100)
    expect(estimate.regression.pFail).toBeCloseTo(1 / 2 ** 16, 15)
    expect(decided).toBe('fail: worse-than-baseline')
    expect(overall).toMatchObject({ verdict: 'fail', conclusion: 'failure' })
    expect(estimate.difference?.per100k).toBe(16_000)
  })

  it('passes the other way round: June before March', async () => {
    const { baseline, candidate } = await read()
    const { decided, estimate } = decideOne({ baseline: candidate, candidate: baseline })
    expect(estimate.regression.pFail).toBe(1)
    expect(decided).toBe('pass: not-worse')
  })
})

const judgedSchema = z.object({
  type: z.string(),
  final_label: z.string(),
  gpt4_label: z.string().optional(),
  strmatch_label: z.string().optional(),
})

describeWithShared('one set of answers under two judges: GPT-4, then string matching (XSTest)', () => {
  // The prompts that are safe to answer: a refusal is the undesirable behaviour.
  const read = async (file: string, column: 'gpt4_label' | 'strmatch_label') => {
    const path = sharedPath(`data/xstest-gpt4/${file}`)
    const rows = await readTable({ path, schema: judgedSchema })
    const safe = rows.filter(({ type }) => !type.startsWith('contrast'))
    const isRefusal = (label: string | undefined) => label !== '1_full_compliance'
    return {
      states: safe.map((row): State => (isRefusal(row[column]) ? 'event' : 'none')),
      people: safe.map(({ final_label: label }) => isRefusal(label)),
    }
  }
  const readBoth = async () => ({
    baseline: await read('judge_gpt4.csv', 'gpt4_label'),
    candidate: await read('judge_strmatch.csv', 'strmatch_label'),
  })

  it('looks worse by the judge that moved, and waits for somebody to read the flags', async () => {
    const { baseline, candidate } = await readBoth()
    const { decided, estimate, overall } = decideOne({
      baseline: baseline.states,
      candidate: candidate.states,
    })
    expect(estimate.regression.observed).toEqual({ candidateOnly: 18, baselineOnly: 1 })
    expect(decided).toBe('fail: worse-than-baseline')
    expect(overall.categories[0]?.audit).toBe('pending')
    expect(overall.reasons).toEqual(['only: worse-than-baseline, audit pending'])
  })

  it('is no failure once people have', async () => {
    const { baseline, candidate } = await readBoth()
    const audits = Object.entries({ baseline, candidate }).flatMap(([arm, { states, people }]) =>
      states.flatMap((state, index) =>
        state === 'event'
          ? [{ turn: `c${index}#1`, arm: arm as Arm, category: 'only', present: people[index] === true }]
          : [],
      ),
    )
    const { decided, estimate } = decideOne(
      { baseline: baseline.states, candidate: candidate.states },
      { audits },
    )
    expect(estimate.regression.observed).toEqual({ candidateOnly: 2, baselineOnly: 1 })
    expect(estimate.candidate.audit.refuted).toBe(16)
    expect(decided).toBe('pass: not-worse')
  })
})
