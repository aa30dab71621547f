import type { LineAppender } from '../ports.ts'

/** What lines are appended to: writes a text as a whole, or rejects. */
export interface AppendedFile {
  appendFile(text: string): Promise<unknown>
  close(): Promise<void>
}

/**
 * Appends lines one after the other, so that two never mix, and none after one that failed: what is torn has to be the
 * last line. Those that come while others are written go together in the next write; each is on disk when its promise
 * resolves.
 */
export function createLineAppender(file: AppendedFile): LineAppender {
  let queued: string[] = []
  let queuedAreWritten: Promise<void> | null = null
  let last: Promise<void> = Promise.resolve()
  const writeQueued = async () => {
    // After a write that failed there is no next one.
    await last
    const text = `${queued.join('\n')}\n`
    queued = []
    queuedAreWritten = null
    await file.appendFile(text)
  }
  return {
    append(line) {
      queued.push(line)
      queuedAreWritten ??= writeQueued()
      last = queuedAreWritten
      return queuedAreWritten
    },
    async close() {
      await last.catch(() => undefined)
      await file.close()
    },
  }
}
