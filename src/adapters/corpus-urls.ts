import { GateError } from '../errors.ts'
import { findHostProblem } from '../replay/address.ts'

/** The environment variable with the addresses of corpus files. */
export const corpusUrlsVariable = 'CHECKPOINT_GATE_CORPUS_URLS'

/**
 * Parses addresses of corpus files, by their paths in the manifest: lines of `path=url`, or a JSON object of the same.
 * Whoever has a pre-signed address can read the file, so that no error quotes one.
 * @throws GateError for what is neither, for a path given twice, and for an address that must not be used
 */
export function parseCorpusUrls(text: string): Map<string, URL> {
  const urls = new Map<string, URL>()
  for (const [path, address] of listEntries(text.trim())) {
    if (urls.has(path)) throw refuse(path, 'the file has two addresses', 'keep one of the two')
    urls.set(path, parseUrl(path, address))
  }
  return urls
}

/** A part of an address that is no shorter may be its signature. */
const shortestSecret = 12

/**
 * What must not be printed anywhere of a text with addresses, whether it can be parsed or not: the addresses, and what
 * they say after the `?`.
 */
export function listUrlSecrets(text: string): string[] {
  // Writers of JSON escape `&` and `/`.
  const plain = text.replaceAll('\\u0026', '&').replaceAll('\\/', '/')
  const addresses = [text, plain].flatMap((form) => form.match(/https?:[^\s"']+/gi) ?? [])
  const secrets = addresses.flatMap((address) => {
    const query = address.slice(address.indexOf('?') + 1)
    const values = query.split('&').map((pair) => pair.slice(pair.indexOf('=') + 1))
    const parsed = URL.canParse(address) ? new URL(address) : null
    const decoded = parsed === null ? [] : [parsed.href, ...parsed.searchParams.values()]
    return [address, query, ...values, ...decoded]
  })
  return [...new Set(secrets)].filter((secret) => secret.length >= shortestSecret)
}

function listEntries(text: string): [string, string][] {
  if (text.startsWith('{')) return listJsonEntries(text)
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line, index) => {
      const match = /^([^=\s]+)=(\S+)$/.exec(line)
      if (match === null) {
        throw refuse(
          `line ${index + 1} of the corpus URLs`,
          'an address is written path=url',
          'write for example 2026-11.jsonl.gz=https://…, a line for each file of the manifest',
        )
      }
      return [match[1] ?? '', match[2] ?? '']
    })
}

function listJsonEntries(text: string): [string, string][] {
  try {
    const entries = Object.entries(JSON.parse(text) as object)
    if (entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')) return entries
  } catch {
    // The message would quote the text, which is a secret.
  }
  throw refuse(
    'the corpus URLs',
    'not a JSON object of paths and addresses',
    'write {"2026-11.jsonl.gz": "https://…"}, or lines of path=url',
  )
}

const loopbackHosts = new Set(['127.0.0.1', 'localhost', '[::1]'])

function parseUrl(path: string, address: string): URL {
  const url = URL.canParse(address) && !/\s/.test(address) ? new URL(address) : null
  const isPlain = url?.protocol === 'http:' && loopbackHosts.has(url.hostname)
  if (url === null || (url.protocol !== 'https:' && !isPlain)) {
    throw refuse(path, 'its address is not an https URL', 'write the whole pre-signed URL, with https://')
  }
  if (url.username !== '' || url.password !== '') {
    throw refuse(path, 'its address holds a user name or password', 'use a pre-signed URL')
  }
  const problem = findHostProblem(address, url)
  if (problem === null) return url
  throw refuse(path, `its address ${problem}`, 'write the plain address of the object store')
}

function refuse(file: string, message: string, remedy: string): GateError {
  return new GateError({ code: 'corpus', message, where: { file }, remedy })
}
