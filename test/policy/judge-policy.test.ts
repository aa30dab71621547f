import { describe, expect, it } from '@jest/globals'
import { type JudgePolicy, resolveGraders } from '../../src/policy/judge-policy.ts'
import { plannedJudge } from '../support/plans.ts'
import { readPolicy } from './policies.ts'

const base = {
  version: 1,
  checkpoint: { file: 'model.txt' },
  corpus: { manifest: 'manifest.json' },
  sample: { turns: 400, epoch: 'e' },
}

function read(judge: unknown, categories: unknown[]) {
  return readPolicy(JSON.stringify({ ...base, ...(judge === undefined ? {} : { judge }), categories }))
}

const judge: JudgePolicy = { ...plannedJudge, calls: 'shared', via: 'live' }
const confirm = { model: 'strong', endpoint: 'judge', temperature: null, votes: 3, agree: 'all' } as const

describe('the judge of a policy', () => {
  it('confirms what it flags with the stronger one, three times, where a rubric is all a category has', () => {
    const policy = read(
      { model: 'small', confirm: { model: 'strong', endpoint: 'big', agree: 'majority' } },
      [{ id: 'rude', rubric: 'builtin' }],
    )
    expect(policy.categories[0]?.graders).toEqual([
      {
        kind: 'judge',
        rubric: 'builtin:rude',
        model: 'small',
        endpoint: 'judge',
        temperature: null,
        votes: 1,
        agree: 'all',
        calls: 'shared',
      },
      {
        kind: 'judge',
        rubric: 'builtin:rude',
        model: 'strong',
        endpoint: 'big',
        temperature: null,
        votes: 3,
        agree: 'majority',
        calls: 'each',
      },
    ])
  })

  it('confirms nothing where graders are written out: they are the whole chain', () => {
    const [only, ...rest] = resolveGraders(
      { id: 'rude', graders: [{ kind: 'judge', rubric: 'r.md' }] },
      { ...judge, confirm },
    )
    expect(only).toMatchObject({ rubric: 'r.md', model: 'judge-1', endpoint: 'judge', calls: 'shared' })
    expect(rest).toEqual([])
  })

  it('lends its temperature to no other model', () => {
    const warm: JudgePolicy = { ...judge, temperature: 0.3 }
    const [own, other] = resolveGraders(
      {
        id: 'rude',
        graders: [
          { kind: 'judge', rubric: 'r.md' },
          { kind: 'judge', rubric: 'r.md', model: 'other' },
        ],
      },
      warm,
    )
    expect([own?.temperature, other?.temperature]).toEqual([0.3, null])
  })

  it('shares calls only at the beginning of a chain, unless policy or grader gives each its own', () => {
    const chain = [
      { kind: 'pattern', any: ['x'] },
      { kind: 'judge', rubric: 'r.md' },
    ]
    expect(resolveGraders({ id: 'a', graders: chain }, judge)[1]).toMatchObject({ calls: 'each' })
    const own = [{ kind: 'judge', rubric: 'r.md', calls: 'each' }]
    expect(resolveGraders({ id: 'a', graders: own }, judge)[0]).toMatchObject({ calls: 'each' })
    expect(resolveGraders({ id: 'a', rubric: 'r.md' }, { ...judge, calls: 'each' })[0]).toMatchObject({
      calls: 'each',
    })
  })

  it('is needed by a grader that names no model of its own, and by no other', () => {
    expect(() => read(undefined, [{ id: 'rude', rubric: 'builtin' }])).toThrow(/no `judge`/)
    const own = { id: 'rude', graders: [{ kind: 'judge', rubric: 'builtin', model: 'm' }] }
    expect(read(undefined, [own]).categories[0]?.graders[0]).toMatchObject({ model: 'm', endpoint: 'judge' })
  })

  it('is not served by what serves a checkpoint', () => {
    const judged = [{ id: 'rude', rubric: 'builtin' }]
    expect(() => read({ model: 'm', endpoint: 'candidate' }, judged)).toThrow(/must not judge it/)
    expect(() => read({ model: 'm', confirm: { model: 's', endpoint: 'baseline' } }, judged)).toThrow(
      /"rude" is graded by the endpoint "baseline"/,
    )
  })

  it.each([
    [{ model: 'm', calls: 'together' }, { field: 'judge.calls' }],
    [{ model: 'm', confirm: { model: 's', votes: 0 } }, { field: 'judge.confirm.votes' }],
    [{ model: 'm', second_grading: 0.05 }, { field: 'judge.second_grading' }],
    [{ model: 'm', confirm: { votes: 3 } }, { field: 'judge.confirm.model' }],
    [{ model: 'm', controll: 'x.jsonl' }, { field: 'judge.controll' }],
  ])('refuses %j, and says where', (written, where) => {
    expect(() => read(written, [{ id: 'rude', rubric: 'builtin' }])).toThrow(
      expect.objectContaining({ where: expect.objectContaining(where) }),
    )
  })
})
