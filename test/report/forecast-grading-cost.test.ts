import { describe, expect, it } from '@jest/globals'
import { convertOasst, treeSchema } from '../../examples/real-data/convert-oasst.ts'
import { readJsonLines } from '../../examples/real-data/read-source.ts'
import {
  exampleAssumptions as assumptions,
  type Grading,
  loadGrading,
  priceGrading,
  readShippedRubrics,
} from '../../scripts/grading-cost/reckon.ts'
import { describeGradingCost } from '../../scripts/grading-cost.ts'
import { conversationSchema, readText } from '../../src/corpus/conversation.ts'
import { findTurns } from '../../src/corpus/turns.ts'
import { renderPrefix } from '../../src/grade/evidence.ts'
import { addAll } from '../../src/report/forecast/grading-load.ts'
import { describeWithShared, sharedPath } from '../support/shared.ts'

const rubrics = readShippedRubrics()
const small = { screen: 'small', confirm: null } as const

function price(
  calls: Grading['calls'],
  changes: { turns?: number; isCached?: boolean; prefix?: number } = {},
) {
  const { turns = 1000, isCached = false, prefix = assumptions.prefixCharacters } = changes
  const own = { ...assumptions, prefixCharacters: prefix }
  const loads = loadGrading({ rubrics, turns, grading: { ...small, calls }, assumptions: own })
  return priceGrading({ loads, assumptions: own, isCached })
}

describe('what grading with the shipped rubrics costs', () => {
  it('is one call of a completion, or one a rubric', () => {
    const count = (grading: Grading) => loadGrading({ rubrics, turns: 1000, grading, assumptions })
    expect(addAll(count({ ...small, calls: 'shared' })).calls).toBeCloseTo(2100, 9)
    expect(addAll(count({ ...small, calls: 'each' })).calls).toBeCloseTo(2100 * rubrics.length, 9)
    const confirmed = count({ screen: 'small', confirm: 'large', calls: 'shared' })
    expect(confirmed.map(({ model }) => model)).toEqual(['small', 'large'])
    expect(confirmed[1]?.calls).toBeCloseTo(2100 * rubrics.length * 0.01 * 3, 9)
  })

  it('is reckoned from the rubrics themselves: without their bodies it would be a fraction', () => {
    const characters = rubrics.reduce((sum, { text }) => sum + text.length, 0)
    const grading: Grading = { ...small, calls: 'shared' }
    const { promptTokens, calls } = addAll(loadGrading({ rubrics, turns: 1000, grading, assumptions }))
    expect(promptTokens / calls).toBeGreaterThan((0.9 * characters) / 4)
    expect(promptTokens / calls).toBeLessThan((1.3 * characters) / 4)
  })

  it('is several times less where calls are shared, the more so the longer prefixes are', () => {
    expect(price('each') / price('shared')).toBeGreaterThan(1.5)
    expect(price('each', { prefix: 6800 }) / price('shared', { prefix: 6800 })).toBeGreaterThan(2.5)
    expect(price('shared', { isCached: true })).toBeLessThan(0.3 * price('shared'))
    expect(price('each', { isCached: true })).toBeLessThan(0.6 * price('each'))
  })

  it('is of the order of $250 against some $500 to $800 for 20,000 turns in 20 categories', () => {
    const text = describeGradingCost().replaceAll('\n', ' ')
    const found =
      /20,000 turns in 20 categories.* cost \$(\d+) with shared calls.* and \$(\d+) with a call/.exec(text)
    const [shared, each] = [Number(found?.[1]), Number(found?.[2])]
    expect(shared).toBeGreaterThan(150)
    expect(shared).toBeLessThan(350)
    expect(each).toBeGreaterThan(400)
    expect(each).toBeLessThan(900)
  })

  it('is a text that is the same every time, and says what it assumes', () => {
    const text = describeGradingCost()
    expect(describeGradingCost()).toBe(text)
    expect(text).toContain(`the ${rubrics.length} shipped rubrics`)
    expect(text).toContain('| `shared` | 2,100 |')
    expect(text.split('\n').filter((line) => !line.startsWith('|') && line.length > 120)).toEqual([])
    const longer = describeGradingCost({ ...assumptions, prefixCharacters: 4000 })
    expect(longer).not.toContain('OpenAssistant')
    expect(longer).not.toBe(text)
  })
})

describeWithShared('the lengths that the cost of grading assumes', () => {
  it('are the means of the turns of OpenAssistant', async () => {
    const path = sharedPath('data/oasst-en100/en_100_tree.jsonl')
    const { conversations } = convertOasst(await readJsonLines({ path, schema: treeSchema }))
    const turns = conversations.flatMap((conversation) => {
      const parsed = conversationSchema.parse(conversation)
      return findTurns(parsed).map((index) => ({
        prefix: renderPrefix(parsed.messages.slice(0, index)).length,
        answer: readText(parsed.messages[index]?.content ?? '').length,
      }))
    })
    const mean = (key: 'prefix' | 'answer') => turns.reduce((sum, turn) => sum + turn[key], 0) / turns.length
    expect(turns).toHaveLength(142)
    expect(Math.abs(mean('prefix') - assumptions.prefixCharacters)).toBeLessThan(5)
    expect(Math.abs(mean('answer') - assumptions.answerCharacters)).toBeLessThan(5)
  })
})
