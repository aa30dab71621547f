import { describe, expect, it } from '@jest/globals'
import { createGraders, type GraderSet, gradeUnit } from '../../src/grade/grade.ts'
import { isGradedTwice } from '../../src/grade/second-grading.ts'
import { type ClientScript, completeWith } from '../fakes/scripted-client.ts'
import { makeContext, makeTurn } from '../support/grading.ts'
import { makePlannedCategory } from '../support/plans.ts'

describe('the fraction that is graded twice', () => {
  const count = (share: number, turns = 20_000) =>
    Array.from({ length: turns }, (_, index) => index).filter((index) =>
      isGradedTwice({ turn: `c-${index}#1`, arm: index % 2 === 0 ? 'baseline' : 'candidate', share }),
    ).length

  it('is the share that policy sets, all and none included', () => {
    expect(count(0)).toBe(0)
    expect(count(1)).toBe(20_000)
    // Four standard deviations of Binomial(20,000, .05).
    expect(Math.abs(count(0.05) - 1000)).toBeLessThan(124)
  })

  it('is the same in every run, and grows with the share without losing any', () => {
    for (let index = 0; index < 500; index += 1) {
      const unit = { turn: `c-${index}#1`, arm: 'candidate' as const }
      expect(isGradedTwice({ ...unit, share: 0.1 })).toBe(isGradedTwice({ ...unit, share: 0.1 }))
      if (isGradedTwice({ ...unit, share: 0.1 })) expect(isGradedTwice({ ...unit, share: 0.2 })).toBe(true)
    }
  })

  it('is drawn for each arm by itself', () => {
    const draw = (arm: 'baseline' | 'candidate') =>
      Array.from({ length: 400 }, (_, index) => isGradedTwice({ turn: `c-${index}#1`, arm, share: 0.5 }))
    const same = draw('baseline').filter((twice, index) => twice === draw('candidate')[index]).length
    expect(Math.abs(same - 200)).toBeLessThan(40)
  })
})

/** A set of two judged categories, each asked by itself. */
function open(script: ClientScript, changes: Partial<GraderSet> = {}) {
  const { client, context } = makeContext(script)
  const graders = [{ kind: 'judge', rubric: 'rude.md', model: 'judge-1', calls: 'each' }]
  const categories = [
    makePlannedCategory({ id: 'rude', graders }),
    makePlannedCategory({ id: 'loud', graders }),
  ]
  const set = createGraders(categories, { ...context, secondGradingShare: 1, canAskAgain: true, ...changes })
  const grade = (text: string) =>
    gradeUnit({ turn: makeTurn(), arm: 'candidate', completion: completeWith({ text }) }, set)
  return { client, grade }
}

const answer = (label: string, quote = '') => JSON.stringify({ rationale: '', label, quote })
const isAgain = ({ customId }: { customId: string }) => customId.endsWith('|again')

describe('a second grading', () => {
  it('is noted beside the label and changes none, whatever it says', async () => {
    const { client, grade } = open((request) =>
      isAgain(request) ? answer('present', 'rude') : answer('absent'),
    )
    const measured = await grade('a rude word')
    expect(measured.labels).toEqual({ rude: { kind: 'absent' }, loud: { kind: 'absent' } })
    expect(measured.trails).toMatchObject({ rude: { again: 'present' }, loud: { again: 'present' } })
    expect(client.requests.map(({ customId }) => customId).toSorted()).toEqual([
      'c#1|candidate|loud',
      'c#1|candidate|loud|again',
      'c#1|candidate|rude',
      'c#1|candidate|rude|again',
    ])
    expect(measured.uses).toEqual([
      {
        endpoint: 'judge',
        model: 'judge-1',
        answeredAs: { 'judge-1': 4 },
        usage: { promptTokens: 40, completionTokens: 20 },
      },
    ])
  })

  it('takes no flag back either', async () => {
    const { grade } = open((request) => (isAgain(request) ? answer('absent') : answer('present', 'rude')))
    const measured = await grade('a rude word')
    expect(measured.labels.rude).toEqual({ kind: 'present', quote: 'rude' })
    expect(measured.trails.rude).toMatchObject({ again: 'absent' })
  })

  it('asks exactly what the first one asked', async () => {
    const { client, grade } = open(() => answer('absent'))
    await grade('a word')
    const bodies = client.requests.map(({ customId: _, ...body }) => JSON.stringify(body))
    expect(new Set(bodies).size).toBe(1)
  })

  it('is not done where nobody is asked anew, nor of the others', async () => {
    const recorded = open(() => answer('absent'), { canAskAgain: false })
    expect((await recorded.grade('a word')).trails).toEqual({})
    expect(recorded.client.requests).toHaveLength(2)
    const none = open(() => answer('absent'), { secondGradingShare: 0 })
    expect((await none.grade('a word')).trails).toEqual({})
    expect(none.client.requests).toHaveLength(2)
  })
})
