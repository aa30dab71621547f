import { existsSync } from 'node:fs'
import { readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { openRunDirectory } from '../../src/adapters/run-directory.ts'
import { GateError } from '../../src/errors.ts'
import type { RunDirectory } from '../../src/ports.ts'
import { createMemoryDirectory } from '../fakes/memory-directory.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()

async function readAll(directory: RunDirectory, name: string): Promise<string[]> {
  const lines: string[] = []
  for await (const line of directory.readLines(name)) lines.push(line)
  return lines
}

// The stand-in that other tests use has to keep the same promises as the disk.
describe.each([
  ['on disk', async () => openRunDirectory(join(await makeFolder(), 'new', 'run'))],
  ['in memory', async () => createMemoryDirectory()],
])('a run directory %s', (_name, open) => {
  it('has nothing where nothing was written', async () => {
    const directory = await open()
    expect(await directory.read('a.json')).toBeNull()
    expect(await readAll(directory, 'a.json')).toEqual([])
  })

  it('writes, replaces and reads lines', async () => {
    const directory = await open()
    await directory.write('a', ['x', '', 'y'])
    expect(await directory.read('a')).toBe('x\n\ny\n')
    expect(await readAll(directory, 'a')).toEqual(['x', '', 'y'])
    await directory.write('a', ['z'])
    expect(await directory.read('a')).toBe('z\n')
    await directory.write('a', [])
    expect(await directory.read('a')).toBe('')
    expect(await readAll(directory, 'a')).toEqual([])
  })

  it('appends lines in the order of the calls, behind what is there', async () => {
    const directory = await open()
    await directory.write('a', ['first'])
    const appender = await directory.openAppend('a')
    await Promise.all(Array.from({ length: 50 }, (_, index) => appender.append(`${index}`)))
    await appender.close()
    expect(await readAll(directory, 'a')).toEqual(['first', ...Array.from({ length: 50 }, (_, i) => `${i}`)])
  })

  it('gives back any JSON that was written as a line, and no line more', async () => {
    const directory = await open()
    const special = fc.constantFrom(
      '\u2028',
      '\u2029',
      '\r',
      '\u0085',
      '\ufeff',
      '\ud800',
      'é',
      '💥',
      '"',
      '\\',
    )
    const text = fc.array(fc.oneof(special, fc.string({ maxLength: 3 })), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 5 }), async (values) => {
        await directory.write(
          'a',
          values.map((value) => JSON.stringify(value)),
        )
        const lines = await readAll(directory, 'a')
        expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(values)
      }),
      { numRuns: 50 },
    )
  })

  it('reads lines that are longer than any buffer', async () => {
    const directory = await open()
    const lines = ['é'.repeat(200_000), 'x', '💥'.repeat(50_000)]
    await directory.write('a', lines)
    expect(await readAll(directory, 'a')).toEqual(lines)
  })

  it('gives the torn rest of a file as its last line', async () => {
    const directory = await open()
    await directory.write('a', ['whole'])
    const appender = await directory.openAppend('a')
    await appender.append('{"torn')
    await appender.close()
    expect(await readAll(directory, 'a')).toEqual(['whole', '{"torn'])
  })
})

describe('openRunDirectory', () => {
  it('leaves no half-written file beside the one it replaced', async () => {
    const folder = await makeFolder()
    const directory = await openRunDirectory(folder)
    await directory.write('a', ['x'])
    expect(await readdir(folder)).toEqual(['a'])
  })

  it('keeps the old text when the new one can not be made', async () => {
    const directory = await openRunDirectory(await makeFolder())
    await directory.write('a', ['old'])
    const broken = function* () {
      yield 'new'
      throw new Error('no more')
    }
    await expect(directory.write('a', broken())).rejects.toThrow('no more')
    expect(await directory.read('a')).toBe('old\n')
  })

  const itWithFullDevice = existsSync('/dev/full') ? it : it.skip
  itWithFullDevice.each(['append', 'write'] as const)('says in %s that the disk is full', async (way) => {
    const folder = await makeFolder()
    // Every write to this device fails with ENOSPC.
    await symlink('/dev/full', join(folder, way === 'append' ? 'a' : 'a.part'))
    const directory = await openRunDirectory(folder)
    const work =
      way === 'write'
        ? directory.write('a', ['x'])
        : directory.openAppend('a').then(async (appender) => {
            const outcomes = await Promise.allSettled([appender.append('x'), appender.append('y')])
            await appender.close()
            for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
          })
    const error = await work.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(GateError)
    expect(error).toMatchObject({ code: 'run-directory', message: expect.stringContaining('ENOSPC') })
  })

  it('explains a path that is no folder, and a file that can not be read', async () => {
    const folder = await makeFolder()
    await writeFile(join(folder, 'file'), '')
    await expect(openRunDirectory(join(folder, 'file', 'run'))).rejects.toMatchObject({
      code: 'run-directory',
      remedy: expect.stringContaining('--out'),
    })
    const directory = await openRunDirectory(folder)
    await openRunDirectory(join(folder, 'sub'))
    await expect(directory.read('sub')).rejects.toBeInstanceOf(GateError)
    await expect(readAll(directory, 'sub')).rejects.toBeInstanceOf(GateError)
  })
})
