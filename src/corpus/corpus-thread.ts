import { Worker } from 'node:worker_threads'
import type { SharedBytes, Work } from './corpus-thread-work.ts'
import { createSharedBuffers } from './shared-buffers.ts'

/** Digests and skims beside this thread. What is asked first is answered first. */
export interface CorpusThread {
  /** Adds bytes, which are copied at once, to those that `finish` gives the digest of. */
  update(bytes: Uint8Array): void
  /** The same without copying them: they must stay what they are until it is answered. */
  updateShared(bytes: SharedBytes): Promise<null>
  /** The SHA-256, in hex, of all bytes that were added since it was asked last. */
  finish(): Promise<string>
  /** The first 8 bytes of the SHA-256 of each text, with the prefix before it. `ends`: where in `texts` each text ends. */
  digestTexts(request: { prefix: string; texts: string; ends: Uint32Array }): Promise<Buffer>
  /**
   * `skimLines`, without skimming where that is not wanted, and what it found as `packSkimmed` writes it. The bytes must stay what
   * they are until it is answered. `updates`: they are also added to those that `finish` gives the digest of.
   */
  skimLines(
    request: SharedBytes & { skims: boolean; updates: boolean },
  ): Promise<{ digests: string; packed: string }>
  /** Waits while it has many copies: to be asked for after each piece of bytes. */
  ready(): Promise<void>
  /** How many questions are not answered yet. */
  waiting(): number
  /** Ends it at once. What is not answered yet never will be. */
  close(): Promise<void>
}

/** Questions that the thread has before it, so that it always has one. Who finds as many does the work itself. */
export const mostWaiting = 8
/** Copies of bytes that are under way at most, about. */
const mostCopies = 24

/** Whoever starts the thread closes it, after errors too. It keeps no process that has nothing else to do from ending. */
export async function startCorpusThread(): Promise<CorpusThread> {
  const { workFile, workMark } = await import('./corpus-thread-work.ts')
  const { ask, waiting, close } = startThread(new Worker(new URL(workFile), { workerData: workMark }))
  const buffers = createSharedBuffers()
  const sent: Promise<null>[] = []
  return {
    update(bytes) {
      const buffer = buffers.take(bytes.length)
      buffer.set(bytes)
      const answer = ask('update', { bytes: buffer.subarray(0, bytes.length) })
      const give = () => buffers.give(buffer)
      answer.then(give, give)
      sent.push(answer)
    },
    updateShared: (bytes) => ask('update', bytes),
    finish: () => ask('finish'),
    async digestTexts(texts) {
      const { buffer, byteOffset, length } = await ask('digestTexts', texts)
      return Buffer.from(buffer, byteOffset, length)
    },
    skimLines: (lines) => ask('skimLines', lines),
    async ready() {
      while (sent.length > mostCopies) await sent.shift()
    },
    waiting,
    close,
  }
}

function startThread(worker: Worker) {
  const questions: { resolve: (answer: unknown) => void; reject: (cause: unknown) => void }[] = []
  let failure: unknown = null
  worker.unref()
  worker.on('message', (answer: unknown) => {
    questions.shift()?.resolve(answer)
    if (questions.length === 0) worker.unref()
  })
  worker.on('error', (cause) => {
    failure = cause
    for (const { reject } of questions.splice(0)) reject(cause)
  })
  return {
    ask<Kind extends keyof Work>(
      kind: Kind,
      ...[request]: Parameters<Work[Kind]>
    ): Promise<ReturnType<Work[Kind]>> {
      const answer = new Promise<ReturnType<Work[Kind]>>((resolve, reject) => {
        if (failure !== null) {
          reject(failure)
          return
        }
        if (questions.length === 0) worker.ref()
        questions.push({ resolve: resolve as (answer: unknown) => void, reject })
        worker.postMessage({ kind, request })
      })
      // Who gives up after another error does not look at it.
      answer.catch(() => undefined)
      return answer
    },
    waiting: () => questions.length,
    async close() {
      // An answer that still comes would let the process end before the thread has.
      worker.removeAllListeners('message')
      await worker.terminate()
    },
  }
}
