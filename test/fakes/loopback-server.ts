import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** A listening stand-in. `url` has no trailing slash; `close` also ends the connections that are still open. */
export type LoopbackServer = { url: string; close: () => Promise<void> }

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/**
 * Listens on a free port of 127.0.0.1. A handler that throws answers 599, a status no real service uses, so
 * that a bug in a stand-in can't be taken for a fault that a test injected.
 */
export async function startLoopbackServer(handle: Handler): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else sendJson(response, { status: 599, body: { message: `the stand-in failed: ${error}` } })
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${address.port}`, close }
}

/** The whole body of a request. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** An answer that a test scripts: a string or a buffer is sent as it is, anything else as JSON. */
export type ScriptedResponse = { status: number; headers?: Record<string, string>; body?: unknown }

/** Sends a scripted answer; an absent body is an empty one. */
export function sendScripted(response: ServerResponse, scripted: ScriptedResponse): void {
  const { status, headers = {}, body } = scripted
  if (typeof body !== 'string' && !Buffer.isBuffer(body) && body !== undefined) {
    sendJson(response, { status, headers, body })
    return
  }
  const content = body ?? ''
  response.writeHead(status, { 'content-length': Buffer.byteLength(content), ...headers })
  response.end(content)
}

/** Sends a body as JSON. */
export function sendJson(response: ServerResponse, { status, headers = {}, body }: ScriptedResponse): void {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...headers,
  })
  response.end(text)
}
