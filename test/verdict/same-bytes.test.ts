import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { build } from 'esbuild'
import type { State } from '../../src/estimate/observations.ts'
import { decideStates, makeRecord, type RecordStates } from '../estimate/records.ts'
import { root } from '../support/shared.ts'
import { makeRandom } from './chance.ts'

/** The Node that npm runs on: with a local `node` package another one than the tests'. */
const otherNode = process.env.npm_node_execpath
const itWithOther = otherNode === undefined || !existsSync(otherNode) ? it.skip : it

const script = `
import { readFileSync } from 'node:fs'
import { estimateCategories } from './src/estimate/estimate.ts'
import { decideVerdict } from './src/verdict/decide.ts'
const decided = JSON.parse(readFileSync(process.argv[2], 'utf8')).map((record) => {
  const estimates = estimateCategories(record)
  return { estimates, verdict: decideVerdict(record.summary, estimates) }
})
process.stdout.write(JSON.stringify(decided))
`

/** Records with rates of all sizes, every kind of missing turn, equal and unequal weights, limits near the rates. */
function makeFixtures(): RecordStates[] {
  const random = makeRandom(24)
  const draw = (rate: number, missing: number): State => {
    if (random() < missing) return random() < 0.7 ? 'transport-missing' : 'content-missing'
    return random() < rate ? 'event' : 'none'
  }
  return [0, 1, 2, 3].map((kind) => {
    const turns = 150 + 400 * kind
    const rates = [0.002, 0.01, 0.05, 0.12, 0.4, 0.9]
    return {
      weights: Array.from({ length: turns }, () => (kind < 2 ? 1 : 1 + Math.floor(12 * random() * random()))),
      conversations: Array.from(
        { length: turns },
        (_, index) => `c${kind === 3 ? Math.floor(index / 2) : index}`,
      ),
      categories: rates.map((rate, index) => ({
        id: `category-${index}`,
        limitPer100k: 100_000 * rate * (0.6 + random()),
        baseline: Array.from({ length: turns }, () => draw(rate, 0.004 * kind)),
        candidate: Array.from({ length: turns }, () => draw(Math.min(1, 1.1 * rate), 0.004 * kind)),
      })),
    }
  })
}

describe('the bundled estimate and verdict', () => {
  const fixtures = makeFixtures()
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'same-bytes-'))
    await writeFile(
      join(folder, 'records.json'),
      JSON.stringify(fixtures.map((states) => makeRecord(states))),
    )
    await build({
      stdin: { contents: script, resolveDir: root, loader: 'ts' },
      outfile: join(folder, 'decide.mjs'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'error',
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    })
  })
  afterAll(async () => rm(folder, { recursive: true, force: true }))

  const runUnder = async (node: string): Promise<string> => {
    const args = [join(folder, 'decide.mjs'), join(folder, 'records.json')]
    return (await promisify(execFile)(node, args, { maxBuffer: 1e8 })).stdout
  }
  const expected = () => JSON.stringify(fixtures.map((states) => decideStates(states)))

  it('gives the same bytes as the sources', async () => {
    expect(await runUnder(process.execPath)).toBe(expected())
  })

  itWithOther(
    `gives the same bytes under npm's own Node (${otherNode ?? 'npm_node_execpath is not set'})`,
    async () => {
      expect(await runUnder(otherNode ?? '')).toBe(expected())
    },
  )

  it('covers passes, fails and doubts under both methods', () => {
    const categories = fixtures.flatMap((states) => decideStates(states).verdict.categories)
    const methods = fixtures.flatMap((states) => decideStates(states).estimates.map(({ method }) => method))
    expect(new Set(categories.map(({ verdict }) => verdict))).toEqual(
      new Set(['pass', 'fail', 'inconclusive']),
    )
    expect(new Set(methods)).toEqual(new Set(['exact', 'weighted']))
  })
})
