import { describe, expect, it } from '@jest/globals'
import type { SourceText } from '../../src/policy/document.ts'
import { readDocuments } from '../../src/policy/read-documents.ts'
import { findRegistration } from '../../src/registration/load.ts'
import { createMemoryRepository } from '../fakes/memory-repository.ts'
import { policyText, readPolicy } from '../policy/policies.ts'
import { takeRefusal } from '../support/refusal.ts'
import { edit, registrationText } from './registrations.ts'

const policy = readPolicy(policyText)
const ours: SourceText = { file: 'preregistration/a.yml', text: registrationText }
const other: SourceText = { file: 'preregistration/b.yml', text: edit('ckpt-42', 'ckpt-41') }

function find(files: SourceText[], candidate = 'ckpt-42') {
  return findRegistration({ files, candidate, policy })
}

describe('the registration of a candidate', () => {
  it('is the one file that names it, whatever the file is called', () => {
    const loaded = find([other, ours])
    expect(loaded.file).toBe(ours.file)
    expect(loaded.text).toBe(ours.text)
    expect(loaded.registration.candidate).toBe('ckpt-42')
  })

  it('is missed with those that are there', async () => {
    const error = await takeRefusal(() => find([other]))
    expect(error.code).toBe('registration')
    expect(error.message).toBe('no registration is for "ckpt-42" (the folder has "ckpt-41")')
    expect(error.where).toEqual({ file: 'preregistration/' })
    expect(error.remedy).toMatch(/^write preregistration\/ckpt-42\.yml with `candidate: ckpt-42`/)
  })

  it('is missed in an empty folder', async () => {
    const error = await takeRefusal(() => find([]))
    expect(error.message).toBe('no registration is for "ckpt-42" (the folder has no other)')
  })

  it('is suggested under a name that is one file of the folder', async () => {
    const error = await takeRefusal(() => find([], '../org/model:v2'))
    expect(error.remedy).toMatch(
      /^write preregistration\/org-model-v2\.yml with `candidate: "\.\.\/org\/model:v2"`/,
    )
  })

  it('is missed with the file that can not be read', async () => {
    const broken = { file: 'preregistration/broken.yml', text: 'candidate: "ckpt-42\n' }
    const error = await takeRefusal(() => find([other, broken]))
    expect(error.message).toMatch(/the folder has "ckpt-41"; preregistration\/broken\.yml names no candidate/)
    expect(error.where).toEqual({ file: broken.file })
  })

  it.each(['', 'candidate: 42', '- candidate', 'candidate: ckpt-42\ncandidate: ckpt-42\n', 'ckpt-42'])(
    'is not a file whose candidate is no text: %j',
    async (text) => {
      const error = await takeRefusal(() => find([{ file: 'preregistration/x.yml', text }]))
      expect(error.message).toMatch(/no registration is for "ckpt-42".*names no candidate that can be read/)
    },
  )

  it('is compared by the whole id', async () => {
    await takeRefusal(() => find([ours], 'ckpt-4'))
    await takeRefusal(() => find([ours], 'CKPT-42'))
    await takeRefusal(() => find([ours], 'ckpt-420'))
  })

  it('is there once', async () => {
    const error = await takeRefusal(() => find([ours, other, { ...ours, file: 'preregistration/c.json' }]))
    expect(error.message).toBe(
      'two registrations are for "ckpt-42": preregistration/a.yml and preregistration/c.json',
    )
    expect(error.where).toEqual({ file: 'preregistration/c.json', field: 'candidate' })
  })

  it('need not care for the errors of others, only for its own', async () => {
    const wrong = { ...other, text: other.text.replace('rate: 1%', 'rate: 1') }
    expect(find([ours, wrong]).file).toBe(ours.file)
    const error = await takeRefusal(() => find([ours, wrong], 'ckpt-41'))
    expect(error.where).toMatchObject({ file: other.file, line: 4, field: 'predictions[0].rate' })
  })
})

describe('the folder of registrations', () => {
  const repository = createMemoryRepository({
    head: {
      'preregistration/a.yml': 'a',
      'preregistration/b.yaml': 'b',
      'preregistration/c.json': 'c',
      'preregistration/README.md': 'no',
      'preregistration/d.yml.orig': 'no',
      'preregistration/old/e.yml': 'no',
      'f.yml': 'no',
    },
  })

  it('gives its YAML and JSON files', async () => {
    expect(await readDocuments({ repository, sha: 'head', folder: 'preregistration' })).toEqual([
      { file: 'preregistration/a.yml', text: 'a' },
      { file: 'preregistration/b.yaml', text: 'b' },
      { file: 'preregistration/c.json', text: 'c' },
    ])
  })

  it('may be absent', async () => {
    expect(await readDocuments({ repository, sha: 'head', folder: 'nowhere' })).toEqual([])
  })
})
