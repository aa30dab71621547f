import { describe, expect, it } from '@jest/globals'
import { graderConfigSchema } from '../../src/grade/graders/index.ts'
import type { Commits } from '../../src/policy/commits.ts'
import { resolveCheckpoints, resolvePolicy } from '../../src/policy/resolve.ts'
import { createMemoryRepository, type MemoryCommits } from '../fakes/memory-repository.ts'
import { takeRefusal } from '../support/refusal.ts'
import { edit, policyText } from './policies.ts'

const file = '.github/checkpoint-gate.yml'
const commits: Commits = {
  policy: 'tip',
  trustAnchor: 'base',
  baseline: { kind: 'commit', sha: 'parent' },
  candidate: { kind: 'commit', sha: 'merge' },
  head: 'merge',
  baseTip: 'tip',
}

function resolve(tip: string | null, merge: string | null) {
  const at = (text: string | null) => (text === null ? {} : { [file]: text })
  const repository = createMemoryRepository({ tip: at(tip), merge: at(merge) })
  return resolvePolicy({ repository, commits, file, graderConfig: graderConfigSchema })
}

describe('the policy that decides', () => {
  it('is the base branch’s when the change loosens a limit', async () => {
    const resolved = await resolve(policyText, edit('limit: 0.5%', 'limit: 50%'))
    expect(resolved.policy.categories[1]?.limitPer100k).toBe(500)
    expect(resolved).toMatchObject({ file, installs: false, differsInHead: true })
  })

  it.each([
    ['removes a category', edit('  - { id: over-refusal, rubric: builtin }\n', '')],
    [
      'only watches a category',
      edit('rubric: rubrics/unsafe.md', 'rubric: rubrics/unsafe.md\n    role: watch'),
    ],
    ['weakens a rubric', edit('rubrics/unsafe.md', 'rubrics/lenient.md')],
    ['moves the draw', edit('epoch: 2026-11', 'epoch: lucky')],
    ['shrinks the sample', edit('turns: 400', 'turns: 1')],
    ['chooses another judge', edit('judge-1', 'judge-of-my-own')],
    ['warns only', edit('', 'gate: { on_inconclusive: warn }\n')],
    ['is no policy any more', 'version: 1'],
    ['is no YAML', '"'],
    ['deletes the policy', null],
  ])('is the base branch’s when the change %s', async (_, head) => {
    const resolved = await resolve(policyText, head)
    expect(resolved.policy).toEqual((await resolve(policyText, policyText)).policy)
    expect(resolved.differsInHead).toBe(true)
  })

  it('does not differ when the change leaves it alone', async () => {
    expect(await resolve(policyText, policyText)).toMatchObject({ installs: false, differsInHead: false })
  })

  it('is the change’s, only to be checked, where the base has none', async () => {
    expect(await resolve(null, policyText)).toMatchObject({ installs: true, differsInHead: false })
    const error = await takeRefusal(() => resolve(null, edit('limit: 0.5%', 'limit: 1')))
    expect(error.where).toMatchObject({ file, line: 10, field: 'categories[1].limit' })
  })

  it('must be somewhere', async () => {
    const error = await takeRefusal(() => resolve(null, null))
    expect(error).toMatchObject({ code: 'policy', message: 'there is no policy', where: { file } })
  })

  it('is refused when the base branch’s is broken, whatever the change has', async () => {
    const error = await takeRefusal(() => resolve('', policyText))
    expect(error.message).toBe('the file is empty')
  })

  it('is read once where base and head are one', async () => {
    const repository = createMemoryRepository({ tree: { [file]: policyText } })
    const both: Commits = { ...commits, policy: 'tree', head: 'tree', trustAnchor: 'none' }
    const resolved = await resolvePolicy({
      repository,
      commits: both,
      file,
      graderConfig: graderConfigSchema,
    })
    expect(resolved).toMatchObject({ installs: false, differsInHead: false })
  })
})

describe('the checkpoints', () => {
  const pointer = { file: 'deploy/model.yaml', path: 'serving.checkpoint' }
  const serving = (id: string) => ({ [pointer.file]: `serving: { checkpoint: ${id} }` })
  const read = (files: MemoryCommits, changes: Partial<Commits> = {}) =>
    resolveCheckpoints({
      repository: createMemoryRepository(files),
      commits: { ...commits, ...changes },
      pointer,
    })

  it('are those of the two commits', async () => {
    const files = { tip: serving('a'), parent: serving('a'), merge: serving('b') }
    expect(await read(files)).toEqual({ baseline: 'a', candidate: 'b' })
  })

  it('are the named ones where they are named', async () => {
    const named = (checkpoint: string) => ({ kind: 'named' as const, checkpoint })
    const both = { baseline: named('x'), candidate: named('y'), baseTip: null }
    expect(await read({}, both)).toEqual({ baseline: 'x', candidate: 'y' })
  })

  it('are refused when the base branch serves another by now', async () => {
    const files = { tip: serving('c'), parent: serving('a'), merge: serving('b') }
    const error = await takeRefusal(() => read(files))
    expect(error.message).toBe('the base branch serves "c" by now, this change was made against "a"')
    expect(error.remedy).toMatch(/^update the branch/)
    expect(error.where).toEqual({ file: pointer.file, field: pointer.path })
  })

  it('need no comparison with the tip when the change leaves the checkpoint alone', async () => {
    const files = { tip: serving('c'), parent: serving('a'), merge: serving('a') }
    expect(await read(files)).toEqual({ baseline: 'a', candidate: 'a' })
  })

  it.each(['parent', 'merge'])('are refused by commit when the file is not in %s', async (sha) => {
    const files = { tip: serving('a'), parent: serving('a'), merge: serving('b'), [sha]: {} }
    const error = await takeRefusal(() => read(files))
    expect(error.message).toBe(`the file of the checkpoint id is not there at ${sha}`)
    expect(error.where).toEqual({ file: pointer.file })
  })
})
