import { describe, expect, it } from '@jest/globals'
import { graderConfigSchema } from '../../src/grade/graders/index.ts'
import type { Commits } from '../../src/policy/commits.ts'
import { resolveCheckpoints, resolvePolicy } from '../../src/policy/resolve.ts'
import { createMemoryRepository, type MemoryCommits } from '../fakes/memory-repository.ts'
import { noDigests } from '../support/plans.ts'
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

/** The base's policy at its tip, the change's, and what the change was made to, where the base has moved on since. */
function resolve(tip: string | null, merge: string | null, parent = tip) {
  const at = (text: string | null) => (text === null ? {} : { [file]: text })
  return resolveFrom({ tip: at(tip), parent: at(parent), merge: at(merge) })
}

function resolveFrom(files: MemoryCommits) {
  const repository = createMemoryRepository(files)
  return resolvePolicy({ repository, commits, file, graderConfig: graderConfigSchema })
}

describe('the policy that decides', () => {
  it('is the base branch’s when the change loosens a limit', async () => {
    const resolved = await resolve(policyText, edit('limit: 0.5%', 'limit: 50%'))
    expect(resolved.policy.categories[1]?.limitPer100k).toBe(500)
    expect(resolved).toMatchObject({ file, installs: false, changes: [{ what: 'limit', effect: 'looser' }] })
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
    expect(resolved.changes).toHaveLength(1)
  })

  it('takes a tighter limit of the change at once, and nothing else of it', async () => {
    const head = edit('limit: 0.5%', 'limit: 0.1%').replace('turns: 400', 'turns: 4')
    const { policy, changes } = await resolve(policyText, head)
    expect(policy.categories.map(({ limitPer100k }) => limitPer100k)).toEqual([null, 100, 40])
    expect(policy.sample.turns).toBe(400)
    expect(changes.map(({ what, applied }) => [what, applied])).toEqual([
      ['sample.turns', false],
      ['limit', true],
    ])
  })

  it.each([
    ['version: 1', 'unreadable', expect.stringContaining('missing')],
    ['"', 'unreadable', expect.stringContaining('not valid YAML')],
    ['', 'unreadable', 'the file is empty'],
    [`${'['.repeat(20_000)}`, 'unreadable', expect.any(String)],
    [edit('limit: 0.5%', 'limit: 1'), 'unreadable', expect.stringMatching(/^line 10: a bare 1 could be/)],
    [null, 'removed', null],
  ])('says that the change’s is no policy, where it is none: %#', async (head, kind, to) => {
    const { changes } = await resolve(policyText, head)
    expect(changes).toEqual([expect.objectContaining({ kind, what: 'policy', of: file, to })])
  })

  it('does not differ when the change leaves it alone', async () => {
    expect(await resolve(policyText, policyText)).toMatchObject({ installs: false, changes: [] })
  })

  it('does not take what the base branch has changed since for the change’s', async () => {
    const loosened = edit('limit: 0.5%', 'limit: 1%')
    const behind = await resolve(loosened, policyText, policyText)
    expect(behind.policy.categories[1]?.limitPer100k).toBe(1000)
    expect(behind.changes).toEqual([])
    expect(await resolve(policyText, null, null)).toMatchObject({ installs: false, changes: [] })
    const both = await resolve(loosened, edit('turns: 400', 'turns: 4'), policyText)
    expect(both.changes.map(({ what, from, to }) => [what, from, to])).toEqual([
      ['sample.turns', '400', '4'],
      ['limit', '1 %', '0.5 %'],
    ])
  })

  it('lists the files that it refers to and that the change edits, each once', async () => {
    const judged = edit('limit: 0.5%', 'limit: 0.5%\n    calibration: c.json')
    const text = judged.replace('judge-1 }', 'judge-1, controls: known.jsonl }')
    const base = {
      [file]: text,
      'rubrics/unsafe.md': 'strict',
      'c.json': '{}',
      'known.jsonl': '{}',
      'corpus/manifest.json': 'm',
      'other.md': 'o',
    }
    const head = {
      ...base,
      'rubrics/unsafe.md': 'lenient',
      'c.json': '{ }',
      'corpus/manifest.json': 'n',
      'other.md': 'x',
    }
    const { 'known.jsonl': _, ...merge } = head
    const { changes } = await resolveFrom({ tip: base, parent: base, merge })
    expect(changes.map(({ kind, what, of }) => [kind, what, of])).toEqual([
      ['rewritten', 'corpus manifest', 'corpus/manifest.json'],
      ['removed', 'controls', 'known.jsonl'],
      ['rewritten', 'calibration', 'c.json'],
      ['rewritten', 'rubric', 'rubrics/unsafe.md'],
    ])
  })

  it('is the change’s, only to be checked, where the base has none', async () => {
    expect(await resolve(null, policyText)).toMatchObject({ installs: true, changes: [] })
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
    expect(resolved).toMatchObject({ installs: false, changes: [] })
  })
})

describe('the checkpoints', () => {
  const pointer = { file: 'deploy/model.yaml', path: 'serving.checkpoint', digest: null }
  const serving = (id: string) => ({ [pointer.file]: `serving: { checkpoint: ${id} }` })
  const read = (files: MemoryCommits, changes: Partial<Commits> = {}) =>
    resolveCheckpoints({
      repository: createMemoryRepository(files),
      commits: { ...commits, ...changes },
      pointer,
    })

  it('are those of the two commits', async () => {
    const files = { tip: serving('a'), parent: serving('a'), merge: serving('b') }
    expect(await read(files)).toEqual({ baseline: 'a', candidate: 'b', digests: noDigests })
  })

  it('are the named ones where they are named', async () => {
    const named = (checkpoint: string) => ({ kind: 'named' as const, checkpoint })
    const both = { baseline: named('x'), candidate: named('y'), baseTip: null }
    expect(await read({}, both)).toEqual({ baseline: 'x', candidate: 'y', digests: noDigests })
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
    expect(await read(files)).toEqual({ baseline: 'a', candidate: 'a', digests: noDigests })
  })

  describe('with digests', () => {
    const withDigest = { ...pointer, digest: 'serving.sha' }
    const weighed = (id: string, sha?: string) => ({
      [pointer.file]: JSON.stringify({ serving: { checkpoint: id, ...(sha === undefined ? {} : { sha }) } }),
    })
    const readBoth = (files: MemoryCommits, changes: Partial<Commits> = {}) =>
      resolveCheckpoints({
        repository: createMemoryRepository(files),
        commits: { ...commits, ...changes },
        pointer: withDigest,
      })
    const [one, two] = ['aa'.repeat(32), 'bb'.repeat(32)]

    it('are each read at its own commit, and compared as digests are', async () => {
      const files = {
        tip: weighed('a', one),
        parent: weighed('a', `SHA256:${one}`),
        merge: weighed('b', two),
      }
      expect(await readBoth(files)).toEqual({
        baseline: 'a',
        candidate: 'b',
        digests: { baseline: one, candidate: two },
      })
    })

    it('have none where they are named', async () => {
      const candidate = { kind: 'named' as const, checkpoint: 'b' }
      const files = { tip: weighed('a', one), parent: weighed('a', one) }
      expect(await readBoth(files, { candidate })).toMatchObject({
        digests: { baseline: one, candidate: null },
      })
    })

    it('are refused when the base branch serves other weights by now', async () => {
      const files = { tip: weighed('a', two), parent: weighed('a', one), merge: weighed('b', two) }
      const error = await takeRefusal(() => readBoth(files))
      expect(error.message).toBe(
        'the base branch serves other weights as "a" by now than this change was made against',
      )
      expect(error.where).toEqual({ file: pointer.file, field: 'serving.sha' })
    })

    it('are refused when other weights get the same id, which would leave the checkpoint unchanged', async () => {
      const files = { tip: weighed('a', one), parent: weighed('a', one), merge: weighed('a', two) }
      const error = await takeRefusal(() => readBoth(files))
      expect(error).toMatchObject({
        message: 'the digest of the weights changes, and the id "a" does not',
        where: { file: pointer.file, field: 'serving.sha' },
        remedy: 'give the new weights an id of their own',
      })
    })

    it('may be added, or written otherwise, by a change that leaves the checkpoint alone', async () => {
      const added = { tip: weighed('a'), parent: weighed('a'), merge: weighed('a', one) }
      expect(await readBoth(added)).toMatchObject({ baseline: 'a', candidate: 'a' })
      const rewritten = {
        tip: weighed('a', one),
        parent: weighed('a', one),
        merge: weighed('a', `sha256:${one}`),
      }
      expect(await readBoth(rewritten)).toMatchObject({ baseline: 'a', candidate: 'a' })
      const neither = { tip: weighed('a'), parent: weighed('a'), merge: weighed('a') }
      expect(await readBoth(neither)).toMatchObject({ digests: noDigests })
    })

    it.each(['parent', 'merge'])('are refused when %s has none and the checkpoint changes', async (sha) => {
      const id = { parent: 'a', merge: 'b' }[sha] ?? ''
      const whole = { tip: weighed('a', one), parent: weighed('a', one), merge: weighed('b', two) }
      for (const wrong of [undefined, 'short', 'with space in it', '']) {
        const error = await takeRefusal(() => readBoth({ ...whole, [sha]: weighed(id, wrong) }))
        expect(error.message).toMatch(/^the digest of the checkpoint's weights is not /)
        expect(error.where).toEqual({ file: pointer.file, field: 'serving.sha' })
      }
    })
  })

  it.each(['parent', 'merge'])('are refused by commit when the file is not in %s', async (sha) => {
    const files = { tip: serving('a'), parent: serving('a'), merge: serving('b'), [sha]: {} }
    const error = await takeRefusal(() => read(files))
    expect(error.message).toBe(`the file of the checkpoint id is not there at ${sha}`)
    expect(error.where).toEqual({ file: pointer.file })
  })
})
