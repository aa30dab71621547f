import { Worker } from 'node:worker_threads'

/** Works out SHA-256 on a thread of its own. What is asked first is answered first, and bytes are copied at once. */
export interface HashThread {
  /** Adds bytes to those that `finish` gives the digest of. */
  update(bytes: Uint8Array): void
  /** The digest, in hex, of all bytes that were added since it was asked last. */
  finish(): Promise<string>
  /** The digests, 32 bytes each, of the lines that end in these bytes, which follow on those before. */
  digestLines(bytes: Uint8Array): Promise<Buffer>
  /** That of the last line, if it has no end. */
  endLines(): Promise<Buffer>
  /** The first 8 bytes of the digest of each text, with the prefix before it. `ends`: where in `texts` each text ends. */
  digestTexts(request: { prefix: string; texts: string; ends: Uint32Array }): Promise<Buffer>
  /** Waits while it has many copies: to be asked for after each piece of bytes. */
  ready(): Promise<void>
  /** How many questions are not answered yet. */
  waiting(): number
  /** Ends it at once. What is not answered yet never will be. */
  close(): Promise<void>
}

/** Copies of bytes that are under way at most, about. */
const mostCopies = 6
/** Bytes of memory for a copy: what is read at a time. */
const smallestCopy = 2 ** 20

/** Whoever starts the thread closes it, after errors too. It keeps no process that has nothing else to do from ending. */
export function startHashThread(): HashThread {
  const { ask, waiting, close } = startThread(new Worker(source, { eval: true }))
  /** Used again and again: fresh memory costs as much as to copy into it. */
  const free: Uint8Array<SharedArrayBuffer>[] = []
  const take = (length: number): Uint8Array<SharedArrayBuffer> => {
    const found = free.pop()
    if (found !== undefined && found.length >= length) return found
    return new Uint8Array(new SharedArrayBuffer(Math.max(smallestCopy, length)))
  }
  const sent: Promise<Buffer>[] = []
  const send = (kind: 'update' | 'digestLines', bytes: Uint8Array): Promise<Buffer> => {
    const copy = take(bytes.length)
    copy.set(bytes)
    const answer = ask(kind, { bytes: copy, length: bytes.length })
    const give = () => free.push(copy)
    answer.then(give, give)
    sent.push(answer)
    return answer
  }
  return {
    update: (bytes) => send('update', bytes),
    finish: async () => (await ask('finish')).toString('hex'),
    digestLines: (bytes) => send('digestLines', bytes),
    endLines: () => ask('endLines'),
    digestTexts: (texts) => ask('digestTexts', texts),
    async ready() {
      while (sent.length > mostCopies) await sent.shift()
    },
    waiting,
    close,
  }
}

function startThread(worker: Worker) {
  const questions: { resolve: (digests: Buffer) => void; reject: (cause: unknown) => void }[] = []
  let failure: unknown = null
  worker.unref()
  worker.on('message', ({ buffer, byteOffset, length }: Uint8Array<ArrayBuffer>) => {
    questions.shift()?.resolve(Buffer.from(buffer, byteOffset, length))
    if (questions.length === 0) worker.unref()
  })
  worker.on('error', (cause) => {
    failure = cause
    for (const { reject } of questions.splice(0)) reject(cause)
  })
  return {
    ask(
      kind: Exclude<keyof HashThread, 'ready' | 'waiting' | 'close'>,
      request: object = {},
    ): Promise<Buffer> {
      const answer = new Promise<Buffer>((resolve, reject) => {
        if (failure !== null) {
          reject(failure)
          return
        }
        if (questions.length === 0) worker.ref()
        questions.push({ resolve, reject })
        worker.postMessage({ kind, ...request })
      })
      // Who gives up after another error does not look at it.
      answer.catch(() => undefined)
      return answer
    },
    waiting: () => questions.length,
    async close() {
      worker.unref()
      await worker.terminate()
    },
  }
}

/** What runs on the thread. As a text it needs no file of its own, which a bundle would have to bring along. */
const source = `
const { createHash, hash } = require('node:crypto')
const { parentPort } = require('node:worker_threads')
let whole = createHash('sha256')
let line = null
const answers = {
  update({ bytes, length }) {
    whole.update(bytes.subarray(0, length))
    return Buffer.alloc(0)
  },
  finish() {
    const digest = whole.digest()
    whole = createHash('sha256')
    return digest
  },
  digestLines({ bytes, length }) {
    const text = Buffer.from(bytes.buffer, 0, length)
    let digests = ''
    let start = 0
    for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10, start)) {
      const piece = text.subarray(start, end)
      // A text of one letter a byte is had in half the time of a buffer.
      digests += line === null ? hash('sha256', piece, 'binary') : line.update(piece).digest('binary')
      line = null
      start = end + 1
    }
    if (start < length) line = (line ?? createHash('sha256')).update(text.subarray(start))
    return Buffer.from(digests, 'binary')
  },
  endLines() {
    const digest = line === null ? Buffer.alloc(0) : line.digest()
    line = null
    return digest
  },
  digestTexts({ prefix, texts, ends }) {
    const digests = Buffer.alloc(ends.length * 8)
    let start = 0
    for (const [index, end] of ends.entries()) {
      digests.write(hash('sha256', prefix + texts.slice(start, end), 'binary'), index * 8, 8, 'binary')
      start = end
    }
    return digests
  },
}
parentPort.on('message', ({ kind, ...request }) => parentPort.postMessage(answers[kind](request)))
`
