import { GateError } from '../errors.ts'

/** Where completions of an endpoint come from. */
export type EndpointAddress = { kind: 'url'; url: string } | { kind: 'recorded'; path: string }

/** Metadata services outside the link-local ranges: Google, Amazon, Alibaba, Azure, Oracle. */
const metadataHosts = new Set([
  'metadata.google.internal',
  'metadata.goog',
  'metadata',
  '[fd20:ce::254]',
  'instance-data',
  'instance-data.ec2.internal',
  '[fd00:ec2::254]',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
])

/** IPv6 that stands for an IPv4 address: mapped, translated, compatible, NAT64, 6to4. */
const embeddedIpv4 = /^\[(?:::ffff:(?:0:)?[^:]+:[^:]+|::[^:]+:[^:]+|64:ff9b:.*|2002:.*)\]$/

/** The environment variable that holds an endpoint's key. */
export function nameKeyVariable(endpoint: string): string {
  return `CHECKPOINT_GATE_KEY_${endpoint.toUpperCase().replaceAll('-', '_')}`
}

/**
 * Parses endpoint addresses, lines of `name=url` or `name=recorded:path`.
 * @throws GateError for a line that is neither, for a name given twice, and for an address that must not be used
 */
export function parseEndpoints(lines: string[]): Map<string, EndpointAddress> {
  const endpoints = new Map<string, EndpointAddress>()
  for (const line of lines.map((entry) => entry.trim()).filter((entry) => entry !== '')) {
    const match = /^([a-z][a-z0-9_-]{0,31})=(.+)$/.exec(line)
    if (match === null) {
      throw refuse(
        'an endpoint is written name=url',
        'write for example candidate=https://models.example.com/v1',
      )
    }
    const [, name = '', address = ''] = match
    if (endpoints.has(name)) throw refuse(`endpoint "${name}" is given twice`, 'keep one of the two')
    endpoints.set(name, parseAddress(name, address))
  }
  return endpoints
}

function parseAddress(name: string, address: string): EndpointAddress {
  if (address.startsWith('recorded:')) {
    const path = address.slice('recorded:'.length)
    if (path === '') throw refuse(`"${name}" names no recording`, 'write for example recorded:answers.jsonl')
    return { kind: 'recorded', path }
  }
  const url = URL.canParse(address) && !/\s/.test(address) ? new URL(address) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw refuse(
      `the address of "${name}" is not an http or https URL`,
      'write the whole URL, for example https://models.example.com/v1',
    )
  }
  const problem = findAddressProblem(address, url)
  if (problem !== null)
    throw refuse(`the address of "${name}" ${problem}`, 'write the plain address of the model server')
  return { kind: 'url', url: url.href }
}

function findAddressProblem(written: string, url: URL): string | null {
  if (url.username !== '' || url.password !== '')
    return 'holds a user name or password: a key belongs in CHECKPOINT_GATE_KEY_…'
  if (/[?#]/.test(written)) return 'has a query or fragment'
  return findHostProblem(written, url)
}

/**
 * What is wrong with the host of an address; `null` for nothing. It must be what a reader of the workflow takes it for, and
 * never the cloud's metadata service.
 */
export function findHostProblem(written: string, url: URL): string | null {
  const host = url.hostname
  if (readWrittenHost(written) !== host) return 'names its host in a disguised form'
  if (host.split('.').some((label) => label.startsWith('xn--'))) return 'has an internationalised host name'
  if (
    metadataHosts.has(host.replace(/\.$/, '')) ||
    host.startsWith('169.254.') ||
    /^\[fe[89ab]/.test(host) ||
    /^\[::ffff:a9fe:/.test(host)
  ) {
    return 'is link-local or a metadata service'
  }
  if (embeddedIpv4.test(host)) return 'hides an IPv4 address in an IPv6 one'
  return null
}

function readWrittenHost(written: string): string | undefined {
  return /^https?:\/\/([^/?#]*?)(?::\d*)?(?:[/?#]|$)/.exec(written.toLowerCase())?.[1]
}

function refuse(message: string, remedy: string): GateError {
  return new GateError({ code: 'endpoint', message, remedy })
}
