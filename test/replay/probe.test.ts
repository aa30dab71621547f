import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  addOllamaDigest,
  looksLikeOllama,
  type Probe,
  type ProbeRequest,
  readListing,
} from '../../src/replay/probe.ts'

const model = 'ckpt-42'
const ask = (parts: Partial<ProbeRequest> = {}): ProbeRequest => ({ model, servedDigest: null, ...parts })
const read = (data: unknown, parts: Partial<ProbeRequest> = {}) =>
  readListing({ object: 'list', data }, ask(parts))

/** As vLLM 0.10 answers. */
const card = {
  id: model,
  object: 'model',
  created: 1_760_000_000,
  owned_by: 'vllm',
  root: '/models/ckpt-42',
  parent: null,
  max_model_len: 32_768,
  permission: [{ id: 'modelperm-1', object: 'model_permission', created: 1_760_000_000 }],
}

function digestOf(probe: Probe): string {
  if (probe.kind !== 'listed') throw new Error(probe.kind)
  return probe.entrySha256
}

describe('a list of models', () => {
  it('has the model or has it not', () => {
    expect(read([{ id: 'other' }, card])).toMatchObject({ kind: 'listed', name: model, servedDigest: null })
    expect(read([{ id: 'other' }, { id: 'another' }])).toEqual({ kind: 'unlisted', models: 2 })
    expect(read([])).toEqual({ kind: 'unlisted', models: 0 })
    expect(readListing([card], ask())).toMatchObject({ kind: 'listed' })
  })

  it('may list it under a plain form, if only one is', () => {
    expect(read([{ id: 'models/ckpt-42' }])).toMatchObject({ kind: 'listed', name: 'models/ckpt-42' })
    const both = [{ id: 'models/ckpt-42' }, { id: 'ckpt-42-2025-08-07' }]
    expect(read(both)).toEqual({ kind: 'unlisted', models: 2 })
    expect(read([...both, { id: model }])).toMatchObject({ kind: 'listed', name: model })
  })

  it('has one digest as long as the model is the same, whatever servers count or date', () => {
    const later = { ...card, created: 1_760_009_999, permission: [{ id: 'modelperm-2' }] }
    const busy = { ...later, status: { value: 'loaded' }, pricing: { prompt: '0.1' }, last_used: 3 }
    expect(new Set([card, later, busy].map((entry) => digestOf(read([entry])))).size).toBe(1)
    const reordered = Object.fromEntries(Object.entries(card).toReversed())
    expect(digestOf(read([reordered]))).toBe(digestOf(read([card])))
  })

  it.each([
    ['root', '/models/ckpt-43'],
    ['parent', 'base-2'],
    ['owned_by', 'acme'],
    ['max_model_len', 8192],
    ['sha256', 'ab'],
    ['weights_digest', 'ab'],
    ['revision', 'main-2'],
  ])('has another digest where %s is another', (key, value) => {
    expect(digestOf(read([{ ...card, [key]: value }]))).not.toBe(digestOf(read([card])))
  })

  it('gives the field that policy names, where it is a text', () => {
    const servedDigest = { models: 'fingerprint_of_weights' }
    const told = (value: unknown) => read([{ ...card, fingerprint_of_weights: value }], { servedDigest })
    expect(told(' sha256:AB ')).toMatchObject({ servedDigest: 'sha256:AB' })
    for (const value of [undefined, null, 7, '', ' ', ['x']])
      expect(told(value)).toMatchObject({ kind: 'listed', servedDigest: null })
    expect(read([card], { servedDigest: { models: 'constructor' } })).toMatchObject({ servedDigest: null })
  })

  it('is cut where a server writes without end', () => {
    const servedDigest = { models: 'root' }
    const long = read([{ ...card, id: `${'x'.repeat(9999)}/ckpt-42`, root: 'y'.repeat(9999) }], {
      servedDigest,
    })
    expect(long).toMatchObject({ name: 'x'.repeat(256), servedDigest: 'y'.repeat(256) })
  })

  it('is unreadable where it is none, and never throws', () => {
    for (const body of [undefined, null, 'x', {}, { data: {} }, { models: [] }])
      expect(readListing(body, ask())).toEqual({ kind: 'failed', cause: 'unreadable-answer' })
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (body, entry) => {
        for (const value of [body, [entry], { data: [entry, { id: model, root: entry }] }]) {
          const probe = readListing(value, ask())
          expect(['listed', 'unlisted', 'failed']).toContain(probe.kind)
          looksLikeOllama(value)
          addOllamaDigest(probe, value, ask())
        }
      }),
    )
  })
})

describe('Ollama', () => {
  const digest = 'f'.repeat(64)
  const tags = {
    models: [
      { name: 'other:latest', digest: 'e' },
      { name: 'ckpt-42:latest', digest, size: 1 },
    ],
  }
  const listed = read([{ id: 'ckpt-42:latest', created: 1, owned_by: 'library' }])

  it('is known by whom its models are owned', () => {
    expect(looksLikeOllama({ data: [{ id: 'x' }, { id: 'y', owned_by: 'library' }] })).toBe(true)
    expect(looksLikeOllama({ data: [card] })).toBe(false)
    expect(looksLikeOllama('x')).toBe(false)
  })

  it('tells the digest of what a name stands for', () => {
    expect(addOllamaDigest(listed, tags, ask())).toEqual({ ...listed, servedDigest: digest })
    expect(addOllamaDigest({ kind: 'not-offered' }, tags, ask())).toMatchObject({
      kind: 'listed',
      name: 'ckpt-42:latest',
      servedDigest: digest,
    })
  })

  it('says nothing of another tag', () => {
    const probe = read([{ id: 'ckpt-42:8b' }], { model: 'ckpt-42:8b' })
    for (const other of [tags, { models: [] }, { models: [{ name: 'ckpt-42:70b', digest }] }, 'x', null])
      expect(addOllamaDigest(probe, other, ask({ model: 'ckpt-42:8b' }))).toEqual(probe)
  })
})
