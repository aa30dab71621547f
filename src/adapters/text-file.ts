import { basename, dirname } from 'node:path'
import { GateError } from '../errors.ts'
import { readTextFile } from './files.ts'
import { openRunDirectory } from './run-directory.ts'

/** Reads a file that was named on the command line and need not be there: `null` where it is not. */
export async function readOptionalFile(file: string): Promise<string | null> {
  const directory = await openRunDirectory(dirname(file), { make: false })
  const text = await explain('read', file, directory.read(basename(file)))
  // Read once more as strictly as every file that a user names.
  return text === null ? null : readTextFile(file)
}

/** Writes a file that was named on the command line, with its folder: a reader sees the old text, or the new one. */
export async function writeWholeFile(file: string, lines: readonly string[]): Promise<void> {
  const write = async () => {
    const directory = await openRunDirectory(dirname(file))
    await directory.write(basename(file), lines)
  }
  await explain('written', file, write())
}

async function explain<T>(what: 'read' | 'written', file: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const cause = error instanceof GateError ? error.cause : error
    throw new GateError({
      code: 'usage',
      message: `the file can't be ${what}: ${cause instanceof Error ? cause.message : String(cause)}`,
      where: { file },
      remedy: 'check that its folder is there and that this user may use it, or name another file',
      cause,
    })
  }
}
