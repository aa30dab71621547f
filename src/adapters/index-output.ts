import { createHash } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { GateError } from '../errors.ts'
import { readErrorCode } from './read-bytes.ts'

/** A file that is written as a whole or not at all. */
export interface IndexOutput {
  write(text: string): Promise<void>
  /** Puts it in its place, and tells its SHA-256. */
  finish(): Promise<string>
  /** Removes what was written, unless it is in its place. */
  discard(): Promise<void>
}

/** What is written at a time. */
const heldCharacters = 2 ** 21

/** Begins to write an index beside the corpus. */
export async function openIndexOutput(folder: string, path: string): Promise<IndexOutput> {
  const file = join(folder, path)
  const unfinished = `${file}.unfinished-${process.pid}`
  const attempt = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work()
    } catch (cause) {
      throw new GateError({
        code: 'corpus',
        message: `the index can't be written (${readErrorCode(cause)})`,
        where: { file: path },
        remedy: 'check that this user may write there and that there is room, or name another path (--index)',
        cause,
      })
    }
  }
  const handle = await attempt(async () => {
    await mkdir(dirname(file), { recursive: true })
    return open(unfinished, 'w')
  })
  const hash = createHash('sha256')
  let held: string[] = []
  let heldLength = 0
  const flush = async () => {
    const text = held.join('')
    held = []
    heldLength = 0
    hash.update(text)
    await attempt(() => handle.writeFile(text))
  }
  let isOpen = true
  const close = async () => {
    if (isOpen) await handle.close()
    isOpen = false
  }
  return {
    async write(text) {
      held.push(text)
      heldLength += text.length
      if (heldLength >= heldCharacters) await flush()
    },
    async finish() {
      await flush()
      await attempt(async () => {
        await handle.sync()
        await close()
        await rename(unfinished, file)
      })
      return hash.digest('hex')
    },
    async discard() {
      await close()
      await rm(unfinished, { force: true })
    },
  }
}
