import { execFile } from 'node:child_process'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { createGitChanges, createGitFiles, resolveCommit } from '../../src/adapters/git.ts'
import { readDocuments } from '../../src/policy/read-documents.ts'
import { takeRefusal } from '../support/refusal.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()

/** A repository with two commits, made without anybody's configuration of git. */
async function build(): Promise<{ folder: string; first: string; second: string }> {
  const folder = await makeFolder()
  const environment = {
    ...process.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@example.com',
  }
  const git = async (...words: string[]) =>
    (await promisify(execFile)('git', ['-C', folder, ...words], { env: environment })).stdout.trim()
  await git('init', '-q', '-b', 'main')
  await mkdir(join(folder, 'preregistration', 'old'), { recursive: true })
  await writeFile(join(folder, 'a.txt'), 'Grüße\n')
  await writeFile(join(folder, 'preregistration', 'b.yml'), 'b')
  await writeFile(join(folder, 'preregistration', 'ä ö.json'), 'umlaut')
  await writeFile(join(folder, 'preregistration', 'old', 'c.yml'), 'c')
  await symlink('../a.txt', join(folder, 'preregistration', 'link.yml'))
  await git('add', '-A')
  await git('commit', '-q', '-m', 'first')
  await git('tag', 'v1')
  await writeFile(join(folder, 'a.txt'), 'changed')
  await rm(join(folder, 'preregistration', 'b.yml'))
  await git('commit', '-q', '-a', '-m', 'second')
  await writeFile(join(folder, 'a.txt'), 'not committed')
  return { folder, first: await git('rev-parse', 'v1'), second: await git('rev-parse', 'HEAD') }
}

describe('the files of a commit', () => {
  it('are read as they were in it, not as they lie in the work tree', async () => {
    const { folder, first, second } = await build()
    const files = createGitFiles(folder)
    expect(await files.read(first, 'a.txt')).toBe('Grüße\n')
    expect(await files.read(second, 'a.txt')).toBe('changed')
    expect(await files.read(first, './a.txt')).toBe('Grüße\n')
    expect(await files.read(second, 'preregistration/b.yml')).toBeNull()
    expect(await files.read(first, 'preregistration/ä ö.json')).toBe('umlaut')
  })

  it('are nothing where there is no file', async () => {
    const { folder, first } = await build()
    const files = createGitFiles(folder)
    for (const path of ['gone.txt', 'preregistration', 'a.txt/b', '.git/config', '-p']) {
      expect(await files.read(first, path)).toBeNull()
    }
    expect(await files.read('0'.repeat(40), 'a.txt')).toBeNull()
  })

  it('give no file that a link points at', async () => {
    const { folder, first } = await build()
    expect(await createGitFiles(folder).read(first, 'preregistration/link.yml')).not.toContain('Grüße')
  })

  it('are listed by folder, without folders and links', async () => {
    const { folder, first, second } = await build()
    const files = createGitFiles(folder)
    expect(await files.list(first, 'preregistration')).toEqual(['b.yml', 'ä ö.json'])
    expect(await files.list(second, 'preregistration')).toEqual(['ä ö.json'])
    expect(await files.list(first, '.')).toEqual(['a.txt'])
    expect(await files.list(first, 'gone')).toBeNull()
    expect(await files.list(first, 'a.txt')).toBeNull()
  })

  it('are relative to a folder of the repository', async () => {
    const { folder, first } = await build()
    const files = createGitFiles(join(folder, 'preregistration'))
    expect(await files.read(first, 'b.yml')).toBe('b')
    expect(await files.list(first, 'old')).toEqual(['c.yml'])
  })

  it('hold the registrations of that commit', async () => {
    const { folder, first } = await build()
    const repository = createGitFiles(folder)
    expect(await readDocuments({ repository, sha: first, folder: 'preregistration' })).toEqual([
      { file: 'preregistration/b.yml', text: 'b' },
      { file: 'preregistration/ä ö.json', text: 'umlaut' },
    ])
  })
})

describe('what has changed', () => {
  const workTree = 'work tree'

  it('is listed between two commits, and between one and the work tree, by folder', async () => {
    const { folder, first, second } = await build()
    const changes = createGitChanges(folder, workTree)
    expect(await changes.list(first, second, 'preregistration')).toEqual(['preregistration/b.yml'])
    expect(await changes.list(first, second, 'preregistration/old')).toEqual([])
    expect(await changes.list(first, second, 'a.txt')).toEqual(['a.txt'])
    expect(await changes.list(second, workTree, 'preregistration')).toEqual([])
    expect(await changes.list(second, workTree, 'a.txt')).toEqual(['a.txt'])
    expect(await changes.list(second, second, 'gone')).toEqual([])
  })

  it('counts what git does not track, or ignores, from wherever in the repository it is asked', async () => {
    const { folder, second } = await build()
    await writeFile(join(folder, '.gitignore'), 'ignored.yml\n')
    await mkdir(join(folder, '.github', 'workflows'), { recursive: true })
    await writeFile(join(folder, '.github', 'workflows', 'new ü.yml'), 'on: push')
    await writeFile(join(folder, '.github', 'workflows', 'ignored.yml'), 'on: push')
    for (const at of [folder, join(folder, 'preregistration')]) {
      expect(await createGitChanges(at, workTree).list(second, workTree, '.github/workflows')).toEqual([
        '.github/workflows/ignored.yml',
        '.github/workflows/new ü.yml',
      ])
    }
  })

  it('is not known where a commit is not there', async () => {
    const { folder, second } = await build()
    const changes = createGitChanges(folder, workTree)
    const error = await takeRefusal(() => changes.list('0'.repeat(40), second, 'preregistration'))
    expect(error).toMatchObject({ code: 'platform' })
    expect(error.message).toMatch(/^git can't compare preregistration with 000000000000: /)
  })
})

describe('a commit', () => {
  it('is found by branch, tag, abbreviation and relation', async () => {
    const { folder, first, second } = await build()
    expect(await resolveCommit(folder, 'main')).toBe(second)
    expect(await resolveCommit(folder, 'v1')).toBe(first)
    expect(await resolveCommit(folder, 'HEAD~1')).toBe(first)
    expect(await resolveCommit(folder, first.slice(0, 12))).toBe(first)
  })

  it.each(['gone', '', '--help', '-h', 'HEAD:a.txt', '0'.repeat(40), 'v1 main'])(
    'is not %j',
    async (reference) => {
      const { folder } = await build()
      const error = await takeRefusal(() => resolveCommit(folder, reference))
      expect(error.code).toBe('usage')
      expect(error.message).toBe(`git knows no commit "${reference}" in ${folder}`)
      expect(error.remedy).toMatch(/shallow clone/)
    },
  )

  it('is not in a folder without a repository', async () => {
    const folder = await makeFolder()
    const error = await takeRefusal(() => resolveCommit(folder, 'HEAD'))
    expect(error.code).toBe('usage')
  })

  it.each(['../secret.txt', 'preregistration/../../secret.txt', '/etc/passwd'])(
    'reads nothing outside its folder: %s',
    async (path) => {
      const { folder, first } = await build()
      const files = createGitFiles(folder)
      for (const work of [() => files.read(first, path), () => files.list(first, path)]) {
        expect(await takeRefusal(work)).toMatchObject({ code: 'policy', where: { file: path } })
      }
    },
  )
})
