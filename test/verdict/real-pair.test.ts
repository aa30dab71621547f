import { expect, it } from '@jest/globals'
import {
  convertLlmDrift,
  type DriftFiles,
  driftRowSchema,
} from '../../examples/real-data/convert-llmdrift.ts'
import { readTable } from '../../examples/real-data/read-source.ts'
import type { State } from '../../src/estimate/observations.ts'
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
