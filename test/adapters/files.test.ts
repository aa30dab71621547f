import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { createFiles, createWorkTree } from '../../src/adapters/files.ts'
import { takeRefusal } from '../support/refusal.ts'
import { root } from '../support/shared.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()

/** `outside/secret.txt`, and `inside/` with files, folders and links out of it and within it. */
async function build(): Promise<{ inside: string; outside: string }> {
  const folder = await makeFolder()
  const inside = join(folder, 'inside')
  const outside = join(folder, 'outside')
  await mkdir(join(inside, 'sub'), { recursive: true })
  await mkdir(outside)
  await writeFile(join(outside, 'secret.txt'), 'secret')
  await writeFile(join(inside, 'a.txt'), 'Grüße')
  await writeFile(join(inside, 'sub', 'b.txt'), 'b')
  await writeFile(join(inside, '..dots.txt'), 'dots')
  await symlink(join(outside, 'secret.txt'), join(inside, 'link-out.txt'))
  await symlink(outside, join(inside, 'folder-out'))
  await symlink(join(inside, 'a.txt'), join(inside, 'link-in.txt'))
  await symlink(join(outside, 'nothing'), join(inside, 'dangling.txt'))
  await symlink('loop.txt', join(inside, 'loop.txt'))
  return { inside, outside }
}

const leadingOut = [
  '../outside/secret.txt',
  'sub/../../outside/secret.txt',
  '/etc/passwd',
  'link-out.txt',
  'folder-out/secret.txt',
  'folder-out',
  '..',
  'sub/../..',
]
const nowhere = ['gone.txt', 'a.txt/b', 'dangling.txt', 'loop.txt', 'sub/gone/b.txt', 'a\0b', '']

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all).toString()
}

describe('a work tree', () => {
  it.each([
    ['a.txt', 'Grüße'],
    ['./a.txt', 'Grüße'],
    ['sub/b.txt', 'b'],
    ['sub/../a.txt', 'Grüße'],
    ['link-in.txt', 'Grüße'],
    ['..dots.txt', 'dots'],
  ])('reads %s', async (path, text) => {
    const { inside } = await build()
    expect(await createWorkTree(inside).read('any', path)).toBe(text)
  })

  it.each([...nowhere, 'sub', '.'])('has no text at %j', async (path) => {
    const { inside } = await build()
    expect(await createWorkTree(inside).read('any', path)).toBeNull()
  })

  it.each(leadingOut)('refuses %s, which leads out of it', async (path) => {
    const { inside } = await build()
    const tree = createWorkTree(inside)
    for (const work of [() => tree.read('any', path), () => tree.list('any', path)]) {
      const error = await takeRefusal(work)
      expect(error.code).toBe('policy')
      expect(error.message).toBe('the path leads out of its folder')
      expect(error.where).toEqual({ file: path })
    }
  })

  it('may be reached through a link itself', async () => {
    const { inside, outside } = await build()
    await symlink(inside, join(outside, 'tree'))
    expect(await createWorkTree(join(outside, 'tree')).read('any', 'sub/b.txt')).toBe('b')
  })

  it('is not left by a folder whose name begins like its own', async () => {
    const { inside } = await build()
    await mkdir(`${inside}-too`)
    await writeFile(join(`${inside}-too`, 'c.txt'), 'c')
    const error = await takeRefusal(() => createWorkTree(inside).read('any', '../inside-too/c.txt'))
    expect(error.message).toBe('the path leads out of its folder')
  })

  it('lists the files of a folder, sorted, without folders and links', async () => {
    const { inside } = await build()
    const tree = createWorkTree(inside)
    expect(await tree.list('any', '.')).toEqual(['..dots.txt', 'a.txt'])
    expect(await tree.list('any', 'sub/')).toEqual(['b.txt'])
  })

  it.each(['gone', 'a.txt', 'dangling.txt'])('lists nothing at %s', async (path) => {
    const { inside } = await build()
    expect(await createWorkTree(inside).list('any', path)).toBeNull()
  })
})

describe('corpus files', () => {
  it('are read as they are', async () => {
    const { inside } = await build()
    const files = createFiles({ corpus: inside, rubrics: root })
    expect(await readAll(files.openCorpusFile('sub/b.txt'))).toBe('b')
  })

  it.each(nowhere.filter((path) => path !== ''))('are missed by path and folder: %j', async (path) => {
    const { inside } = await build()
    const files = createFiles({ corpus: inside, rubrics: root })
    const error = await takeRefusal(() => readAll(files.openCorpusFile(path)))
    expect(error).toMatchObject({ code: 'corpus', where: { file: path } })
    expect(error.message).toBe(`the corpus file is not in ${inside}`)
  })

  it.each(leadingOut)('must not lead out of their folder: %s', async (path) => {
    const { inside } = await build()
    const files = createFiles({ corpus: inside, rubrics: root })
    const error = await takeRefusal(() => readAll(files.openCorpusFile(path)))
    expect(error).toMatchObject({ code: 'corpus', message: 'the path leads out of its folder' })
  })

  it.each(['sub', ''])('must be files: %j', async (path) => {
    const { inside } = await build()
    const files = createFiles({ corpus: inside, rubrics: root })
    const error = await takeRefusal(() => readAll(files.openCorpusFile(path)))
    expect(error).toMatchObject({ code: 'corpus', where: { file: path } })
    expect(error.message).toBe("the file can't be read (EISDIR)")
  })
})

const unreadable = 'a file that this user may not read'
const describeAsUser = process.getuid?.() === 0 ? describe.skip : describe
describeAsUser(process.getuid?.() === 0 ? `${unreadable} (skipped: root may read all)` : unreadable, () => {
  it('is refused by name', async () => {
    const { inside } = await build()
    await chmod(join(inside, 'a.txt'), 0)
    const files = createFiles({ corpus: inside, rubrics: root })
    const corpus = await takeRefusal(() => readAll(files.openCorpusFile('a.txt')))
    expect(corpus).toMatchObject({ code: 'corpus', message: "the file can't be read (EACCES)" })
    const policy = await takeRefusal(() => createWorkTree(inside).read('any', 'a.txt'))
    expect(policy).toMatchObject({ code: 'policy', message: "the file can't be read (EACCES)" })
  })
})

describe('shipped rubrics', () => {
  const files = createFiles({ corpus: root, rubrics: join(root, 'rubrics') })

  it('are read by id', async () => {
    expect(await files.readBuiltinRubric('over-refusal')).toMatch(/^---\nid: over-refusal\n/)
  })

  it.each(['gone', '../README', '..', '', 'over-refusal.md', 'Over-Refusal', './over-refusal', 'a/b', 'a\0'])(
    'are none at %j',
    async (id) => {
      expect(await files.readBuiltinRubric(id)).toBeNull()
    },
  )
})
