import { describe, expect, it } from '@jest/globals'
import { createLineAppender } from '../../src/adapters/line-appender.ts'

/** A file whose writes end when they are told to. */
function openSlowFile() {
  const writes: { text: string; end: (error?: Error) => void }[] = []
  return {
    writes,
    closed: false,
    appendFile(text: string): Promise<void> {
      return new Promise((resolve, reject) => {
        writes.push({ text, end: (error) => (error === undefined ? resolve() : reject(error)) })
      })
    },
    async close() {
      this.closed = true
    },
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

async function isDone(work: Promise<unknown>): Promise<boolean> {
  let done = false
  work.then(
    () => (done = true),
    () => (done = true),
  )
  await settle()
  return done
}

describe('an appender of lines', () => {
  it('writes what came while it wrote together, in the order of the calls', async () => {
    const file = openSlowFile()
    const appender = createLineAppender(file)
    const first = appender.append('a')
    await settle()
    const later = ['b', 'c', 'd'].map((line) => appender.append(line))
    await settle()
    expect(file.writes.map(({ text }) => text)).toEqual(['a\n'])
    file.writes[0]?.end()
    await first
    await settle()
    expect(file.writes.map(({ text }) => text)).toEqual(['a\n', 'b\nc\nd\n'])
    expect(await isDone(later[0] as Promise<void>)).toBe(false)
    file.writes[1]?.end()
    await Promise.all(later)
  })

  it('says that a line is written only when it is', async () => {
    const file = openSlowFile()
    const appender = createLineAppender(file)
    const work = appender.append('a')
    expect(await isDone(work)).toBe(false)
    file.writes[0]?.end()
    await work
  })

  it('writes nothing after a write that failed, whatever comes later', async () => {
    const file = openSlowFile()
    const appender = createLineAppender(file)
    const works = [appender.append('a')]
    await settle()
    works.push(appender.append('b'))
    for (const work of works) work.catch(() => undefined)
    file.writes[0]?.end(new Error('full'))
    await settle()
    works.push(appender.append('c'))
    const outcomes = await Promise.allSettled(works)
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(file.writes.map(({ text }) => text)).toEqual(['a\n'])
  })

  it('closes the file when all is written', async () => {
    const file = openSlowFile()
    const appender = createLineAppender(file)
    const work = appender.append('a')
    const closing = appender.close()
    await settle()
    expect(file.closed).toBe(false)
    file.writes[0]?.end()
    await Promise.all([work, closing])
    expect(file.closed).toBe(true)
  })
})
