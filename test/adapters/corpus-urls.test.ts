import { describe, expect, it } from '@jest/globals'
import { listUrlSecrets, parseCorpusUrls } from '../../src/adapters/corpus-urls.ts'
import { openRemoteCorpus } from '../../src/adapters/remote-corpus.ts'
import { takeRefusal } from '../support/refusal.ts'

const signed =
  'https://bucket.s3.amazonaws.com/2026/a.jsonl?X-Amz-Credential=AKIA%2Feu&X-Amz-Signature=0123456789abcdef0123'

describe('addresses of corpus files', () => {
  it('are lines or JSON', () => {
    const expected = new Map([
      ['2026/a.jsonl', new URL(signed)],
      ['b.jsonl.gz', new URL('http://127.0.0.1:8080/b')],
    ])
    expect(parseCorpusUrls(`\n 2026/a.jsonl=${signed}\r\nb.jsonl.gz=http://127.0.0.1:8080/b\n`)).toEqual(
      expected,
    )
    const json = JSON.stringify({ '2026/a.jsonl': signed, 'b.jsonl.gz': 'http://127.0.0.1:8080/b' })
    expect(parseCorpusUrls(json)).toEqual(expected)
    expect(parseCorpusUrls(' \n').size).toBe(0)
    expect(openRemoteCorpus('')).toBeNull()
    expect(openRemoteCorpus(json)?.has('b.jsonl.gz')).toBe(true)
  })

  it.each([
    ['plain http', 'a=http://bucket.example.com/x?secret-part', 'its address is not an https URL'],
    ['another scheme', 'a=s3://bucket/x?secret-part', 'its address is not an https URL'],
    ['no address', 'a=secret-part', 'its address is not an https URL'],
    ['a password', 'a=https://me:secret-part@example.com/x', 'its address holds a user name or password'],
    [
      'a metadata service',
      'a=https://169.254.169.254/x?secret-part',
      'its address is link-local or a metadata service',
    ],
    [
      'its other name',
      'a=https://metadata.google.internal/x?secret-part',
      'its address is link-local or a metadata service',
    ],
    ['a disguised host', 'a=https://0x7f.1/x?secret-part', 'its address names its host in a disguised form'],
    [
      'an address given twice',
      'a=https://example.com/?secret-part\na=https://example.com/2',
      'the file has two addresses',
    ],
    ['a line without a path', 'https://example.com/secret-part', 'an address is written path=url'],
    ['JSON of something else', '{"a": ["secret-part"]}', 'not a JSON object of paths and addresses'],
    ['broken JSON', '{"a": "secret-part', 'not a JSON object of paths and addresses'],
  ])('are refused without being quoted: %s', async (_, text, message) => {
    const error = await takeRefusal(() => parseCorpusUrls(text))
    expect(error.message).toBe(message)
    expect(error.code).toBe('corpus')
    expect(`${JSON.stringify(error)}${error.stack}${error.remedy}`).not.toContain('secret-part')
  })

  it.each([
    ['lines', `a=${signed}\n`],
    ['JSON', JSON.stringify({ a: signed })],
    ['JSON that escapes', JSON.stringify({ a: signed }).replaceAll('&', '\\u0026').replaceAll('/', '\\/')],
    ['what can not be parsed', `{"a": "${signed}`],
  ])('are secrets, and so are their parts: %s', (_, text) => {
    const secrets = listUrlSecrets(text)
    expect(secrets).toEqual(expect.arrayContaining([signed, '0123456789abcdef0123']))
    expect(secrets.every((secret) => secret.length >= 12)).toBe(true)
  })
})
