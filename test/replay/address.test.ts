import { describe, expect, it } from '@jest/globals'
import { GateError } from '../../src/errors.ts'
import { parseEndpoints } from '../../src/replay/address.ts'

function refusal(line: string): string {
  try {
    parseEndpoints([line])
  } catch (error) {
    if (error instanceof GateError) return error.message
    throw error
  }
  return 'accepted'
}

describe('parseEndpoints', () => {
  it('reads addresses by name and skips empty lines', () => {
    const endpoints = parseEndpoints([
      '  candidate=https://models.example.com/v1  ',
      '',
      'baseline=http://127.0.0.1:8000/v1/',
      'judge=recorded:runs/judge.jsonl',
    ])
    expect([...endpoints]).toEqual([
      ['candidate', { kind: 'url', url: 'https://models.example.com/v1' }],
      ['baseline', { kind: 'url', url: 'http://127.0.0.1:8000/v1/' }],
      ['judge', { kind: 'recorded', path: 'runs/judge.jsonl' }],
    ])
  })

  it.each([
    'http://localhost:8000/v1',
    'http://10.1.2.3/v1',
    'http://192.168.0.4:8000/v1',
    'http://[::1]:8000/v1',
    'https://MODELS.example.com/v1',
    'https://gpu-7.internal/v1',
  ])('allows %s', (address) => {
    expect(refusal(`candidate=${address}`)).toBe('accepted')
  })

  it.each([
    ['https://user:secret@models.example.com/v1', /user name or password/],
    ['https://user@models.example.com/v1', /user name or password/],
    ['https://models.example.com@evil.example/v1', /user name or password/],
    ['https://models.example.com/v1?key=secret', /query or fragment/],
    ['https://models.example.com/v1#x', /query or fragment/],
    ['https://models.example.com/v1?', /query or fragment/],
    ['http://2130706433/v1', /disguised/],
    ['http://0x7f000001/v1', /disguised/],
    ['http://127.1/v1', /disguised/],
    ['http://0177.0.0.1/v1', /disguised/],
    ['http://ｅxample.com/v1', /disguised/],
    ['https://exämple.com/v1', /disguised/],
    ['https://xn--exmple-cua.com/v1', /internationalised/],
    ['http://169.254.169.254/latest', /link-local or a metadata/],
    ['http://169.254.170.2/v2', /link-local or a metadata/],
    ['http://169.254.169.254./latest', /link-local or a metadata|disguised/],
    ['http://2852039166/latest', /link-local or a metadata|disguised/],
    ['http://[::ffff:169.254.169.254]/latest', /link-local or a metadata|disguised/],
    ['http://[::ffff:a9fe:a9fe]/latest', /link-local or a metadata/],
    ['http://[fe80::1]/v1', /link-local or a metadata/],
    ['http://[fd00:ec2::254]/latest', /link-local or a metadata/],
    ['http://metadata.google.internal/v1', /link-local or a metadata/],
    ['http://METADATA.google.internal./v1', /link-local or a metadata/],
    ['http://100.100.100.200/latest', /link-local or a metadata/],
    ['ftp://models.example.com/v1', /not an http or https URL/],
    ['file:///etc/passwd', /not an http or https URL/],
    ['models.example.com/v1', /not an http or https URL/],
    ['https://', /not an http or https URL/],
  ])('refuses %s', (address, message) => {
    expect(refusal(`candidate=${address}`)).toMatch(message)
  })

  it('never repeats the address, which may hold a secret', () => {
    for (const address of ['https://user:s3cret@h/v1', 'https://h/v1?key=s3cret', 's3cret']) {
      expect(refusal(`candidate=${address}`)).not.toContain('s3cret')
    }
  })

  it('refuses a line that is no name=url, and a name given twice', () => {
    expect(refusal('https://models.example.com/v1')).toMatch(/written name=url/)
    expect(refusal('Candidate=https://models.example.com/v1')).toMatch(/written name=url/)
    expect(refusal('candidate=')).toMatch(/written name=url/)
    expect(() => parseEndpoints(['judge=https://a.example/v1', 'judge=https://b.example/v1'])).toThrow(
      'endpoint "judge" is given twice',
    )
  })
})
