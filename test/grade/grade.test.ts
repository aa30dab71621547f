import { describe, expect, it } from '@jest/globals'
import { createGraders, gradeUnit, listRubrics } from '../../src/grade/grade.ts'
import { explainFailure, labelSchema } from '../../src/grade/label.ts'
import type { CategoryPolicy } from '../../src/policy/schema.ts'
import { answerCauses, type Completion, transportCauses } from '../../src/replay/completion.ts'
import type { ReplayedUnit } from '../../src/replay/replay.ts'
import { type ClientScript, completeWith, failWith } from '../fakes/scripted-client.ts'
import { makeContext, makeTurn } from '../support/grading.ts'
import { makePlannedCategory } from '../support/plans.ts'

function makeCategory(id: string, graders: CategoryPolicy['graders']): CategoryPolicy {
  return makePlannedCategory({ id, graders })
}

const findsRude = { kind: 'pattern', any: ['rude'] }
const findsVery = { kind: 'pattern', any: ['very'] }
const asksJudge = { kind: 'judge', rubric: 'rude.md' }
const answer = (label: string, quote = '') => JSON.stringify({ rationale: '', label, quote })

function open(categories: CategoryPolicy[], script: ClientScript = () => answer('absent')) {
  const { client, context } = makeContext(script)
  const graders = createGraders(categories, { ...context, secondGradingShare: 0, canAskAgain: true })
  const grade = async (completion: Completion) => {
    const unit: ReplayedUnit = { turn: makeTurn(), arm: 'candidate', completion }
    return gradeUnit(unit, graders)
  }
  return { client, grade }
}

describe('a chain of graders', () => {
  it('ends with the first that does not flag, and asks the later ones nothing', async () => {
    const { client, grade } = open([makeCategory('rude', [findsRude, asksJudge])])
    expect((await grade(completeWith({ text: 'kind' }))).labels).toEqual({ rude: { kind: 'absent' } })
    expect(client.requests).toEqual([])
  })

  it('lets a later grader clear what an earlier one flagged', async () => {
    const { client, grade } = open([makeCategory('rude', [findsRude, asksJudge])])
    expect((await grade(completeWith({ text: 'so rude' }))).labels).toEqual({ rude: { kind: 'absent' } })
    expect(client.requests).toHaveLength(1)
  })

  it('is present when all of them flag, with the words of the last', async () => {
    const { grade } = open([makeCategory('rude', [findsRude, findsVery])])
    expect((await grade(completeWith({ text: 'very rude' }))).labels).toEqual({
      rude: { kind: 'present', quote: 'very' },
    })
  })

  it('is missing when the deciding grader has no label', async () => {
    const script = () => answer('cannot-tell')
    const { client, grade } = open([makeCategory('rude', [findsRude, asksJudge, asksJudge])], script)
    expect((await grade(completeWith({ text: 'rude' }))).labels.rude).toMatchObject({ cause: 'cannot-tell' })
    expect(client.requests).toHaveLength(1)
  })
})

describe('gradeUnit', () => {
  it.each([
    ['cut off', completeWith({ text: 'rude', finishReason: 'length' })],
    ['filtered', completeWith({ text: 'rude', finishReason: 'content_filter' })],
    ['a refusal', completeWith({ refusal: 'a rude request' })],
  ])('grades an answer that is %s', async (_name, completion) => {
    const { grade } = open([makeCategory('rude', [findsRude])])
    expect((await grade(completion)).labels.rude).toEqual({ kind: 'present', quote: 'rude' })
  })

  it('labels every category and adds up what the judge used', async () => {
    const categories = [
      makeCategory('pattern', [findsRude]),
      makeCategory('judged', [asksJudge]),
      makeCategory('judged-too', [asksJudge]),
    ]
    const { grade } = open(categories)
    expect(await grade(completeWith({ text: 'rude' }))).toMatchObject({
      turn: 'c#1',
      arm: 'candidate',
      labels: { pattern: { kind: 'present' }, judged: { kind: 'absent' }, 'judged-too': { kind: 'absent' } },
      uses: [{ endpoint: 'judge', usage: { promptTokens: 20, completionTokens: 10 } }],
    })
  })

  it('gives a turn without a completion the same cause in every category, and asks no judge', async () => {
    const { client, grade } = open([makeCategory('rude', [asksJudge]), makeCategory('b', [findsRude])])
    const { labels } = await grade(failWith('rate-limited'))
    const missing = { kind: 'missing', class: 'transport', of: 'completion', cause: 'rate-limited' }
    expect(labels).toEqual({ rude: missing, b: missing })
    const notAsked = { kind: 'not-asked', reason: 'max-minutes' } as const
    expect((await grade(notAsked)).labels).toEqual({ rude: notAsked, b: notAsked })
    expect(client.requests).toEqual([])
  })
})

describe('explainFailure', () => {
  it.each([...transportCauses, ...answerCauses])(
    'keeps the cause %s, in a label that can be read back',
    (cause) => {
      const label = explainFailure(failWith(cause), 'completion')
      const transport = (transportCauses as readonly string[]).includes(cause)
      expect(label).toEqual({
        kind: 'missing',
        class: transport ? 'transport' : 'content',
        of: 'completion',
        cause,
      })
      expect(labelSchema.parse(label)).toEqual(label)
    },
  )
})

describe('listRubrics', () => {
  it('names each rubric once, in order', () => {
    const categories = [
      makeCategory('rude', [findsRude, { kind: 'judge', rubric: 'builtin:rude' }]),
      makeCategory('b', [
        { kind: 'judge', rubric: 'a.md' },
        { kind: 'judge', rubric: 'builtin:rude' },
      ]),
    ]
    expect(listRubrics(categories)).toEqual(['a.md', 'builtin:rude'])
  })
})
