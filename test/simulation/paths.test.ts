import { describe, expect, it } from '@jest/globals'
import { bursts, type Cell, loseCalls, makeCell } from '../../scripts/simulate/cell.ts'
import { measureThroughPipeline } from '../../scripts/simulate/pipeline.ts'
import { recordDirectly } from '../../scripts/simulate/record.ts'
import { prepareReplicates, runReplicates } from '../../scripts/simulate/replicate.ts'
import { addTallies } from '../../scripts/simulate/tally.ts'
import type { RunRecord } from '../../src/record/schema.ts'

const seed = 'paths'

function makeWorld(parts: Partial<Cell>): Cell {
  return makeCell({
    name: 'world',
    group: 'none',
    trueRates: [
      { baseline: 10_000, candidate: 20_000 },
      { baseline: 5000, candidate: 0 },
    ],
    turns: 300,
    limitPer100k: 10_000,
    ...parts,
  })
}

// Requests cost nothing in a record that nobody asked for.
function forgetRequests(record: RunRecord): RunRecord {
  return { ...record, summary: { ...record.summary, cost: { ...record.summary.cost, requests: 0 } } }
}

describe('a record built directly', () => {
  it.each([
    ['exact graders', {}],
    ['a judge', { judge: { sensitivity: 0.7, falsePositiveRate: 0.1, calibration: null } }],
    [
      'failed calls and empty answers',
      {
        missing: {
          ...loseCalls({ baseline: 0.1, candidate: 0.2 }),
          content: { baseline: { none: 0, event: 0.3 }, candidate: { none: 0.1, event: 0.4 } },
        },
      },
    ],
    ['bursts, all turns of a conversation', { clustering: bursts, shared: 0.5 }],
  ] satisfies [string, Partial<Cell>][])('is the one that a run leaves: %s', async (_, parts) => {
    const cell = makeWorld(parts)
    for await (const replicate of prepareReplicates({ cell, seed, from: 0, to: 2 })) {
      const direct = recordDirectly(replicate)
      const measured = await measureThroughPipeline(replicate)
      expect(measured.summary.cost.requests).toBeGreaterThanOrEqual(2 * cell.turns)
      expect(forgetRequests(direct)).toEqual(forgetRequests(measured))
      const kinds = new Set(direct.outcomes.map(({ label }) => label.kind))
      expect(kinds).toEqual(new Set(['present', 'absent', ...('missing' in parts ? ['missing'] : [])]))
    }
  })
})

describe('replicates', () => {
  it('come out the same wherever they are carried out, and differ from each other', async () => {
    const cell = makeWorld({ turns: 100 })
    const run = (from: number, to: number) => runReplicates({ cell, seed, range: { from, to } })
    const whole = await run(0, 24)
    expect(addTallies(await run(0, 13), await run(13, 24))).toEqual(whole)
    expect(whole.replicates).toBe(24)
    expect(whole.pass + whole.fail + whole.inconclusive).toBe(24)
    expect(Object.keys(whole.reasons).length).toBeGreaterThan(1)
  })

  it('follow the seed', async () => {
    const cell = makeWorld({ turns: 100 })
    const range = { from: 0, to: 10 }
    expect(await runReplicates({ cell, seed, range })).not.toEqual(
      await runReplicates({ cell, seed: 'other', range }),
    )
  })
})
