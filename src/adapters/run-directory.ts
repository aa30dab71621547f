import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { GateError } from '../errors.ts'
import type { RunDirectory } from '../ports.ts'

/** Opens a run directory on disk, making it where there is none. */
export async function openRunDirectory(path: string): Promise<RunDirectory> {
  await explain(path, mkdir(path, { recursive: true }))
  return {
    path,
    read: (name) => explain(path, readOptional(join(path, name))),
    readLines: (name) => readLines(join(path, name)),
    write: (name, lines) => explain(path, writeWhole(join(path, name), lines)),
    async openAppend(name) {
      const handle = await explain(path, open(join(path, name), 'a'))
      // Lines are written one after the other, so that two never mix.
      let last: Promise<unknown> = Promise.resolve()
      return {
        append(line) {
          const next = last.then(() => explain(path, handle.appendFile(`${line}\n`)))
          last = next.catch(() => undefined)
          return next
        },
        async close() {
          await last
          await handle.close()
        },
      }
    },
  }
}

async function readOptional(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}

async function* readLines(file: string): AsyncGenerator<string> {
  const stream = createReadStream(file, 'utf8')
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }))
      yield line
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

async function writeWhole(file: string, lines: Iterable<string>): Promise<void> {
  const temporary = `${file}.part`
  const handle = await open(temporary, 'w')
  try {
    let buffer = ''
    for (const line of lines) {
      buffer += `${line}\n`
      if (buffer.length > 1 << 16) {
        await handle.appendFile(buffer)
        buffer = ''
      }
    }
    await handle.appendFile(buffer)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, file)
}

async function explain<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    throw new GateError({
      code: 'run-directory',
      message: `the run directory can't be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      where: { file: path },
      remedy: 'check that it can be written and that the disk is not full, or name another with --out',
      cause,
    })
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
