import { createHash, randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import {
  readBody,
  type ScriptedResponse,
  sendScripted,
  startLoopbackServer,
} from '../../fakes/loopback-server.ts'

export type BlobRequest = { method: string; path: string; operation: string | null; bytes: number }

/** A block-blob store. `signedUrl` gives the address, with a signature, under which a blob is written and read. */
export type BlobStore = {
  signedUrl: (blob: string) => string
  /** The committed content; `undefined` before a block list, or the whole blob, has been put. */
  read: (blob: string) => Buffer | undefined
  log: BlobRequest[]
  close: () => Promise<void>
}

type Stored = { blocks: Map<string, Buffer>; content?: Buffer; contentType: string }

/**
 * The part of Azure's Blob REST API that `@actions/artifact` uses: Put Block, Put Block List, Put Blob and Get
 * Blob. `down` answers everything with 503.
 */
export async function startBlobStore({ down = false }: { down?: boolean } = {}): Promise<BlobStore> {
  const blobs = new Map<string, Stored>()
  const log: BlobRequest[] = []
  const signature = randomUUID()
  const server = await startLoopbackServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const { method = '', headers } = request
    const body = await readBody(request)
    log.push({ method, path: pathname, operation: searchParams.get('comp'), bytes: body.length })
    const answer = () => {
      if (down) return refuse(503, 'ServerBusy')
      if (searchParams.get('sig') !== signature) return refuse(403, 'AuthenticationFailed')
      if (method === 'GET') return get(blobs.get(pathname))
      if (method !== 'PUT') return refuse(405, 'UnsupportedHttpVerb')
      const stored = blobs.get(pathname) ?? { blocks: new Map(), contentType: 'application/octet-stream' }
      blobs.set(pathname, stored)
      return put({ stored, body, headers, query: searchParams })
    }
    const scripted = answer()
    sendScripted(response, { ...scripted, headers: { ...commonHeaders(headers), ...scripted.headers } })
  })
  const path = (blob: string) => `/account/artifacts/${blob}`
  return {
    signedUrl: (blob) => `${server.url}${path(blob)}?sig=${signature}`,
    read: (blob) => blobs.get(path(blob))?.content,
    log,
    close: server.close,
  }
}

type Putting = { stored: Stored; body: Buffer; headers: IncomingHttpHeaders; query: URLSearchParams }

function put({ stored, body, headers, query }: Putting): ScriptedResponse {
  const operation = query.get('comp')
  const created = {
    status: 201,
    headers: { 'content-md5': createHash('md5').update(body).digest('base64') },
  }
  if (operation === 'block') {
    stored.blocks.set(query.get('blockid') ?? '', body)
    return created
  }
  const type = headers['x-ms-blob-content-type']
  if (typeof type === 'string') stored.contentType = type
  if (operation === 'blocklist') {
    const ids = [...body.toString().matchAll(/<(?:Latest|Committed|Uncommitted)>([^<]+)</g)]
    const blocks = ids.map(([, id = '']) => stored.blocks.get(id))
    const known = blocks.filter((block) => block !== undefined)
    if (known.length < blocks.length) return refuse(400, 'InvalidBlockList')
    stored.content = Buffer.concat(known)
    return created
  }
  if (headers['x-ms-blob-type'] !== 'BlockBlob') return refuse(400, 'InvalidHeaderValue')
  stored.content = body
  return created
}

function get(stored: Stored | undefined): ScriptedResponse {
  if (stored?.content === undefined) return refuse(404, 'BlobNotFound')
  return { status: 200, headers: { 'content-type': stored.contentType }, body: stored.content }
}

function refuse(status: number, code: string): ScriptedResponse {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`
  return { status, headers: { 'x-ms-error-code': code, 'content-type': 'application/xml' }, body }
}

function commonHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return {
    'x-ms-request-id': randomUUID(),
    'x-ms-version': String(headers['x-ms-version'] ?? ''),
    'x-ms-request-server-encrypted': 'true',
    'last-modified': 'Mon, 02 Nov 2026 08:00:00 GMT',
    etag: '"0x1"',
  }
}
