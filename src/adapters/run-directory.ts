import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, realpath, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { GateError } from '../errors.ts'
import type { RunDirectory } from '../ports.ts'
import { isInside } from './inside.ts'
import { createLineAppender } from './line-appender.ts'
import { openScratch } from './scratch.ts'

/** Opens a run directory on disk, making it where there is none, unless it is only to be read. */
export async function openRunDirectory(path: string, options = { make: true }): Promise<RunDirectory> {
  if (options.make) await explain(path, mkdir(path, { recursive: true }))
  return {
    path,
    read: (name) => explain(path, readOptional(join(path, name))),
    readLines: (name) => readLines(path, join(path, name)),
    write: (name, lines) => explain(path, writeWhole(join(path, name), lines)),
    async openAppend(name) {
      const handle = await explain(path, open(join(path, name), 'a'))
      return createLineAppender({
        appendFile: (text) => explain(path, handle.appendFile(text)),
        close: () => handle.close(),
      })
    },
    openScratch,
  }
}

/**
 * Opens a run directory in which none of `files` is left. The workspace of a job may hold what the change under test has
 * committed: a journal that lay there would be taken for measurements, and through a link a file of the runner's would be
 * read or overwritten.
 * @throws GateError when a link leads a path of the workspace out of it
 */
export async function openEmptyRunDirectory(request: {
  path: string
  workspace: string
  files: readonly string[]
}): Promise<RunDirectory> {
  const { path, workspace, files } = request
  await refuseLinkOut(path, workspace)
  const directory = await openRunDirectory(path)
  for (const name of files.flatMap((file) => [file, `${file}.part`])) {
    await explain(path, rm(join(path, name), { recursive: true, force: true }))
  }
  return directory
}

async function refuseLinkOut(path: string, workspace: string): Promise<void> {
  if (!isInside(workspace, path)) return
  const [real, realWorkspace] = await Promise.all([resolveExisting(path), resolveExisting(workspace)])
  if (isInside(realWorkspace, real)) return
  throw new GateError({
    code: 'run-directory',
    message: 'a link leads the run directory out of the workspace',
    where: { file: path },
    remedy: 'remove the link, or name the folder that it leads to',
  })
}

/** The real path of what there is of a path. */
async function resolveExisting(path: string): Promise<string> {
  return realpath(path).catch(() => (dirname(path) === path ? path : resolveExisting(dirname(path))))
}

async function readOptional(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}

// Split at line feeds alone: JSON leaves U+2028 as it is, which `node:readline` takes for a line end.
async function* readLines(path: string, file: string): AsyncGenerator<string> {
  const stream = createReadStream(file, 'utf8')
  const chunks = stream[Symbol.asyncIterator]()
  try {
    let rest = ''
    for (;;) {
      const chunk = await explain(path, readChunk(chunks))
      if (chunk === null) break
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
    if (rest !== '') yield rest
  } finally {
    stream.destroy()
  }
}

async function readChunk(chunks: AsyncIterator<unknown>): Promise<string | null> {
  try {
    const { done, value } = await chunks.next()
    return done === true ? null : String(value)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
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
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code
}
