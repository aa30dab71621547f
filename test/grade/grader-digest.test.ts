import { describe, expect, it } from '@jest/globals'
import { listRubrics } from '../../src/grade/grade.ts'
import { digestGraders } from '../../src/grade/grader-digest.ts'
import { readPolicy } from '../policy/policies.ts'
import { writePolicy } from '../support/gate-scenario.ts'

const rude = { id: 'rude', rubric: 'rude.md' }
const curt = { id: 'curt', rubric: 'curt.md' }
const leaks = { id: 'leaks', graders: [{ kind: 'pattern', any: ['LEAK'] }] }

function digest(
  change: { policy?: Record<string, unknown>; rubrics?: Record<string, string> } = {},
  category = 'rude',
): string {
  const policy = readPolicy(writePolicy(100, { categories: [rude, curt, leaks], ...change.policy }))
  const texts = listRubrics(policy.categories).map((reference) => [reference, `the text of ${reference}`])
  return digestGraders({ policy, rubrics: { ...Object.fromEntries(texts), ...change.rubrics } }, category)
}

const judge = { model: 'judge-1' }
const confirm = { model: 'strict' }

describe('digestGraders', () => {
  it('is the same for the same graders, as a policy or as a plan that was written and read', () => {
    const policy = readPolicy(writePolicy(100, { categories: [rude, curt, leaks] }))
    const rubrics = { 'curt.md': 'the text of curt.md', 'rude.md': 'the text of rude.md' }
    const read = JSON.parse(JSON.stringify({ policy, rubrics }))
    expect(digestGraders(read, 'rude')).toBe(digest())
    expect(digest()).toMatch(/^[0-9a-f]{64}$/)
  })

  it.each([
    [
      'limits, roles and the rule',
      {
        policy: {
          gate: { alpha: 0.1 },
          categories: [{ ...rude, limit: '1%', calibration: 'a.json' }, { ...curt, role: 'watch' }, leaks],
        },
      },
    ],
    [
      'the sample and the replay',
      { policy: { sample: { turns: 5, epoch: 'e2' }, replay: { concurrency: 1 } } },
    ],
    ['how much is graded twice', { policy: { judge: { ...judge, second_grading: '50%' } } }],
    ['the controls', { policy: { judge: { ...judge, controls: 'controls.jsonl' } } }],
    ['a category that other graders label', { policy: { categories: [rude, curt] } }],
    ['a rubric that none of its graders reads', { rubrics: { 'other.md': 'text' } }],
    [
      'what comes after the shared call in another category',
      {
        policy: {
          categories: [
            rude,
            {
              id: 'curt',
              graders: [
                { kind: 'judge', rubric: 'curt.md' },
                { kind: 'judge', rubric: 'strict.md' },
              ],
            },
            leaks,
          ],
        },
      },
    ],
  ])('does not depend on %s', (_, change) => {
    expect(digest(change)).toBe(digest())
  })

  it.each([
    ['its rubric', { rubrics: { 'rude.md': 'another text' } }],
    ['a rubric of its shared call', { rubrics: { 'curt.md': 'another text' } }],
    ['the categories of its shared call', { policy: { categories: [rude, leaks] } }],
    ['their order', { policy: { categories: [curt, rude, leaks] } }],
    ['the judge', { policy: { judge: { model: 'judge-2' } } }],
    ['its endpoint', { policy: { judge: { ...judge, endpoint: 'other' } } }],
    ['its temperature', { policy: { judge: { ...judge, temperature: 0 } } }],
    ['calls of its own', { policy: { judge: { ...judge, calls: 'each' } } }],
    ['a confirmation', { policy: { judge: { ...judge, confirm } } }],
    [
      'its votes',
      {
        policy: {
          categories: [
            { id: 'rude', graders: [{ kind: 'judge', rubric: 'rude.md', votes: 3 }] },
            curt,
            leaks,
          ],
        },
      },
    ],
  ])('changes with %s', (_, change) => {
    expect(digest(change)).not.toBe(digest())
  })

  it('changes with how votes of a confirmation add up', () => {
    const policy = (more: object) => ({ policy: { judge: { ...judge, confirm: { ...confirm, ...more } } } })
    const digests = [{}, { votes: 5 }, { agree: 'majority' }, { temperature: 0 }].map((more) =>
      digest(policy(more)),
    )
    expect(new Set(digests).size).toBe(4)
  })

  it('is another one for each category, and of a lone one does not change with others', () => {
    expect(digest({}, 'curt')).not.toBe(digest())
    const other = {
      policy: { categories: [{ id: 'leaks', graders: [{ kind: 'pattern', any: ['OTHER'] }] }] },
    }
    const alone = { policy: { categories: [leaks] } }
    expect(digest(alone, 'leaks')).toBe(digest({}, 'leaks'))
    expect(digest(other, 'leaks')).not.toBe(digest(alone, 'leaks'))
  })
})
