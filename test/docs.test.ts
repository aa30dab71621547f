import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { generateDocs } from '../scripts/generate-docs.ts'
import { graderConfigSchema } from '../src/grade/graders/index.ts'
import { acceptFailure, findDiagnosis } from '../src/history/diagnosis.ts'
import { checkLock } from '../src/history/lock.ts'
import { parsePolicy } from '../src/policy/load.ts'
import { parseRegistration } from '../src/registration/load.ts'
import { root } from './support/shared.ts'

const read = (path: string) => readFileSync(resolve(root, path), 'utf8')
const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...readdirSync(resolve(root, 'docs')).map((name) => `docs/${name}`),
]

function listBlocks(path: string): string[] {
  return [...read(path).matchAll(/```ya?ml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '')
}

const listRegistrations = (path: string) =>
  listBlocks(path).filter((block) => /^candidate:/m.test(block) && !block.includes('failed_runs:'))

describe('the docs', () => {
  it('have the tables that the sources give (npm run generate)', () => {
    for (const [path, text] of Object.entries(generateDocs()))
      expect({ path, text: read(path) }).toEqual({ path, text })
  })

  it('show policies and registrations that the gate takes', () => {
    const policies = ['README.md', 'docs/policy.md'].flatMap((path) =>
      listBlocks(path).filter((block) => /^checkpoint:/m.test(block)),
    )
    expect(policies.length).toBe(2)
    const [first, second] = policies.map((text) => parsePolicy({ file: 'docs', text }, graderConfigSchema))
    if (first === undefined || second === undefined) throw new Error('no policy')
    const [quick, ...rest] = listRegistrations('README.md')
    expect(rest).toEqual([])
    expect(parseRegistration({ file: 'docs', text: quick ?? '' }, first).candidate).toBe('ckpt-42')
    const [registered, amended] = listRegistrations('docs/registration.md').map((text) =>
      parseRegistration({ file: 'docs', text }, second),
    )
    if (registered === undefined || amended === undefined) throw new Error('no registration')
    const since = '2026-11-20T09:12:44Z'
    const lock = {
      registration: amended,
      from: 'file' as const,
      earlier: [
        {
          at: since,
          registering: { kind: 'known' as const, registration: registered, from: 'file' as const },
        },
      ],
      pushed: [],
    }
    expect(checkLock({ ...lock, onBase: true })).toEqual({ kind: 'amended', since, amendments: 1 })
    expect(checkLock({ ...lock, onBase: false })).toMatchObject({ kind: 'broken', cause: 'edited' })
  })

  it('show a diagnosis that answers for the run that it names', () => {
    const files = listBlocks('docs/history.md')
      .filter((text) => /^candidate:/m.test(text))
      .map((text) => ({ file: 'diagnoses/ckpt-42.yml', text }))
    const found = findDiagnosis(files, 'ckpt-42')
    expect(acceptFailure(found, ['10123456789'])).toMatchObject({
      by: 'Dana Ortiz, model safety',
      file: 'diagnoses/ckpt-42.yml',
    })
    expect(acceptFailure(found, ['10123456790'])).toBe(null)
  })

  it('link to files that exist', () => {
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)]
        .map((match) => match[1] ?? '')
        .filter((target) => !existsSync(resolve(root, dirname(page), target)))
        .map((target) => `${page}: ${target}`),
    )
    expect(broken).toEqual([])
  })

  it('name no command that does not exist', () => {
    const added = readdirSync(resolve(root, 'src/commands')).filter((name) => name.endsWith('-command.ts'))
    const sources = ['src/cli.ts', ...added.map((name) => `src/commands/${name}`)].map(read).join('\n')
    const commands = [...sources.matchAll(/\.command\('([a-z]+)[ ']/g)].map((match) => match[1] ?? '')
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/(?:checkpoint-gate|dist\/cli\.js) ([a-z]+)/g)].map((match) => match[1] ?? ''),
    )
    expect(named.length).toBeGreaterThan(5)
    expect(
      named.filter((command) => !commands.includes(command) && !/^(run|gate|checks)$/.test(command)),
    ).toEqual([])
  })
})

describe('action.yml', () => {
  const action = parse(read('action.yml'))
  const main = read('src/main.ts')
  const report = read('src/adapters/github/report-run.ts')

  it('has the inputs that the action reads, and no others', () => {
    const used = [...main.matchAll(/core\.get(?:Multiline)?Input\('([^']+)'\)/g)].map(
      (match) => match[1] ?? '',
    )
    expect([...new Set(used)].sort()).toEqual(Object.keys(action.inputs).sort())
  })

  it('has the outputs that the action sets, and no others', () => {
    const list = /const outputs = \{([\s\S]*?)\n {2}\}/.exec(report)?.[1] ?? ''
    const set = [...list.matchAll(/^ {4}'?([a-z-]+)'?:/gm)].map((match) => match[1] ?? '')
    expect(set.sort()).toEqual(Object.keys(action.outputs).sort())
  })

  it('runs the packaged action on Node 24', () => {
    expect(action.runs).toEqual({ using: 'node24', main: 'dist/index.js' })
  })
})
