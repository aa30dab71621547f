import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { readDatabase, writeDatabase } from '../../src/adapters/tool-files.ts'
import { createDatabaseBuilder } from '../../src/tools/build.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'
import { makeConversation } from '../tools/call-conversations.ts'

const makeFolder = useTemporaryFolders()

async function write(folder: string, response: string): Promise<void> {
  const writer = await writeDatabase(folder)
  const builder = createDatabaseBuilder(writer)
  await builder.add(makeConversation('c', [['get', '{"a":1}', response]]))
  await writer.keep(await builder.finish())
}

async function readOnly(folder: string): Promise<string> {
  const { database, close } = await readDatabase(folder)
  try {
    const [response] = database.readCall(0).responses
    return response === undefined ? '' : database.readText(response)
  } finally {
    close()
  }
}

describe('the files of a database of tool calls', () => {
  it('are two, made with their folder, and read again', async () => {
    const folder = join(await makeFolder(), 'new', 'tools')
    await write(folder, 'x'.repeat(5_000_000))
    expect((await readdir(folder)).toSorted()).toEqual(['tools.index', 'tools.texts'])
    expect(await readOnly(folder)).toBe('x'.repeat(5_000_000))
  })

  it('are those from before until the new ones are whole, and then the new ones', async () => {
    const folder = await makeFolder()
    await write(folder, 'old')
    const writer = await writeDatabase(folder)
    await writer.append(Buffer.from('half'))
    expect(await readOnly(folder)).toBe('old')
    await writer.discard()
    expect((await readdir(folder)).toSorted()).toEqual(['tools.index', 'tools.texts'])
    await write(folder, 'new')
    expect(await readOnly(folder)).toBe('new')
  })

  it('are refused where one is missing, cut off, or of another database', async () => {
    const folder = await makeFolder()
    await expect(readDatabase(folder)).rejects.toMatchObject({
      code: 'corpus',
      where: { file: join(folder, 'tools.index') },
      remedy: 'build it with `corpus tools`, or name the folder that it is in',
    })
    await write(folder, 'a response')
    const texts = await readFile(join(folder, 'tools.texts'))
    await truncate(join(folder, 'tools.texts'), 3)
    await expect(readOnly(folder)).rejects.toMatchObject({ where: { file: join(folder, 'tools.texts') } })
    await writeFile(join(folder, 'tools.texts'), texts.toString().replace('response', 'fabricated'))
    await expect(readOnly(folder)).rejects.toThrow('this is not the database of tool calls that was written')
    await rm(join(folder, 'tools.texts'))
    await expect(readDatabase(folder)).rejects.toMatchObject({ where: { file: join(folder, 'tools.texts') } })
  })

  it('are refused where they can’t be written', async () => {
    const folder = await makeFolder()
    await writeFile(join(folder, 'file'), '')
    await expect(writeDatabase(join(folder, 'file'))).rejects.toMatchObject({
      code: 'usage',
      where: { file: join(folder, 'file') },
    })
    await mkdir(join(folder, 'taken', 'tools.index'), { recursive: true })
    await expect(write(join(folder, 'taken'), 'x')).rejects.toMatchObject({ code: 'usage' })
  })
})
