import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { generateFiles } from '../scripts/generate.ts'
import { edit as editPolicy, policyText } from './policy/policies.ts'
import { edit as editRegistration, registrationText } from './registration/registrations.ts'
import { checkJson, type JsonSchema } from './support/json-schema.ts'
import { root } from './support/shared.ts'

const generated = generateFiles()
const names = [
  'calibration',
  'calibration-record',
  'labelled-item',
  'policy',
  'registration',
  'manifest',
  'conversation',
  'verdict',
  'predicate',
  'diagnosis',
  'realism',
  'realism-pair',
]

function readText(path: string): string {
  return readFileSync(resolve(root, path), 'utf8')
}

function readSchema(name: string): JsonSchema {
  return JSON.parse(readText(`schema/${name}.schema.json`))
}

function findExamples(pattern: RegExp): string[] {
  return readdirSync(resolve(root, 'examples'), { recursive: true, encoding: 'utf8' })
    .filter((path) => pattern.test(path))
    .map((path) => `examples/${path}`)
    .toSorted()
}

/** Every schema of an object inside a schema. */
function listObjects(schema: unknown): JsonSchema[] {
  if (typeof schema !== 'object' || schema === null) return []
  const inner = Object.values(schema).flatMap((value) => listObjects(value))
  return 'properties' in schema && 'type' in schema ? [schema, ...inner] : inner
}

describe('the published JSON Schemas', () => {
  it('are those that the sources generate, and no others', () => {
    const paths = names.map((name) => `schema/${name}.schema.json`).toSorted()
    expect(Object.keys(generated).toSorted()).toEqual(paths)
    expect(
      readdirSync(resolve(root, 'schema'))
        .map((name) => `schema/${name}`)
        .toSorted(),
    ).toEqual(paths)
    for (const path of paths) expect(readText(path)).toBe(generated[path])
  })

  it.each(names)('say what they are: %s', (name) => {
    const schema = readSchema(name)
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema')
    expect(schema.title).toMatch(/^Checkpoint Gate /)
    expect(schema.description).not.toBe('')
    expect(schema).not.toHaveProperty('$id')
  })

  it.each(names)('refuse unknown keys everywhere: %s', (name) => {
    const objects = listObjects(readSchema(name))
    expect(objects.length).toBeGreaterThan(0)
    expect(objects.filter((schema) => schema.additionalProperties !== false)).toEqual([])
  })
})

describe('the policy’s schema', () => {
  const check = (text: string) => checkJson(parse(text), readSchema('policy'))
  const policies = [...findExamples(/(^|\/)checkpoint-gate\.yml$/), '.github/checkpoint-gate.yml']

  it.each(policies)('takes %s', (path) => {
    expect(check(readText(path))).toEqual([])
  })

  it('is tried on more than one example', () => {
    expect(policies.length).toBeGreaterThanOrEqual(4)
  })

  it.each([
    ['', 'judgee: {}\n', '$.judgee: unknown'],
    ['limit: 0.5%', 'limt: 0.5%', '$.categories[1].limt: unknown'],
    ['limit: 0.5%', 'limit: 1', '$.categories[1].limit: not string'],
    ['limit: 0.5%', 'limit: .nan', '$.categories[1].limit: not string'],
    ['limit: 0.5%', 'limit: -1%', '$.categories[1].limit: another pattern'],
    ['any: [BEGIN]', 'ayn: [BEGIN]', '$.categories[2].graders[0]: not one of the choices'],
    ['version: 1', 'version: 2', '$.version: not 1'],
    ['turns: 400', 'turns: 0', '$.sample.turns: too small'],
    ['', 'gate: { missing_budget: 0.01 }\n', '$.gate.missing_budget: not string'],
    ['epoch: 2026-11', 'epoch: true', '$.sample.epoch: none of the choices'],
  ])('refuses %j, %j', (from, to, problem) => {
    expect(check(policyText)).toEqual([])
    expect(check(editPolicy(from, to))).toContain(problem)
  })
})

describe('the registration’s schema', () => {
  const check = (text: string) => checkJson(parse(text), readSchema('registration'))
  const registrations = findExamples(/\/preregistration\/[^/]+\.(ya?ml|json)$/)

  it.each(registrations)('takes %s', (path) => {
    expect(check(readText(path))).toEqual([])
  })

  it('is tried on more than one example', () => {
    expect(registrations.length).toBeGreaterThanOrEqual(4)
  })

  it.each([
    ['rate: 1%', 'rate: 1', '$.predictions[0].rate: not string'],
    ['[0.5%, 2%]', '[0.5%]', '$.predictions[0].interval: too few'],
    ['[0.5%, 2%]', '[0.5%, 2]', '$.predictions[0].interval[1]: not string'],
    ['direction: down', 'direction: lower', '$.predictions[0].direction: not an option'],
    ['limit: 0.4%', 'limits: 0.4%', '$.predictions[1].limits: unknown'],
    ['candidate: ckpt-42\n', '', '$.candidate: missing'],
  ])('refuses %j, %j', (from, to, problem) => {
    expect(check(registrationText)).toEqual([])
    expect(check(editRegistration(from, to))).toContain(problem)
  })
})

describe('the schemas of a corpus', () => {
  it.each(findExamples(/(^|\/)manifest\.json$/))('take %s', (path) => {
    expect(checkJson(JSON.parse(readText(path)), readSchema('manifest'))).toEqual([])
  })

  it('take every conversation of the demo', () => {
    const schema = readSchema('conversation')
    const lines = readText('examples/demo/conversations.jsonl').trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(100)
    expect(lines.flatMap((line) => checkJson(JSON.parse(line), schema))).toEqual([])
  })

  it('refuse what is no conversation', () => {
    const messages = [{ role: 'user', content: 'q', extra: 1 }]
    expect(checkJson({ id: 'a b', messages, tool: [] }, readSchema('conversation'))).toEqual([
      '$.id: another pattern',
      '$.messages[0]: not one of the choices',
      '$.tool: unknown',
    ])
  })
})
