import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { GateError } from '../errors.ts'
import type { TextSink } from '../tools/build.ts'
import { openDatabase, type ToolDatabase } from '../tools/database.ts'
import { encodeIndex, type IndexColumns, type IndexHeader } from '../tools/layout.ts'

/** The two files of a database of tool calls, in a folder of their own. */
const indexName = 'tools.index'
const textsName = 'tools.texts'

/** A database that is being written. Nothing is seen of it before it is kept, and then all of it. */
export interface DatabaseWriter extends TextSink {
  /** Writes the index and puts both files in their places. */
  keep(index: { header: IndexHeader; columns: IndexColumns }): Promise<void>
  /** Removes what was written. */
  discard(): Promise<void>
}

/** Begins a database in a folder, which is made if it is absent. */
export async function writeDatabase(folder: string): Promise<DatabaseWriter> {
  const part = (name: string) => join(folder, `${name}.part`)
  await explain(folder, mkdir(folder, { recursive: true }))
  const texts = await explain(folder, open(part(textsName), 'w'))
  return {
    append: (bytes) => explain(folder, texts.appendFile(bytes)),
    keep: ({ header, columns }) =>
      explain(folder, async () => {
        await texts.sync()
        await texts.close()
        const index = await open(part(indexName), 'w')
        try {
          for (const bytes of encodeIndex(header, columns)) await index.appendFile(bytes)
          await index.sync()
        } finally {
          await index.close()
        }
        // Should the run end between the two, the index finds other texts than its own, and says so.
        await rename(part(textsName), join(folder, textsName))
        await rename(part(indexName), join(folder, indexName))
      }),
    async discard() {
      await texts.close().catch(() => undefined)
      for (const name of [textsName, indexName]) await rm(part(name), { force: true })
    },
  }
}

/** An open database; who opens it closes it. */
export interface OpenDatabase {
  database: ToolDatabase
  close(): void
}

/**
 * Opens the database in a folder.
 * @throws GateError where there is none, or not what was written
 */
export async function readDatabase(folder: string): Promise<OpenDatabase> {
  const file = join(folder, indexName)
  const texts = join(folder, textsName)
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw refuseMissing(file, cause)
  })
  const source = openTexts(texts)
  try {
    const read = (offset: number, length: number) => readPart({ ...source, file: texts, offset, length })
    return { database: openDatabase({ file, bytes }, { file: texts, read }), close: source.close }
  } catch (error) {
    source.close()
    throw error
  }
}

function openTexts(file: string): { handle: number; size: number; close: () => void } {
  try {
    const handle = openSync(file, 'r')
    return { handle, size: fstatSync(handle).size, close: () => closeSync(handle) }
  } catch (cause) {
    throw refuseMissing(file, cause)
  }
}

/** The bytes that are there. An offset may come from an index that is not of this file: nothing is set aside for it. */
function readPart(request: {
  handle: number
  size: number
  file: string
  offset: number
  length: number
}): Uint8Array {
  const { handle, size, file, offset, length } = request
  const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - offset)))
  try {
    let filled = 0
    while (filled < bytes.length) {
      const read = readSync(handle, bytes, filled, bytes.length - filled, offset + filled)
      if (read === 0) break
      filled += read
    }
    return bytes.subarray(0, filled)
  } catch (cause) {
    throw refuseMissing(file, cause)
  }
}

function refuseMissing(file: string, cause: unknown): GateError {
  return new GateError({
    code: 'corpus',
    message: `the database of tool calls can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    where: { file },
    remedy: 'build it with `corpus tools`, or name the folder that it is in',
    cause,
  })
}

async function explain<T>(folder: string, work: Promise<T> | (() => Promise<T>)): Promise<T> {
  try {
    return await (typeof work === 'function' ? work() : work)
  } catch (cause) {
    throw new GateError({
      code: 'usage',
      message: `the database of tool calls can't be written: ${cause instanceof Error ? cause.message : String(cause)}`,
      where: { file: folder },
      remedy:
        'check that the folder can be written and that the disk is not full, or name another with --out',
      cause,
    })
  }
}
