import { afterEach, describe, expect, it } from '@jest/globals'
import { type BlobStore, startBlobStore } from './blob.ts'

let store: BlobStore | undefined

afterEach(() => store?.close())

async function open(options?: { down: boolean }): Promise<BlobStore> {
  store = await startBlobStore(options)
  return store
}

const put = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'PUT', body, headers })

const blockList = (...ids: string[]) =>
  `<?xml version="1.0"?><BlockList>${ids.map((id) => `<Latest>${id}</Latest>`).join('')}</BlockList>`

describe('startBlobStore', () => {
  it('puts blocks together in the order of the list', async () => {
    const store = await open()
    const url = store.signedUrl('one')
    await put(`${url}&comp=block&blockid=Mg%3D%3D`, 'second')
    await put(`${url}&comp=block&blockid=MQ%3D%3D`, 'first ')
    expect(store.read('one')).toBeUndefined()
    expect((await fetch(url)).status).toBe(404)
    const type = { 'x-ms-blob-content-type': 'application/zip' }
    expect((await put(`${url}&comp=blocklist`, blockList('MQ==', 'Mg=='), type)).status).toBe(201)
    const response = await fetch(url)
    expect(response.headers.get('content-type')).toBe('application/zip')
    expect(await response.text()).toBe('first second')
    expect(store.log.map(({ method, operation }) => `${method} ${operation}`)).toEqual([
      'PUT block',
      'PUT block',
      'GET null',
      'PUT blocklist',
      'GET null',
    ])
  })

  it('refuses unknown blocks, blobs that are no block blobs, other verbs and unsigned requests', async () => {
    const store = await open()
    const url = store.signedUrl('one')
    expect((await put(`${url}&comp=blocklist`, blockList('MQ=='))).status).toBe(400)
    expect((await put(url, 'x', { 'x-ms-blob-type': 'PageBlob' })).status).toBe(400)
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(405)
    const unsigned = await fetch(url.replace(/\?.*/, ''))
    expect(unsigned.status).toBe(403)
    expect(unsigned.headers.get('x-ms-error-code')).toBe('AuthenticationFailed')
  })

  it('can be down', async () => {
    const store = await open({ down: true })
    expect((await put(store.signedUrl('one'), 'x', { 'x-ms-blob-type': 'BlockBlob' })).status).toBe(503)
  })
})
