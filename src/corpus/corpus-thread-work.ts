// What a corpus thread does. In a bundle it lies in a file of its own, with what it needs, as it is only imported when it is needed.
import { createHash, hash } from 'node:crypto'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { createSkim } from './readers/skim.ts'
import { packSkimmed, skimLines } from './readers/skim-lines.ts'

/** The file that a thread is to run. */
export const workFile = import.meta.url
/** What a thread that is to do this work is given. */
export const workMark = 'checkpoint-gate corpus thread'

/** Bytes in memory that both threads see. */
export interface SharedBytes {
  bytes: Uint8Array<SharedArrayBuffer>
}

/** What can be asked: `CorpusThread` says what each gives. */
export type Work = ReturnType<typeof createWork>

function createWork() {
  let whole = createHash('sha256')
  const skim = createSkim()
  return {
    update({ bytes }: SharedBytes): null {
      whole.update(bytes)
      return null
    },
    finish(): string {
      const digest = whole.digest('hex')
      whole = createHash('sha256')
      return digest
    },
    digestTexts({ prefix, texts, ends }: { prefix: string; texts: string; ends: Uint32Array }): Uint8Array {
      const digests = Buffer.alloc(ends.length * 8)
      let start = 0
      for (const [index, end] of ends.entries()) {
        // A text of one letter a byte is had in half the time of a buffer.
        digests.write(hash('sha256', prefix + texts.slice(start, end), 'binary'), index * 8, 8, 'binary')
        start = end
      }
      return digests
    },
    skimLines({ bytes, skims, updates }: SharedBytes & { skims: boolean; updates: boolean }): {
      digests: string
      packed: string
    } {
      if (updates) whole.update(bytes)
      const { digests, found } = skimLines(bytes, skims ? skim : undefined)
      return { digests, packed: packSkimmed(found) }
    },
  }
}

if (!isMainThread && workerData === workMark) {
  const work = createWork()
  parentPort?.on('message', ({ kind, request }: { kind: keyof Work; request: never }) => {
    parentPort?.postMessage(work[kind](request))
  })
}
