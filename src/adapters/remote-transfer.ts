import { GateError } from '../errors.ts'

/** A file at an address. */
export interface RemoteFile {
  path: string
  url: URL
  /** What its first answer said; `null` before that. */
  known: { etag: string | null; size: number | null } | null
}

/** How a transfer is kept up. */
export interface RemoteSettings {
  /** Without a byte for so long, a transfer is taken for dropped. */
  idleMs: number
  sleep: (ms: number) => Promise<void>
}

/** The bytes from one to before another, `null` being the end; or so many of the last. */
type Wanted = { start: number; end: number | null } | { last: number }

/** Attempts in a row that bring nothing before a transfer is given up. */
const mostAttempts = 5
const firstPauseMs = 500

/**
 * Reads a file, or a part of it. A transfer that drops goes on where it was, by a request for the rest of the very same
 * file.
 * @throws GateError for an address that gives no file, for a file that changes, and for transfers that drop again and again
 */
export async function* openTransfer(
  file: RemoteFile,
  wanted: Wanted,
  settings: RemoteSettings,
): AsyncGenerator<Uint8Array> {
  let rest: Wanted = wanted
  let problem = ''
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    if (attempt > 0) await settings.sleep(firstPauseMs * 2 ** (attempt - 1))
    const answer = await ask(file, rest, settings)
    if (answer.kind === 'dropped') {
      problem = answer.problem
      continue
    }
    if (answer.kind === 'empty') return
    let { start } = answer
    try {
      for await (const chunk of cut(answer)) {
        start += chunk.length
        attempt = 0
        rest = { start, end: answer.end }
        yield chunk
      }
      if (answer.end === null || start >= answer.end) return
      problem = 'the transfer ended early'
    } catch (error) {
      if (error instanceof GateError) throw error
      problem = describeDrop(error)
    }
    rest = { start, end: answer.end }
  }
  throw new GateError({
    code: 'corpus',
    message: `the file could not be read from ${file.url.host}: ${problem}`,
    where: { file: file.path },
    remedy: 'check that the object store can be reached from here, and start again',
  })
}

type Answer =
  | { kind: 'dropped'; problem: string }
  /** Nothing of what was asked for is there: the file is empty. */
  | { kind: 'empty' }
  /** The body begins `skipped` bytes before the first that is wanted. */
  | { kind: 'bytes'; body: AsyncIterable<Uint8Array>; skipped: number; start: number; end: number | null }

async function ask(file: RemoteFile, wanted: Wanted, settings: RemoteSettings): Promise<Answer> {
  const { default: undici } = await import('undici')
  const { etag = null } = file.known ?? {}
  const isWhole = 'start' in wanted && wanted.start === 0 && wanted.end === null
  const range =
    'last' in wanted
      ? `bytes=-${wanted.last}`
      : `bytes=${wanted.start}-${wanted.end === null ? '' : wanted.end - 1}`
  try {
    const { statusCode, headers, body } = await undici.request(file.url, {
      headers: {
        // As it is stored, whatever its digest is of.
        'accept-encoding': 'identity',
        ...(isWhole ? {} : { range }),
        ...(etag === null ? {} : { 'if-match': etag }),
      },
      headersTimeout: settings.idleMs,
      bodyTimeout: settings.idleMs,
    })
    const answer = readStatus({ file, wanted, statusCode, headers, body })
    if (answer.kind !== 'bytes') await body.dump().catch(() => undefined)
    return answer
  } catch (error) {
    if (error instanceof GateError) throw error
    return { kind: 'dropped', problem: describeDrop(error) }
  }
}

type Headers = Record<string, string | string[] | undefined>

function readStatus(parts: {
  file: RemoteFile
  wanted: Wanted
  statusCode: number
  headers: Headers
  body: AsyncIterable<Uint8Array>
}): Answer {
  const { file, wanted, statusCode, headers, body } = parts
  const length = readLength(headers['content-length'])
  if (statusCode === 200) {
    remember(file, headers, length)
    const start = 'last' in wanted ? Math.max(0, (length ?? 0) - wanted.last) : wanted.start
    if ('last' in wanted && length === null) throw refuse(file, 'does not tell how large the file is')
    const end = 'last' in wanted ? length : (wanted.end ?? length)
    if (length !== null && start > length) throw refuseChanged(file.path)
    return { kind: 'bytes', body, skipped: start, start, end }
  }
  if (statusCode === 206) {
    const found = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(String(headers['content-range']))
    if (found === null) throw refuse(file, 'does not tell which part of the file it gives')
    const [, first = '', last = '', total = ''] = found
    const size = total === '*' ? null : Number(total)
    remember(file, headers, size)
    const start = Number(first)
    const end = Number(last) + 1
    if ('start' in wanted && start !== wanted.start)
      throw refuse(file, 'gives another part than was asked for')
    // Where the file ends before what is wanted does, its reader says so.
    return { kind: 'bytes', body, skipped: 0, start, end }
  }
  if (statusCode === 412) throw refuseChanged(file.path)
  if (statusCode === 416) {
    if (/^bytes \*\/0$/.test(String(headers['content-range'])) && file.known === null)
      return { kind: 'empty' }
    throw refuseChanged(file.path)
  }
  if (statusCode === 408 || statusCode === 429 || statusCode >= 500) {
    return { kind: 'dropped', problem: `it answers ${statusCode}` }
  }
  throw refuseStatus(file, statusCode)
}

function readLength(header: string | string[] | undefined): number | null {
  return typeof header === 'string' && /^\d+$/.test(header) ? Number(header) : null
}

/** A file that is another one than before was changed while it was read. */
function remember(file: RemoteFile, headers: Headers, size: number | null): void {
  const given = headers.etag
  // A weak one tells no bytes apart.
  const etag = typeof given === 'string' && !given.startsWith('W/') ? given : null
  const { known } = file
  if (known === null) {
    file.known = { etag, size }
    return
  }
  const isAnother = (before: unknown, now: unknown) => before !== null && now !== null && before !== now
  if (isAnother(known.etag, etag) || isAnother(known.size, size)) throw refuseChanged(file.path)
}

/** The wanted part of a body; what follows is left. */
async function* cut(answer: Extract<Answer, { kind: 'bytes' }>): AsyncGenerator<Uint8Array> {
  let skip = answer.skipped
  let left = answer.end === null ? Number.POSITIVE_INFINITY : answer.end - answer.start
  if (left === 0) return
  for await (const chunk of answer.body) {
    const part = chunk.subarray(Math.min(skip, chunk.length), Math.min(chunk.length, skip + left))
    skip -= Math.min(skip, chunk.length)
    left -= part.length
    if (part.length > 0) yield part
    if (left === 0) return
  }
}

function describeDrop(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  if (/TIMEOUT/.test(code)) return 'the transfer stalled'
  return code === '' ? 'the transfer broke off' : `the transfer broke off (${code})`
}

/** The file is another one than it was. */
export function refuseChanged(path: string): GateError {
  return new GateError({
    code: 'corpus',
    message: 'the corpus changed while it was read: its file is another one than before',
    where: { file: path },
    remedy: 'let whatever writes it finish, and start again',
  })
}

function refuse(file: RemoteFile, what: string): GateError {
  return new GateError({
    code: 'corpus',
    message: `${file.url.host} ${what}`,
    where: { file: file.path },
    remedy: 'use an object store that answers range requests, or put the file into the corpus folder',
  })
}

function refuseStatus(file: RemoteFile, status: number): GateError {
  const redirects = status >= 300 && status < 400
  const [message, remedy] = redirects
    ? ['redirects elsewhere, which is not followed', 'give the address that the file is at']
    : status === 401 || status === 403
      ? [
          `refuses the file (${status}): the signature of its address has expired, or is wrong`,
          'sign the address anew, so that it holds until the corpus is read',
        ]
      : status === 404 || status === 410
        ? [`does not have the file (${status})`, 'correct the address, or upload the file']
        : [`answers ${status}`, 'correct the address']
  return new GateError({
    code: 'corpus',
    message: `${file.url.host} ${message}`,
    where: { file: file.path },
    remedy,
  })
}
