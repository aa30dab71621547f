import { describe, expect, it } from '@jest/globals'
import { decideVerdict } from '../../src/verdict/decide.ts'
import { verdictSchema } from '../../src/verdict/schema.ts'
import { decideStates, makeRecord, makeTurns, type RecordStates } from '../estimate/records.ts'
import { onAnyInconclusive } from '../support/plans.ts'

describe('the verdict on a candidate', () => {
  const good = { baseline: makeTurns(), candidate: makeTurns() }
  const bad = { baseline: makeTurns(), candidate: makeTurns([['event', 50]]) }
  const unsure = {
    limitPer100k: 1000,
    baseline: makeTurns([['event', 9]]),
    candidate: makeTurns([['event', 9]]),
  }
  const decide = (states: RecordStates) => decideStates(states).verdict

  it('fails with any category, passes with all, and names those that decided', () => {
    const all = [
      { id: 'a', ...good },
      { id: 'b', ...bad },
      { id: 'c', ...unsure },
    ]
    expect(decide({ categories: all })).toMatchObject({
      verdict: 'fail',
      conclusion: 'failure',
      reasons: ['b: worse-than-baseline, audit pending'],
    })
    expect(decide({ categories: all.filter(({ id }) => id !== 'b') })).toMatchObject({
      verdict: 'inconclusive',
      conclusion: 'failure',
      reasons: ['c: underpowered'],
    })
    expect(decide({ categories: all.slice(0, 1) })).toMatchObject({
      verdict: 'pass',
      conclusion: 'success',
      reasons: [],
    })
  })

  it('shows what is watched, and is not decided by it', () => {
    const watched = { id: 'w', role: 'watch' as const, ...bad }
    const verdict = decide({ categories: [{ id: 'a', ...good }, watched] })
    expect(verdict).toMatchObject({ verdict: 'pass', reasons: [] })
    expect(verdict.categories.map((category) => category.verdict)).toEqual(['pass', 'fail'])
    expect(decide({ categories: [watched] })).toMatchObject({
      verdict: 'inconclusive',
      conclusion: 'failure',
    })
    expect(decide({ categories: [{ ...watched, ...good }] }).verdict).toBe('inconclusive')
  })

  it('leaves what is watched out of the family of tests', () => {
    const borderline = { id: 'a', baseline: makeTurns(), candidate: makeTurns([['event', 7]]) }
    const watched = { id: 'w', role: 'watch' as const, ...good }
    expect(decide({ categories: [borderline, watched] }).verdict).toBe('fail')
    expect(decide({ categories: [borderline, { ...watched, role: 'block' }] })).toMatchObject({
      verdict: 'inconclusive',
      reasons: ['a: suspect'],
    })
  })

  it('steps down: a plain failure leaves its level to the next', () => {
    const borderline = { id: 'a', baseline: makeTurns(), candidate: makeTurns([['event', 7]]) }
    const verdict = decide({ categories: [borderline, { id: 'b', ...bad }] })
    expect(verdict.reasons).toEqual([
      'a: worse-than-baseline, audit pending',
      'b: worse-than-baseline, audit pending',
    ])
  })

  it('turns green on an inconclusive verdict only where the policy warns, and never on a fail', () => {
    const gate = { onInconclusive: onAnyInconclusive('warn') }
    expect(decide({ categories: [{ id: 'c', ...unsure }], gate })).toMatchObject({
      verdict: 'inconclusive',
      conclusion: 'success',
    })
    expect(decide({ categories: [{ id: 'b', ...bad }], gate }).conclusion).toBe('failure')
  })

  it('trusts no measurement of several models', () => {
    const models = { candidate: { 'ckpt-42': 500, other: 500 } }
    expect(decide({ categories: [{ id: 'a', ...good }], models })).toMatchObject({
      verdict: 'inconclusive',
      reasons: ['candidate: 2 models answered'],
    })
  })

  it('is red about answers of another checkpoint, also where the policy only warns and also about a failure', () => {
    const gate = { onInconclusive: onAnyInconclusive('warn') }
    for (const states of [good, bad, unsure]) {
      for (const models of [
        { candidate: { 'ckpt-42': 500, other: 500 } },
        { candidate: { 'ckpt-41': 1000 } },
      ]) {
        expect(decide({ categories: [{ id: 'a', ...states }], models, gate })).toMatchObject({
          verdict: 'inconclusive',
          conclusion: 'failure',
        })
      }
    }
    const answered = decide({
      categories: [{ id: 'a', ...good }],
      models: { candidate: { 'ckpt-41': 1000 } },
    })
    expect(answered.reasons).toEqual(['candidate: the baseline answered'])
  })

  it('lets no category pass on so few pairs that none could have shown it worse', () => {
    const few = (count: number) => ({
      id: 'a',
      baseline: makeTurns([], count),
      candidate: makeTurns([], count),
    })
    expect(decide({ categories: [few(6)] }).categories[0]).toMatchObject({
      verdict: 'inconclusive',
      reason: 'underpowered',
    })
    expect(decide({ categories: [few(7)] }).categories[0]).toMatchObject({
      verdict: 'pass',
      reason: 'not-worse',
    })
  })

  it('does not pass a blocking category that has no estimate, and fails all the same with another', () => {
    const states = {
      categories: [
        { id: 'a', ...good },
        { id: 'b', ...good },
        { id: 'c', ...bad },
      ],
    }
    const { summary } = makeRecord(states)
    const { estimates } = decideStates(states)
    const without = (...ids: string[]) =>
      decideVerdict(
        summary,
        estimates.filter(({ category }) => !ids.includes(category)),
      )
    expect(without('b', 'c')).toMatchObject({
      verdict: 'inconclusive',
      reasons: ['b: not estimated', 'c: not estimated'],
    })
    expect(without('a', 'b', 'c').verdict).toBe('inconclusive')
    expect(without('b').verdict).toBe('fail')
  })

  it('gives what the schema says', () => {
    const { verdict } = decideStates({
      categories: [
        { id: 'a', ...good },
        { id: 'b', ...bad },
        { id: 'c', ...unsure },
      ],
    })
    expect(verdictSchema.parse(verdict)).toEqual(verdict)
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict)
  })
})
