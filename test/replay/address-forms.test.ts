import { describe, expect, it } from '@jest/globals'
import { parseEndpoints } from '../../src/replay/address.ts'
import { takeRefusal } from '../support/refusal.ts'

async function refuse(address: string): Promise<string> {
  return (await takeRefusal(() => parseEndpoints([`judge=${address}`]))).message
}

describe('an address in a form that hides where it leads', () => {
  it.each([
    ['decimal, with the address in the path', 'http://2852039166/169.254.169.254'],
    ['decimal loopback, with the address in the path', 'http://2130706433/127.0.0.1'],
    ['hexadecimal', 'http://0xa9fea9fe/'],
    ['hexadecimal by octets', 'http://0xA9.0xFE.0xA9.0xFE/'],
    ['octal by octets', 'http://0251.0376.0251.0376/'],
    ['with fewer octets', 'http://169.254.43518/'],
    ['zero', 'http://0/'],
    ['with a percent sign', 'https://models%2eexample.com/'],
    ['with an ideographic stop', 'http://models。example.com/'],
    ['with full-width digits', 'http://１２７.0.0.1/'],
    ['with a backslash', 'http://models.example.com\\@evil.example/'],
    ['with backslashes for slashes', 'http:\\\\models.example.com\\v1'],
    ['with one slash too many', 'http:///models.example.com/'],
    ['without slashes', 'http:models.example.com'],
    ['with an empty user name', 'http://@models.example.com/'],
    ['with an empty user name and password', 'http://:@models.example.com/'],
    ['IPv6 that is not shortened', 'http://[0:0:0:0:0:0:0:1]/'],
  ])('is refused: %s', async (_, address) => {
    expect(await refuse(address)).toBe('the address of "judge" names its host in a disguised form')
  })

  it.each([
    ['mapped', 'http://[::ffff:6464:64c8]/'],
    ['mapped loopback', 'http://[::ffff:7f00:1]/'],
    ['translated', 'http://[::ffff:0:a9fe:a9fe]/'],
    ['compatible', 'http://[::a9fe:a9fe]/'],
    ['NAT64', 'http://[64:ff9b::a9fe:a9fe]/'],
    ['local NAT64', 'http://[64:ff9b:1::a9fe:a9fe]/'],
    ['6to4', 'http://[2002:a9fe:a9fe::]/'],
  ])('is refused: IPv4 in IPv6, %s', async (_, address) => {
    expect(await refuse(address)).toBe('the address of "judge" hides an IPv4 address in an IPv6 one')
  })
})

describe('an address of a metadata service or of this link', () => {
  it.each([
    'http://169.254.0.1/',
    'http://169.254.255.255/',
    'https://169.254.169.254:8443/v1',
    'http://[::ffff:a9fe:1]/',
    'http://[fe80::1]:8000/v1',
    'http://[febf::1]/',
    'http://[fd20:ce::254]/',
    'http://[FD00:EC2::254]/',
    'http://metadata/',
    'http://metadata.goog/',
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://instance-data/latest/',
    'http://instance-data.ec2.internal./latest/',
    'http://168.63.129.16/',
    'http://192.0.0.192/',
    'http://100.100.100.200/',
  ])('is refused: %s', async (address) => {
    expect(await refuse(address)).toBe('the address of "judge" is link-local or a metadata service')
  })
})

describe('an address of a private network', () => {
  it.each([
    'http://127.0.0.1:8080/v1',
    'http://127.8.9.10/',
    'http://10.0.0.5/v1',
    'http://172.16.3.4/',
    'http://192.168.1.1:11434/v1',
    'http://100.64.0.1/',
    'http://[::1]/v1',
    'http://[fd12:3456::1]:8000/v1',
    'http://localhost/v1',
    'http://vllm/v1',
    'http://vllm.models.svc.cluster.local:8000/v1',
  ])('is taken: %s', (address) => {
    expect(parseEndpoints([`judge=${address}`]).get('judge')).toEqual({
      kind: 'url',
      url: new URL(address).href,
    })
  })
})

describe('a line', () => {
  it('names one endpoint: two on a line are refused, not asked as a path', async () => {
    expect(await refuse('https://a.example/v1 candidate=https://b.example/v1')).toMatch(
      /not an http or https URL/,
    )
  })

  it('of a recording names its file', async () => {
    expect(await refuse('recorded:')).toBe('"judge" names no recording')
  })

  it.each(['https://a.example/v1?', 'https://a.example/v1#', 'https://a.example/?x#y'])(
    'has no query and no fragment, not even an empty one: %s',
    async (address) => {
      expect(await refuse(address)).toBe('the address of "judge" has a query or fragment')
    },
  )
})
