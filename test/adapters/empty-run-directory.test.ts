import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { openEmptyRunDirectory } from '../../src/adapters/run-directory.ts'
import { takeRefusal } from '../support/refusal.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()
const files = ['journal.jsonl', 'record.json']

describe('an empty run directory', () => {
  it('has none of its files left, and leaves others and what links lead to alone', async () => {
    const folder = await makeFolder()
    const workspace = join(folder, 'workspace')
    const path = join(workspace, 'run')
    await mkdir(join(path, 'record.json'), { recursive: true })
    await writeFile(join(folder, 'outside'), 'outside')
    await symlink(join(folder, 'outside'), join(path, 'journal.jsonl'))
    await symlink(join(folder, 'outside'), join(path, 'record.json.part'))
    await writeFile(join(path, 'notes.txt'), 'mine')
    const directory = await openEmptyRunDirectory({ path, workspace, files })
    expect(await readdir(path)).toEqual(['notes.txt'])
    await directory.write('record.json', ['{}'])
    expect(await readFile(join(folder, 'outside'), 'utf8')).toBe('outside')
  })

  it('is made where there is none, also outside the workspace where its path says so', async () => {
    const folder = await makeFolder()
    const workspace = join(folder, 'workspace')
    for (const path of [join(workspace, 'a', 'b'), join(folder, 'elsewhere')]) {
      const directory = await openEmptyRunDirectory({ path, workspace, files })
      expect(directory.path).toBe(path)
      expect(await readdir(path)).toEqual([])
    }
  })

  it('is not where a link of the workspace leads out of it', async () => {
    const folder = await makeFolder()
    const workspace = join(folder, 'workspace')
    await mkdir(workspace)
    await mkdir(join(folder, 'outside'))
    await symlink(join(folder, 'outside'), join(workspace, 'link'))
    for (const path of [join(workspace, 'link'), join(workspace, 'link', 'run')]) {
      const error = await takeRefusal(() => openEmptyRunDirectory({ path, workspace, files }))
      expect(error.code).toBe('run-directory')
      expect(error.message).toBe('a link leads the run directory out of the workspace')
    }
    expect(await readdir(join(folder, 'outside'))).toEqual([])
  })

  it('may be in a workspace that is reached through a link', async () => {
    const folder = await makeFolder()
    await mkdir(join(folder, 'real'))
    await symlink(join(folder, 'real'), join(folder, 'workspace'))
    const workspace = join(folder, 'workspace')
    await openEmptyRunDirectory({ path: join(workspace, 'run'), workspace, files })
    expect(await readdir(join(folder, 'real'))).toEqual(['run'])
  })
})
