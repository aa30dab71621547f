import { mkdtempSync, openSync, readSync, rmdirSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GateError } from '../errors.ts'
import type { Scratch } from '../ports.ts'
import { tightenHeap } from './heap.ts'
import { readErrorCode } from './read-bytes.ts'

/** Who keeps as much on disk, in bytes, is large: what is held in memory for it is better collected early. */
const largeBytes = 2 ** 23

/**
 * A file without a name: nobody else can open it, and it is gone with the process, however that ends. It is read and
 * written at once, as what is in it is asked for like memory.
 */
export function openScratch(folder: string = process.env.RUNNER_TEMP ?? tmpdir()): Scratch {
  const descriptor = attempt(folder, () => {
    const own = mkdtempSync(join(folder, 'checkpoint-gate-'))
    const file = join(own, 'scratch')
    const opened = openSync(file, 'wx+', 0o600)
    unlinkSync(file)
    rmdirSync(own)
    return opened
  })
  let end = 0
  return {
    append(bytes) {
      const position = end
      attempt(folder, () => {
        for (let written = 0; written < bytes.length; ) {
          written += writeSync(descriptor, bytes, written, bytes.length - written, position + written)
        }
      })
      if (end < largeBytes && end + bytes.length >= largeBytes) tightenHeap()
      end += bytes.length
      return position
    },
    read(position, length) {
      const bytes = Buffer.allocUnsafe(length)
      return attempt(folder, () => {
        for (let filled = 0; filled < length; ) {
          const count = readSync(descriptor, bytes, filled, length - filled, position + filled)
          if (count === 0) throw new Error('the scratch file ends early')
          filled += count
        }
        return bytes
      })
    },
  }
}

function attempt<Result>(folder: string, work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    throw new GateError({
      code: 'corpus',
      message: `turns and their results can't be kept in a temporary file (${readErrorCode(cause)})`,
      where: { file: folder },
      remedy: 'make room there, or name another folder for temporary files (TMPDIR)',
      cause,
    })
  }
}
