import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { root } from './support/shared.ts'

/** Data flows one way: a stage imports only itself and what stands before it. */
const stages = [
  'policy',
  'registration',
  'plan',
  'corpus',
  'sample',
  'replay',
  'tools',
  'grade',
  'record',
  'estimate',
  'verdict',
  'history',
  'forecast',
  'report',
]
/** What every stage may use. */
const common = ['src/errors.ts', 'src/ports.ts', 'src/safe-text.ts']
/** What may touch the world. */
const edges = ['src/main.ts', 'src/cli.ts', 'src/adapters/']
const world = /^(@actions\/.*|openai|node:(fs|fs\/promises|http|https|net|child_process|readline))$/

interface Import {
  file: string
  target: string
  typeOnly: boolean
}

const sources = readdirSync(resolve(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `src/${file}`)

function listImports(file: string): Import[] {
  const text = readFileSync(resolve(root, file), 'utf8')
  const statements = [...text.matchAll(/^(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'/gm)]
  const dynamic = [...text.matchAll(/\bimport\('([^']+)'\)/g)].map((match) => ({
    specifier: match[1] ?? '',
    typeOnly: false,
  }))
  return [
    ...statements.map((match) => ({ specifier: match[2] ?? '', typeOnly: match[1] !== undefined })),
    ...dynamic,
  ].map(({ specifier, typeOnly }) => ({
    file,
    typeOnly,
    target: specifier.startsWith('.') ? relative(root, resolve(root, dirname(file), specifier)) : specifier,
  }))
}

const imports = sources.flatMap((file) => listImports(file))

function stageOf(path: string): number {
  return stages.findIndex((stage) => path.startsWith(`src/${stage}/`))
}

describe('the house', () => {
  it('reads the sources it judges', () => {
    expect(sources.length).toBeGreaterThan(50)
    expect(imports.length).toBeGreaterThan(200)
  })

  it('lets data flow one way: no stage imports a later one, or anything but stages and what is common', () => {
    const wrong = imports.filter(({ file, target }) => {
      const stage = stageOf(file)
      if (stage < 0 || !target.startsWith('src/')) return false
      const other = stageOf(target)
      return other < 0 ? !common.includes(target) : other > stage
    })
    expect(wrong).toEqual([])
  })

  it('keeps ports free of code: it imports types only', () => {
    expect(imports.filter(({ file, typeOnly }) => file === 'src/ports.ts' && !typeOnly)).toEqual([])
  })

  it('touches the world only in main.ts, cli.ts and adapters/', () => {
    const inner = (file: string) => !edges.some((edge) => file.startsWith(edge))
    const wrong = imports.filter(({ file, target }) => inner(file) && world.test(target))
    expect(wrong).toEqual([])
    const fetching = sources.filter(
      (file) => inner(file) && /\bfetch\(/.test(readFileSync(resolve(root, file), 'utf8')),
    )
    expect(fetching).toEqual([])
  })

  it('lets no stage know an adapter', () => {
    expect(
      imports.filter(({ file, target }) => stageOf(file) >= 0 && target.startsWith('src/adapters/')),
    ).toEqual([])
  })

  it('has every path that ARCHITECTURE.md names', () => {
    const text = readFileSync(resolve(root, 'ARCHITECTURE.md'), 'utf8')
    const paths = [
      ...text.matchAll(
        /`((?:src|test|docs|rubrics|schema|examples|bench|scripts|dist|\.github|\.ci)\/[^`<> ]*)`/g,
      ),
    ].map((match) => match[1] ?? '')
    expect(paths.length).toBeGreaterThan(15)
    expect(paths.filter((path) => !existsSync(resolve(root, path)))).toEqual([])
  })

  it('has files that can be read in one go', () => {
    const long = sources.filter((file) => readFileSync(resolve(root, file), 'utf8').split('\n').length > 300)
    expect(long).toEqual([])
  })
})
