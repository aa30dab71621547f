import { readdir } from 'node:fs/promises'
import { describe, expect, it } from '@jest/globals'
import { openScratch } from '../../src/adapters/scratch.ts'
import type { Message, Tool } from '../../src/corpus/conversation.ts'
import type { Scratch } from '../../src/ports.ts'
import { createTurnStore } from '../../src/sample/turn-store.ts'
import { takeRefusal } from '../support/refusal.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()

const makePrefix = (index: number): Message[] => [
  { role: 'user', content: `question ${index} “${'ä'.repeat(index % 97)}”` },
]
const tools: Tool[] = [{ type: 'function', function: { name: 'look_up' } }]

function fill(openScratchFile: (() => Scratch) | undefined, count: number) {
  const store = createTurnStore(openScratchFile, { block: 1000, held: 5000 })
  const stored = Array.from({ length: count }, (_, index) =>
    store.add({ prefix: makePrefix(index), tools: index % 2 === 0 ? tools : null }),
  )
  const read = () => stored.map((one) => ({ prefix: store.readPrefix(one), tools: store.readTools(one) }))
  return { stored, read, store }
}

const expected = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    prefix: makePrefix(index),
    tools: index % 2 === 0 ? tools : null,
  }))

describe('what is sent of turns', () => {
  it('is given back as it was, from memory and from a scratch file', async () => {
    expect(fill(undefined, 300).read()).toEqual(expected(300))
    const folder = await makeFolder()
    let opened = 0
    const { read, store } = fill(() => {
      opened += 1
      return openScratch(folder)
    }, 300)
    expect(read()).toEqual(expected(300))
    expect(opened).toBe(1)
    const large: Message[] = [{ role: 'user', content: 'x'.repeat(5000) }]
    expect(store.readPrefix(store.add({ prefix: large, tools: null }))).toEqual(large)
    expect(read()).toEqual(expected(300))
  })

  it('stays in memory as long as there is room', () => {
    const refuse = () => {
      throw new Error('no scratch file is needed')
    }
    expect(fill(refuse, 20).read()).toEqual(expected(20))
  })

  it('has the same tools once', () => {
    const { stored } = fill(undefined, 4)
    expect(stored[0]?.tools).toBe(stored[2]?.tools)
  })
})

describe('a scratch file', () => {
  it('has no name, and gives back what was written where it was', async () => {
    const folder = await makeFolder()
    const scratch = openScratch(folder)
    expect(await readdir(folder)).toEqual([])
    expect(scratch.append(Buffer.from('abc'))).toBe(0)
    expect(scratch.append(Buffer.from('defg'))).toBe(3)
    expect(Buffer.from(scratch.read(2, 3)).toString()).toBe('cde')
    expect(() => scratch.read(5, 9)).toThrow("turns and their results can't be kept in a temporary file")
  })

  it('is refused with what to do where there is no room for one', async () => {
    const error = await takeRefusal(() => openScratch('/nowhere/at/all'))
    expect(error).toMatchObject({ code: 'corpus', where: { file: '/nowhere/at/all' } })
    expect(error.message).toContain('ENOENT')
  })
})
