import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, describe, expect, it } from '@jest/globals'
import type { Manifest } from '../../src/corpus/manifest.ts'
import { writeIndexed } from '../corpus/indexed.ts'
import { expectNoVerdict } from './hostile/no-verdict.ts'
import { readConversations } from './hostile/small-corpus.ts'
import { useWorlds } from './use-worlds.ts'
import { nameRunArtifact, writePolicy } from './world.ts'

const { open } = useWorlds({ policy: writePolicy({ turns: 20, limit: '50%' }) })

const signature = 'X-Signature=0123456789abcdef0123456789abcdef'
const closers: (() => void)[] = []
afterAll(() => {
  for (const close of closers) close()
})

/** An object store that gives parts of objects, and refuses who has no signature. */
async function startStore(objects: Record<string, Uint8Array | string>) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://store')
    const object = Buffer.from(objects[url.pathname.slice(1)] ?? '')
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    asked.push(`${url.pathname.slice(1)} ${request.headers.range ?? 'whole'}`)
    if (url.search !== `?${signature}`) response.writeHead(403).end()
    else if (from === undefined) response.writeHead(200, { etag: '"1"' }).end(object)
    else {
      const part = object.subarray(Number(from), Number(to) + 1)
      const range = `bytes ${from}-${Number(from) + part.length - 1}/${object.length}`
      response.writeHead(206, { etag: '"1"', 'content-range': range }).end(part)
    }
  })
  await new Promise<void>((go) => server.listen(0, '127.0.0.1', go))
  closers.push(() => server.close())
  const { port } = server.address() as AddressInfo
  const address = (path: string, query = signature) => `${path}=http://127.0.0.1:${port}/${path}?${query}`
  return { asked, address }
}

async function storeCorpus(more: Pick<Manifest, 'tombstones'> = {}) {
  const lines = await readConversations(60)
  return writeIndexed({ 'conversations.jsonl': lines.map((line) => `${line}\n`).join('') }, more)
}

describe('a corpus in an object store', () => {
  it('is drawn from by its index, and its addresses are printed nowhere', async () => {
    const stored = await storeCorpus({ tombstones: 'corpus/gone.txt' })
    const { asked, address } = await startStore(stored.files)
    const judge = async (gone: string) => {
      const files = { 'corpus/manifest.json': JSON.stringify(stored.manifest), 'corpus/gone.txt': gone }
      const world = await open({ files })
      const urls = Object.keys(stored.files).map((path) => address(path))
      const run = await world.run({ inputs: { 'corpus-dir': 'nowhere', 'corpus-urls': urls.join('\n') } })
      expect(run.outputs.verdict).toBe('pass')
      for (const url of urls) expect(run.masks).toContain(url.slice(url.indexOf('=') + 1))
      expect(run.rawLog).not.toContain('0123456789abcdef')
      const artifact = world.results.readArtifact(nameRunArtifact('demo-good'))
      expect(JSON.stringify(Object.values(artifact ?? {}).map(String))).not.toContain('0123456789abcdef')
      const record = JSON.parse(String(artifact?.['record.json']))
      const lines = String(artifact?.['turns.jsonl']).trim().split('\n')
      return { sample: record.sample, ids: lines.map((line) => JSON.parse(line).conversation as string) }
    }
    const before = await judge('# nobody yet')
    expect(before.ids).toHaveLength(20)
    expect(asked).toContain('support.index.jsonl whole')
    expect(asked.filter((line) => line.startsWith('conversations.jsonl bytes='))).not.toEqual([])
    expect(asked).not.toContain('conversations.jsonl whole')
    const after = await judge(`${before.ids[4]}\n`)
    expect(after.sample).toMatchObject({ conversationsErased: 1, turnsDrawn: 20 })
    expect(before.ids.filter((id) => !after.ids.includes(id))).toEqual([before.ids[4]])
  })

  it('gives no verdict where a signature has expired or a list of tombstones is not there', async () => {
    const stored = await storeCorpus({ tombstones: 'corpus/gone.txt' })
    const { address } = await startStore(stored.files)
    const judge = async (query: string, gone: Record<string, string>) => {
      const world = await open({
        files: { 'corpus/manifest.json': JSON.stringify(stored.manifest), ...gone },
      })
      const urls = Object.keys(stored.files).map((path) => address(path, query))
      return world.run({ inputs: { 'corpus-dir': 'nowhere', 'corpus-urls': urls.join('\n') } })
    }
    expectNoVerdict(await judge('X-Signature=expired', { 'corpus/gone.txt': '' }), /refuses the file \(403\)/)
    expectNoVerdict(
      await judge(signature, {}),
      /the list of tombstones "corpus\/gone.txt" is not in the repository/,
    )
  })
})
