import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { createFiles } from '../../src/adapters/files.ts'
import { createRemoteCorpus, type RemoteCorpus } from '../../src/adapters/remote-corpus.ts'
import { describeCorpus } from '../../src/corpus/describe.ts'
import { noTombstones } from '../../src/corpus/tombstones.ts'
import { drawCorpus } from '../../src/sample/draw-corpus.ts'
import { createMemoryFiles } from '../corpus/corpora.ts'
import { writeIndexed } from '../corpus/indexed.ts'
import { makeConversations, toLines, writers } from '../corpus/stored-rows.ts'
import { takeRefusal } from '../support/refusal.ts'
import { root } from '../support/shared.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

type Answer = (request: IncomingMessage, response: ServerResponse, number: number) => void

/** An object store on loopback, and what it was asked. */
async function serve(answer: Answer, idleMs = 5000) {
  const asked: { range: string | undefined; match: string | undefined; url: string | undefined }[] = []
  const server = createServer((request, response) => {
    const { range, 'if-match': match } = request.headers
    asked.push({ range, match, url: request.url })
    answer(request, response, asked.length)
  })
  await new Promise<void>((go) => server.listen(0, '127.0.0.1', go))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const pauses: number[] = []
  const settings = { idleMs, sleep: async (ms: number) => void pauses.push(ms) }
  const url = (path: string) =>
    new URL(`http://127.0.0.1:${port}/bucket/${path}?X-Signature=very-secret-signature`)
  const open = (...paths: string[]): RemoteCorpus =>
    createRemoteCorpus(new Map(paths.map((path) => [path, url(path)])), settings)
  return { asked, pauses, remote: open('a.jsonl'), open }
}

/** What an object store does with a request for an object. */
function give(
  request: IncomingMessage,
  response: ServerResponse,
  object: { bytes: Buffer; etag?: string; breakAfter?: number },
): void {
  const { bytes, etag = '"v1"', breakAfter } = object
  const match = request.headers['if-match']
  if (match !== undefined && match !== etag) {
    response.writeHead(412).end()
    return
  }
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '') ?? []
  const last = from === '' ? Number(to) : null
  const start = last === null ? Number(from ?? 0) : Math.max(0, bytes.length - last)
  const end =
    last === null && to !== undefined && to !== '' ? Math.min(bytes.length, Number(to) + 1) : bytes.length
  if (from !== undefined && start >= bytes.length) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
    return
  }
  const body = bytes.subarray(start, end)
  const range = from === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` }
  response.writeHead(from === undefined ? 200 : 206, { etag, 'content-length': body.length, ...range })
  if (breakAfter === undefined) response.end(body)
  else response.write(body.subarray(0, breakAfter), () => response.destroy())
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all).toString('latin1')
}

const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => 32 + ((index * 7919) % 90)))
const text = bytes.toString('latin1')

describe('a corpus file at an address', () => {
  it('is read as a whole, at its end, and in stretches', async () => {
    const { remote, asked } = await serve((request, response) => give(request, response, { bytes }))
    expect(remote.has('a.jsonl')).toBe(true)
    expect(remote.has('b.jsonl')).toBe(false)
    expect(await readAll(remote.open('a.jsonl'))).toBe(text)
    expect(await readAll(remote.open('a.jsonl', { last: 10 }))).toBe(text.slice(-10))
    const stretches = [
      { start: 0, end: 5 },
      { start: 9, end: 9 },
      { start: 10, end: 20 },
      { start: 299_990, end: 300_000 },
    ]
    expect(await readAll(remote.openStretches('a.jsonl', stretches))).toBe(
      text.slice(0, 5) + text.slice(10, 20) + text.slice(-10),
    )
    expect(asked.map(({ range, match }) => [range, match])).toEqual([
      [undefined, undefined],
      ['bytes=-10', '"v1"'],
      ['bytes=0-19', '"v1"'],
      ['bytes=299990-299999', '"v1"'],
    ])
  })

  it('is read from a store that knows no ranges', async () => {
    const { remote } = await serve((_, response) => response.end(bytes))
    const chunked = await serve((_, response) => {
      response.write(bytes.subarray(0, 1000))
      response.end(bytes.subarray(1000))
    })
    expect(await readAll(remote.open('a.jsonl', { last: 7 }))).toBe(text.slice(-7))
    expect(await readAll(remote.openStretches('a.jsonl', [{ start: 5, end: 9 }]))).toBe(text.slice(5, 9))
    expect(await readAll(chunked.remote.open('a.jsonl'))).toBe(text)
    const error = await takeRefusal(() => readAll(chunked.remote.open('a.jsonl', { last: 7 })))
    expect(error.message).toContain('does not tell how large the file is')
  })

  it('is read as it is stored, packed or not', async () => {
    const { remote } = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': bytes.length }).end(bytes)
    })
    expect(await readAll(remote.open('a.jsonl'))).toBe(text)
  })

  it('goes on where a transfer broke off, by the rest of the same file', async () => {
    const { remote, asked, pauses } = await serve((request, response, number) =>
      give(request, response, { bytes, ...(number <= 2 ? { breakAfter: 100_000 } : {}) }),
    )
    expect(await readAll(remote.open('a.jsonl'))).toBe(text)
    expect(asked).toHaveLength(3)
    expect(asked[1]?.range).toMatch(/^bytes=[1-9]\d*-299999$/)
    expect(asked.map(({ match }) => match)).toEqual([undefined, '"v1"', '"v1"'])
    expect(pauses).toHaveLength(2)
  })

  it('is asked for again where the store is overloaded', async () => {
    const { remote, pauses } = await serve((request, response, number) => {
      if (number < 4) response.writeHead(number === 1 ? 429 : 503).end()
      else give(request, response, { bytes })
    })
    expect(await readAll(remote.open('a.jsonl'))).toBe(text)
    expect(pauses).toEqual([500, 1000, 2000])
  })

  it.each<[string, Answer, string]>([
    [
      'breaks off again and again',
      (request, response) => give(request, response, { bytes, breakAfter: 0 }),
      'the transfer broke off',
    ],
    ['is always overloaded', (_, response) => void response.writeHead(503).end(), 'it answers 503'],
    [
      'stalls',
      (_, response) => void response.writeHead(200, { 'content-length': 10 }).write('abc'),
      'the transfer stalled',
    ],
    ['never answers', () => undefined, 'the transfer stalled'],
  ])('is given up where the store %s', async (_, answer, problem) => {
    const { remote, pauses } = await serve(answer, 300)
    const error = await takeRefusal(() => readAll(remote.open('a.jsonl')))
    expect(error).toMatchObject({ code: 'corpus', where: { file: 'a.jsonl' } })
    expect(error.message).toContain(problem)
    expect(JSON.stringify(error) + error.message + error.stack).not.toContain('secret')
    expect(pauses.length).toBeGreaterThanOrEqual(4)
  })

  it.each<[string, number, string, string]>([
    [
      'an expired signature',
      403,
      'refuses the file (403): the signature of its address has expired',
      'sign the address anew',
    ],
    ['no access', 401, 'refuses the file (401)', 'sign the address anew'],
    ['no such file', 404, 'does not have the file (404)', 'upload the file'],
    [
      'another place',
      302,
      'redirects elsewhere, which is not followed',
      'give the address that the file is at',
    ],
    ['a bad request', 400, 'answers 400', 'correct the address'],
  ])('is refused at once for %s', async (_, status, message, remedy) => {
    const { remote, asked } = await serve((__, response) =>
      response.writeHead(status, { location: 'http://127.0.0.1/elsewhere' }).end('<Error>secret</Error>'),
    )
    const error = await takeRefusal(() => readAll(remote.open('a.jsonl')))
    expect(error.message).toContain(message)
    expect(error.remedy).toContain(remedy)
    expect(error.message).not.toContain('secret')
    expect(asked).toHaveLength(1)
  })

  it.each<[string, (number: number) => { bytes: Buffer; etag?: string }]>([
    ['gets another ETag', (number) => ({ bytes, etag: number === 1 ? '"v1"' : '"v2"' })],
    ['gets longer', (number) => ({ bytes: number === 1 ? bytes : Buffer.concat([bytes, bytes]) })],
    ['gets shorter', (number) => ({ bytes: number === 1 ? bytes : bytes.subarray(0, 50_000) })],
  ])('is refused when it %s while it is read', async (_, object) => {
    const { remote } = await serve((request, response, number) =>
      give(request, response, { ...object(number), ...(number === 1 ? { breakAfter: 100_000 } : {}) }),
    )
    const error = await takeRefusal(() => readAll(remote.open('a.jsonl')))
    expect(error.message).toBe('the corpus changed while it was read: its file is another one than before')
  })

  it('is refused when it is shorter than its rows are', async () => {
    const { remote } = await serve((request, response) => give(request, response, { bytes }))
    const read = (start: number) => readAll(remote.openStretches('a.jsonl', [{ start, end: 300_001 }]))
    expect((await takeRefusal(() => read(299_990))).message).toBe('the file ends before its rows do')
    expect((await takeRefusal(() => read(299_990))).message).toContain('the corpus changed while it was read')
  })
})

describe('a draw from a corpus at addresses', () => {
  const conversations = makeConversations(60)
  const settings = {
    seed: 'seed',
    turns: 9,
    slices: [],
    now: new Date('2026-11-02'),
    tombstones: noTombstones,
  }

  it.each(['a.jsonl', 'a.jsonl.gz', 'a.parquet'])('is that from files beside it: %s', async (path) => {
    const stored = await writeIndexed({ [path]: writers[path]?.(conversations) ?? '' })
    const { open, asked } = await serve((request, response) => {
      const name = /bucket\/([^?]+)/.exec(request.url ?? '')?.[1] ?? ''
      give(request, response, { bytes: Buffer.from(stored.files[name] ?? ''), etag: `"${name}"` })
    })
    const remote = open(...Object.keys(stored.files))
    const ids = async (
      manifest: typeof stored.manifest,
      files = createFiles({ corpus: '/nowhere', rubrics: root, remote }),
    ) => (await drawCorpus({ ...settings, manifest, files })).turns.map(({ id, prefix }) => [id, prefix])
    const expected = await ids(stored.manifest, createMemoryFiles(stored.files))
    expect(await ids(stored.manifest)).toEqual(expected)
    const { index: _, ...plain } = stored.manifest
    expect(await ids(plain)).toEqual(expected)
    if (path !== 'a.jsonl.gz')
      expect(asked.some(({ range }) => /^bytes=\d+-\d+$/.test(range ?? ''))).toBe(true)
  })

  it('is refused where an address gives another file', async () => {
    const files = { 'a.jsonl': toLines(conversations) }
    const manifest = await describeCorpus({ name: 's', paths: ['a.jsonl'], files: createMemoryFiles(files) })
    const { remote } = await serve((request, response) =>
      give(request, response, { bytes: Buffer.from(toLines(conversations.slice(1))) }),
    )
    const ports = createFiles({ corpus: '/nowhere', rubrics: root, remote })
    const error = await takeRefusal(() => drawCorpus({ ...settings, manifest, files: ports }))
    expect(error.message).toMatch(/^its SHA-256 is /)
  })
})
