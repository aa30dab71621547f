import { describe, expect, it } from '@jest/globals'
import { findDigestHeader, listCheckpointNames, nameCheckpoint } from '../../src/policy/checkpoint-names.ts'
import { diffPolicies } from '../../src/policy/diff.ts'
import { checkJudge } from '../../src/policy/load.ts'
import { planCheckpoint } from '../support/plans.ts'
import { takeRefusal } from '../support/refusal.ts'
import { edit, readPolicy } from './policies.ts'

const pointer = 'checkpoint: { file: deploy/model.yaml, path: serving.checkpoint }'
const write = (keys: string) =>
  edit(pointer, `checkpoint: { file: deploy/model.yaml, path: serving.checkpoint, ${keys} }`)
const digest = 'digest: serving.sha256'

describe('the checkpoint of a policy', () => {
  it.each([
    ['served_as: "acme/{checkpoint}"', { servedAs: 'acme/{checkpoint}' }],
    ['answers_as: "{checkpoint}.gguf"', { answersAs: '{checkpoint}.gguf' }],
    [
      `${digest}, served_digest: { header: X-Digest }`,
      { digest: 'serving.sha256', servedDigest: { header: 'X-Digest' } },
    ],
    [
      `${digest}, served_digest: { models: sha256 }`,
      { digest: 'serving.sha256', servedDigest: { models: 'sha256' } },
    ],
    [
      `${digest}, served_digest: ollama, answers_as: chat`,
      { digest: 'serving.sha256', servedDigest: 'ollama', answersAs: 'chat' },
    ],
  ])('says how its server calls it, and where its digest is: %s', (keys, parsed) => {
    expect(readPolicy(write(keys)).checkpoint).toEqual({
      ...planCheckpoint('deploy/model.yaml', 'serving.checkpoint'),
      ...parsed,
    })
  })

  it.each([
    ['served_as: acme', 'checkpoint.served_as', /both checkpoints would be asked for by one name/],
    ['answers_as: chat', 'checkpoint.answers_as', /only a `digest` tells them apart/],
    ['served_as: "a b {checkpoint}"', 'checkpoint.served_as', /printable characters/],
    [digest, 'checkpoint.digest', /nothing is compared with it/],
    ['served_digest: ollama', 'checkpoint.served_digest', /compared with nothing/],
    [`${digest}, served_digest: vllm`, 'checkpoint.served_digest', /expected `header: <name>`/],
    [`${digest}, served_digest: { header: "x y" }`, 'checkpoint.served_digest', /./],
    [`${digest}, served_digest: { header: Set-Cookie }`, 'checkpoint.served_digest', /./],
    [`${digest}, served_digest: { heade: x }`, 'checkpoint.served_digest', /./],
  ])('is refused with its place: %s', async (keys, field, message) => {
    const error = await takeRefusal(() => readPolicy(write(keys)))
    expect(error.message).toMatch(message)
    expect(error.where?.field).toContain(field)
  })

  it('has no digest where the whole file is its id', async () => {
    const text = edit(pointer, `checkpoint: { file: deploy/id, ${digest}, served_digest: ollama }`)
    expect((await takeRefusal(() => readPolicy(text))).message).toMatch(/the whole file is the id/)
  })

  it('is looser without a digest, in a change that takes it out', () => {
    const verified = readPolicy(write(`${digest}, served_digest: { header: x-digest }`))
    const plain = readPolicy(edit('', ''))
    expect(diffPolicies(verified, plain).map(({ what, effect, kind }) => [what, effect, kind])).toEqual([
      ['checkpoint.digest', 'looser', 'changed'],
      ['checkpoint.served_digest', 'looser', 'removed'],
    ])
    expect(diffPolicies(plain, verified).map(({ effect }) => effect)).toEqual(['tighter', 'tighter'])
    const other = readPolicy(write(`${digest}, served_digest: { header: x-other }`))
    expect(diffPolicies(verified, other)).toMatchObject([
      { what: 'checkpoint.served_digest.header', from: 'x-digest', to: 'x-other', effect: 'other' },
    ])
  })
})

describe('the names of a checkpoint', () => {
  it('are its id where policy says nothing else', () => {
    expect(nameCheckpoint({ servedAs: null, answersAs: null }, 'a')).toEqual({ asked: 'a', answered: ['a'] })
  })

  it('are filled in as they stand', () => {
    const both = { servedAs: 'acme/{checkpoint}', answersAs: '{checkpoint}-{checkpoint}' }
    expect(nameCheckpoint(both, '$&')).toEqual({ asked: 'acme/$&', answered: ['$&-$&', '$&'] })
    expect(nameCheckpoint({ ...both, answersAs: null }, 'a').answered).toEqual(['acme/a', 'a'])
    expect(listCheckpointNames(both, ['a', 'b'])).toEqual(['a', 'acme/a', 'b', 'acme/b'])
  })

  it('are none of a judge’s', async () => {
    const policy = readPolicy(write('served_as: "judge-{checkpoint}"'))
    const check = (checkpoints: string[]) => checkJudge({ policy, file: 'gate.yml', checkpoints })
    expect((await takeRefusal(() => check(['ckpt', '1']))).message).toContain("a model can't judge itself")
    expect(() => check(['2', '3'])).not.toThrow()
  })

  it('come with a header where policy names one', () => {
    expect(findDigestHeader({ servedDigest: { header: 'x' } })).toBe('x')
    for (const servedDigest of [null, 'ollama' as const, { models: 'x' }])
      expect(findDigestHeader({ servedDigest })).toBeNull()
  })
})
