// As much of HTTP/1.1 as a stub needs, over plain sockets: it runs on the same processors as what is measured, and with
// `node:http` its share of them was a fifth of all. Requests come with a content-length, several on one connection.
import { createServer, type Server } from 'node:net'

/** A request, whole. */
export interface PlainRequest {
  method: string
  body: Buffer
}

const endOfHead = Buffer.from('\r\n\r\n')

/** A server that answers with what `answer` hands to `send`: a body from `writeAnswer`, at once or later. */
export function servePlain(answer: (request: PlainRequest, send: (answer: Buffer) => void) => void): Server {
  return createServer({ noDelay: true }, (socket) => {
    let held: Buffer = Buffer.alloc(0)
    socket.on('data', (part: Buffer) => {
      held = held.length === 0 ? part : Buffer.concat([held, part])
      for (let end = held.indexOf(endOfHead); end >= 0; end = held.indexOf(endOfHead)) {
        const head = held.toString('latin1', 0, end)
        const method = head.slice(0, head.indexOf(' '))
        const bodyAt = end + endOfHead.length
        const bodyEnd = bodyAt + readLength(head, method)
        if (held.length < bodyEnd) return
        const body = held.subarray(bodyAt, bodyEnd)
        held = held.subarray(bodyEnd)
        answer({ method, body }, (written) => socket.write(written))
      }
    })
    // Clients hang up as they like.
    socket.on('error', () => socket.destroy())
  })
}

function readLength(head: string, method: string): number {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length === undefined && method !== 'GET')
    throw new Error(`a request without a content-length:\n${head}`)
  return Number(length ?? 0)
}

/** An answer with its head, for a body of JSON. */
export function writeAnswer(body: string): Buffer {
  const head = [
    'HTTP/1.1 200 OK',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}
