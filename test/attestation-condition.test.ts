import { spawnSync } from 'node:child_process'
import { describe, expect, it } from '@jest/globals'
import type { Predicate } from '../src/report/predicate.ts'
import { type Fixture, makeReport } from './report/fixture.ts'
import { accepted } from './report/past.ts'
import { listDocBlocks } from './support/doc-blocks.ts'

// What docs/attestation.md has the deploy job ask, carried out by jq where there is one.

const blocks = listDocBlocks('docs/attestation.md')
const program = /jq --exit-status --arg candidate "\$CANDIDATE" '\n([\s\S]*?)' verified\.json/.exec(
  blocks.map(({ text }) => text).join('\n'),
)?.[1]
const hasJq = spawnSync('jq', ['--version']).status === 0
const itWithJq = hasJq ? it : it.skip

/** What `gh attestation verify --format json` prints of one attestation, as far as the condition reads it. */
function isAccepted(predicates: Predicate[], candidate = 'ckpt-42'): boolean {
  const verified = predicates.map((predicate) => ({ verificationResult: { statement: { predicate } } }))
  const { status, stderr } = spawnSync(
    'jq',
    ['--exit-status', '--arg', 'candidate', candidate, program ?? ''],
    {
      input: JSON.stringify(verified),
      encoding: 'utf8',
    },
  )
  if (status !== 0 && status !== 1) throw new Error(`jq: ${stderr}`)
  return status === 0
}

const fine = { id: 'fine', limitPer100k: 20_000, baseline: { events: 4 }, candidate: { events: 4 } }
const worse = { id: 'worse', baseline: {}, candidate: { events: 60 } }
const predict = (fixture: Partial<Fixture> = {}) =>
  makeReport({ turns: 400, categories: [fine], ...fixture }).view.predicate

describe('the condition of the deploy job', () => {
  it('is on the page', () => {
    expect(program).toContain('.result == "PASSED"')
  })

  itWithJq(`lets a pass through, also among other attestations${hasJq ? '' : ' (there is no jq)'}`, () => {
    expect(isAccepted([predict()])).toBe(true)
    expect(isAccepted([predict({ categories: [worse] }), predict()])).toBe(true)
  })

  itWithJq.each<[string, { predicates: Predicate[]; candidate?: string }]>([
    ['no attestation at all', { predicates: [] }],
    ['a failure', { predicates: [predict({ categories: [fine, worse] })] }],
    ['a failure that is accepted', { predicates: [predict({ categories: [worse], accepted })] }],
    ['a smoke run', { predicates: [predict({ tier: 'smoke' })] }],
    ['the pass of another checkpoint', { predicates: [predict()], candidate: 'ckpt-43' }],
    [
      'a run without a trust anchor',
      {
        predicates: [
          predict({
            change: (summary) => ({ ...summary, commits: { ...summary.commits, trustAnchor: 'none' } }),
          }),
        ],
      },
    ],
    [
      'recorded answers',
      {
        predicates: [
          predict({
            change: (summary) => ({
              ...summary,
              arms: {
                ...summary.arms,
                candidate: {
                  ...summary.arms.candidate,
                  source: { kind: 'recorded', sha256: 'd'.repeat(64) },
                },
              },
            }),
          }),
        ],
      },
    ],
  ])('stops %s', (_, { predicates, candidate }) => {
    expect(isAccepted(predicates, candidate)).toBe(false)
  })
})
