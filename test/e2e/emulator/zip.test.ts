import { describe, expect, it } from '@jest/globals'
import { readZip, writeZip } from './zip.ts'

// Written by Info-ZIP: `a.txt` stored, the folder `d/`, and in it `b.txt` deflated.
const archive = Buffer.from(
  [
    'UEsDBAoAAAAAAEV/eF0L+UNWBgAAAAYAAAAFAAAAYS50eHRzdG9yZWRQSwMECgAAAAAARX94XQAAAAAAAAAAAAAAAAIAAABk',
    'L1BLAwQUAAIACABFf3hdaKffXxEAAADQBwAABwAAAGQvYi50eHRLShoFo2AUjIJRMApGwVAHAFBLAQIeAwoAAAAAAEV/eF0L',
    '+UNWBgAAAAYAAAAFAAAAAAAAAAAAAACkgQAAAABhLnR4dFBLAQIeAwoAAAAAAEV/eF0AAAAAAAAAAAAAAAACAAAAAAAAAAAA',
    'EADtQSkAAABkL1BLAQIeAxQAAgAIAEV/eF1op99fEQAAANAHAAAHAAAAAAAAAAEAAACkgUkAAABkL2IudHh0UEsFBgAAAAAD',
    'AAMAmAAAAH8AAAAAAA==',
  ].join(''),
  'base64',
)

describe('readZip', () => {
  it('reads stored and deflated files and leaves folders out', () => {
    const files = readZip(archive)
    expect(Object.keys(files)).toEqual(['a.txt', 'd/b.txt'])
    expect(files['a.txt']?.toString()).toBe('stored')
    expect(files['d/b.txt']?.toString()).toBe('b'.repeat(2000))
  })

  it('refuses what is no archive, and a damaged one', () => {
    expect(() => readZip(Buffer.from('PK no'))).toThrow('not a ZIP archive')
    const damaged = Buffer.from(archive)
    damaged.writeUInt32LE(0, damaged.indexOf(Buffer.from('PK\x01\x02')))
    expect(() => readZip(damaged)).toThrow('the ZIP directory is damaged')
    const shortened = Buffer.from(archive)
    shortened.writeUInt32LE(5, shortened.indexOf(Buffer.from('PK\x01\x02')) + 24)
    expect(() => readZip(shortened)).toThrow('another length')
  })
})

describe('writeZip', () => {
  it('writes what readZip reads, under any names', () => {
    const files = { 'a.txt': 'ü', '../b': '', '/c': 'c'.repeat(1000) }
    const read = Object.entries(readZip(writeZip(files))).map(([name, content]) => [name, content.toString()])
    expect(Object.fromEntries(read)).toEqual(files)
  })
})
