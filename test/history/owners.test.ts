import { describe, expect, it } from '@jest/globals'
import { findOwners } from '../../src/history/owners.ts'

const path = 'diagnoses/ckpt-2.yml'

describe('owners of a path', () => {
  it.each([
    ['* @all', ['all']],
    ['/diagnoses/ @alice @Bob', ['alice', 'bob']],
    ['diagnoses/ @alice', ['alice']],
    ['/diagnoses/* @alice', ['alice']],
    ['/diagnoses/*.yml @alice', ['alice']],
    ['*.yml @alice', ['alice']],
    ['**/ckpt-2.yml @alice', ['alice']],
    ['/* @alice', []],
    ['/docs/ @alice', []],
    ['/diagnoses @alice # who answers', ['alice']],
    ['# /diagnoses/ @alice', []],
    ['/diagnoses/ @acme/safety alice@example.com @carol', ['carol']],
  ])('%s', (text, owners) => {
    expect(findOwners(`\n${text}\r\n`, path)).toEqual(owners)
  })

  it('are those of the last line that matches, also where it has none', () => {
    expect(findOwners('* @all\n/diagnoses/ @alice\n/docs/ @bob', path)).toEqual(['alice'])
    expect(findOwners('* @all\n/diagnoses/', path)).toEqual([])
  })

  it('does not take what GitHub does not know for a pattern', () => {
    expect(findOwners('* @all\n!/diagnoses/ @eve\n/diagnoses/ckpt-[0-9].yml @eve', path)).toEqual(['all'])
  })

  it('takes a folder with a star for the files directly in it', () => {
    expect(findOwners('/diagnoses/* @alice', 'diagnoses/old/ckpt-1.yml')).toEqual([])
    expect(findOwners('/diagnoses/ @alice', 'diagnoses/old/ckpt-1.yml')).toEqual(['alice'])
  })
})
