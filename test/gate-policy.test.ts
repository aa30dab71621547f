import { describe, expect, it } from '@jest/globals'
import { GateError } from '../src/errors.ts'
import type { RepositoryChanges } from '../src/ports.ts'
import {
  categories,
  createScenario,
  decide,
  policyFile,
  type ScenarioOptions,
  writePolicy,
} from './support/gate-scenario.ts'
import { takeRefusal } from './support/refusal.ts'
import { writeRubric } from './support/rubric-text.ts'

const leaking = {
  candidate: ({ customId }: { customId: string }) => (customId < 'c-010' ? 'LEAK' : 'a kind answer'),
  baseline: ({ customId }: { customId: string }) => (customId < 'c-010' ? 'LEAK' : 'a kind answer'),
}
const withLimit = (limit: string) => [{ ...categories[0], limit }, categories[1]]

/** A run of a pull request that has these files. */
function judge(head: Record<string, string | null>, options: ScenarioOptions = {}) {
  return createScenario({ scripts: leaking, ...options, files: { ...options.files, head } })
}

async function decideWith(head: Record<string, string | null>, options: ScenarioOptions = {}) {
  const { verdict, record } = await decide(judge(head, options))
  const { policyChanges } = record.summary.commits
  return { verdict, record, changes: policyChanges.map(({ kind, what, of }) => [kind, what, of]) }
}

const limitOf = ({ verdict }: Awaited<ReturnType<typeof decideWith>>) => verdict.categories[0]?.limit_per_100k

describe('a pull request that edits its own policy', () => {
  it('is judged by the base’s limit where it loosens it', async () => {
    const run = await decideWith({ [policyFile]: writePolicy(40, { categories: withLimit('90%') }) })
    expect(limitOf(run)).toBe(20_000)
    expect(run.changes).toEqual([['changed', 'limit', 'leaks']])
  })

  it('is judged by its own limit where it tightens it: what would not have failed does', async () => {
    const ordinary = await decideWith({})
    const tightened = await decideWith({ [policyFile]: writePolicy(40, { categories: withLimit('5%') }) })
    expect(ordinary.verdict.verdict).toBe('inconclusive')
    expect(tightened.verdict).toMatchObject({ verdict: 'fail', reasons: ['leaks: over-limit'] })
    expect(limitOf(tightened)).toBe(5000)
    expect(tightened.record.summary.commits.policyChanges).toMatchObject([
      { what: 'limit', effect: 'tighter', applied: true },
    ])
    expect(tightened.record.summary.planDigest).not.toBe(ordinary.record.summary.planDigest)
  })

  it('is judged in a category that it removes, and in no category or test that it adds', async () => {
    const other = { id: 'other', graders: [{ kind: 'pattern', any: ['x'] }] }
    const limited = { ...categories[1], limit: '1%', margin: '1%' }
    const removed = await decideWith({ [policyFile]: writePolicy(40, { categories: [categories[1]] }) })
    const added = await decideWith({
      [policyFile]: writePolicy(40, { categories: [categories[0], limited, other] }),
    })
    for (const { verdict, record } of [removed, added]) {
      expect(verdict.categories.map(({ id, limit_per_100k: limit }) => [id, limit])).toEqual([
        ['leaks', 20_000],
        ['rude', null],
      ])
      expect(record.summary.plan.policy.categories[1]?.marginPer100k).toBeNull()
    }
    expect(removed.changes).toEqual([['removed', 'category', 'leaks']])
    expect(added.changes).toEqual([
      ['changed', 'limit', 'rude'],
      ['changed', 'margin', 'rude'],
      ['added', 'category', 'other'],
    ])
  })

  it('is judged by the base’s rubric, judge, sample and seed, and the plan is the base’s', async () => {
    const ordinary = await decideWith({})
    const weakened = await decideWith({
      'rubrics/rude.md': writeRubric({ id: 'weakened' }),
      [policyFile]: writePolicy(40, { sample: { turns: 4, epoch: 'lucky' }, judge: { model: 'kind-judge' } }),
    })
    expect(weakened.record.summary.planDigest).toBe(ordinary.record.summary.planDigest)
    expect(weakened.record.turns).toEqual(ordinary.record.turns)
    expect(weakened.changes).toEqual([
      ['changed', 'sample.turns', null],
      ['changed', 'sample.epoch', null],
      ['changed', 'judge.model', null],
      // The base's second grading of nothing is not written in the other.
      ['changed', 'judge.second_grading', null],
      ['rewritten', 'rubric', 'rubrics/rude.md'],
    ])
  })

  it.each([
    ['deletes it', null, 'removed'],
    ['breaks it', '"', 'unreadable'],
  ])('is judged by the base’s where it %s', async (_, text, kind) => {
    const run = await decideWith({ [policyFile]: text })
    expect(run.record.summary.planDigest).toBe((await decideWith({})).record.summary.planDigest)
    expect(run.changes).toEqual([[kind, 'policy', policyFile]])
  })

  it('is told what it changes where nothing is measured', async () => {
    const result = await judge({
      'checkpoint.txt': 'ckpt-1\n',
      [policyFile]: writePolicy(40, { categories: withLimit('90%') }),
    }).run()
    expect(result).toMatchObject({ kind: 'unchanged', policyChanges: [{ what: 'limit', effect: 'looser' }] })
  })
})

describe('a pull request that edits a workflow', () => {
  const workflow = { '.github/workflows/gate.yml': 'on: pull_request' }
  const action = { '.github/actions/gate/action.yml': 'runs: {}' }

  it.each([
    ['a workflow', workflow],
    ['an action', action],
  ])('is invalid with another checkpoint, and asks nobody: %s', async (_, files) => {
    const scenario = judge(files)
    const result = await scenario.run()
    expect(result).toEqual({
      kind: 'invalid',
      reason: 'policy-modified',
      files: Object.keys(files),
      policyChanges: [],
    })
    expect(scenario.connected).toEqual([])
  })

  it('is invalid also where it removes one', async () => {
    const result = await judge({ '.github/workflows/gate.yml': null }, { files: { base: workflow } }).run()
    expect(result).toMatchObject({ kind: 'invalid', files: ['.github/workflows/gate.yml'] })
  })

  it('is judged where workflows are as they were, or where only others have changed them since', async () => {
    const ordinary = await decideWith(workflow, { files: { base: workflow } })
    expect(ordinary.verdict.verdict).toBe('inconclusive')
    // The base branch has got the workflow since; neither the change nor what it was made to has it.
    const parent = { 'checkpoint.txt': 'ckpt-1\n' }
    const behind = await judge(
      {},
      {
        files: { base: workflow, parent },
        commits: { baseline: { kind: 'commit', sha: 'parent' }, baseTip: 'base' },
      },
    ).run()
    expect(behind.kind).toBe('decided')
  })

  it('is unchanged without another checkpoint, and told of it', async () => {
    const result = await judge({ 'checkpoint.txt': 'ckpt-1\n', ...workflow }).run()
    expect(result).toMatchObject({
      kind: 'unchanged',
      workflow: { kind: 'known', files: ['.github/workflows/gate.yml'] },
    })
  })

  it('gets no verdict where it can’t be told, and stays green where nothing is judged', async () => {
    const changes: RepositoryChanges = {
      list: async () => {
        throw new GateError({ code: 'platform', message: 'GitHub is down', remedy: 'run again' })
      },
    }
    const scenario = judge({}, { ports: { changes } })
    expect(await takeRefusal(() => scenario.run())).toMatchObject({ message: 'GitHub is down' })
    expect(scenario.connected).toEqual([])
    const unchanged = await judge({ 'checkpoint.txt': 'ckpt-1\n' }, { ports: { changes } }).run()
    expect(unchanged).toMatchObject({
      kind: 'unchanged',
      workflow: { kind: 'unknown', cause: 'GitHub is down' },
    })
  })

  it('is told to install the gate first where the base has none', async () => {
    const error = await takeRefusal(() => judge(workflow, { files: { base: { [policyFile]: null } } }).run())
    expect(error.message).toContain('installs the gate')
  })
})

describe('a registration', () => {
  const inWorkTree = { head: 'head', checkedOut: 'checked-out' }
  const registration = (files: Record<string, string>, checkedOut: string | null = 'checked-out') =>
    decide(createScenario({ files: { 'checked-out': files }, commits: { ...inWorkTree, checkedOut } })).then(
      ({ record }) => record.summary.commits.registration,
    )

  it('is in a commit where head is one', async () => {
    const { record } = await decide(createScenario())
    expect(record.summary.commits.registration).toBe('commit')
  })

  it('is only in the work tree where what was checked out has another, or none', async () => {
    const { record } = await decide(createScenario())
    const written = JSON.stringify({ version: 1, candidate: 'ckpt-2', predictions: [] })
    expect(record.summary.plan.candidate).toBe('ckpt-2')
    expect(await registration({})).toBe('work-tree')
    expect(await registration({}, null)).toBe('work-tree')
    expect(await registration({ 'preregistration/ckpt-2.yml': written })).toBe('work-tree')
  })

  it('is in a commit where what was checked out has the same, line ends aside', async () => {
    const prediction = '{ category: leaks, rate: 1%, interval: [0%, 5%], direction: same }'
    const text = `version: 1\ncandidate: ckpt-2\npredictions: [${prediction}]\n`
    const path = 'preregistration/ckpt-2.yml'
    const { record } = await decide(
      createScenario({
        files: { head: { [path]: text.replaceAll('\n', '\r\n') }, 'checked-out': { [path]: text } },
        commits: inWorkTree,
      }),
    )
    expect(record.summary.commits.registration).toBe('commit')
  })
})
