import { createServer, type Socket } from 'node:net'

/**
 * - `hang`: reads the request, never answers
 * - `half-open`: status line and headers, then nothing
 * - `drip`: a byte of body every `intervalMs`, without end
 * - `endless-headers`: a header line every `intervalMs`, without end
 * - `truncated`: promises more body than it sends, then closes
 * - `reset`: resets the connection
 * - `html`: a 200 page, as a captive portal or a proxy sends
 * - `not-json`: says JSON, sends something else
 * - `redirect`: 302 to `location`
 * - `huge`: a body without end, as fast as the client reads
 */
export type HostileMode =
  | 'hang'
  | 'half-open'
  | 'drip'
  | 'endless-headers'
  | 'truncated'
  | 'reset'
  | 'html'
  | 'not-json'
  | 'redirect'
  | 'huge'

export type HostileOptions = { intervalMs?: number; location?: string }

/**
 * `received` holds the text that each connection has sent so far, in order of arrival; one that has sent nothing is none: a
 * client opens the next in advance.
 */
export type HostileEndpoint = { url: string; received: string[]; close: () => Promise<void> }

/**
 * A misbehaving server on a raw socket of 127.0.0.1: an HTTP library would refuse to send half of this. It
 * acts once a request is complete; every connection serves one request.
 *
 * @throws Error when `redirect` is asked for without a `location`
 */
export async function startHostileEndpoint(
  mode: HostileMode,
  options: HostileOptions = {},
): Promise<HostileEndpoint> {
  if (mode === 'redirect' && options.location === undefined) throw new Error('redirect needs a location')
  const received: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    let connection: number | null = null
    let answered = false
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // Clients that give up reset the connection, which is what the modes are there to provoke.
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      connection ??= received.push('') - 1
      received[connection] += chunk.toString('latin1')
      if (answered || !isComplete(received[connection] ?? '')) return
      answered = true
      misbehave({ mode, socket, options })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  return { url: `http://127.0.0.1:${address.port}`, received, close }
}

function isComplete(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return false
  const head = text.slice(0, headEnd)
  if (/^transfer-encoding: *chunked/im.test(head)) return text.endsWith('0\r\n\r\n')
  const length = /^content-length: *(\d+)/im.exec(head)?.[1] ?? '0'
  return text.length - headEnd - 4 >= Number(length)
}

type Misbehaving = { mode: HostileMode; socket: Socket; options: HostileOptions }

function misbehave({ mode, socket, options }: Misbehaving): void {
  const { intervalMs = 200, location = '' } = options
  switch (mode) {
    case 'hang':
      return
    case 'half-open':
      socket.write(head(['content-type: application/json', 'content-length: 1000']))
      return
    case 'drip':
      socket.write(head(['content-type: application/json']))
      every(socket, intervalMs, () => socket.write(' '))
      return
    case 'endless-headers':
      socket.write('HTTP/1.1 200 OK\r\n')
      every(socket, intervalMs, (count) => socket.write(`x-filler-${count}: ${filler}\r\n`))
      return
    case 'truncated':
      socket.end(`${head(['content-type: application/json', 'content-length: 1000'])}{"id": "chatcmpl-1", `)
      return
    case 'reset':
      socket.resetAndDestroy()
      return
    case 'html':
      socket.end(`${head(['content-type: text/html'])}<!doctype html><title>Sign in</title><h1>Sign in</h1>`)
      return
    case 'not-json':
      socket.end(`${head(['content-type: application/json'])}upstream connect error or disconnect`)
      return
    case 'redirect':
      socket.end(head([`location: ${location}`, 'content-length: 0'], '302 Found'))
      return
    case 'huge':
      socket.write(`${head(['content-type: application/json'])}{"id": "`)
      pour(socket)
  }
}

// So short that at the default interval Node's 16 KiB limit on headers comes only after a minute.
const filler = 'y'.repeat(40)

function head(headers: string[], status = '200 OK'): string {
  return `HTTP/1.1 ${status}\r\nconnection: close\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`
}

function every(socket: Socket, intervalMs: number, write: (count: number) => void): void {
  let count = 0
  const timer = setInterval(() => write(count++), intervalMs)
  socket.on('close', () => clearInterval(timer))
}

function pour(socket: Socket): void {
  const block = 'x'.repeat(64 * 1024)
  const fill = () => {
    while (!socket.destroyed && socket.write(block));
  }
  socket.on('drain', fill)
  fill()
}
