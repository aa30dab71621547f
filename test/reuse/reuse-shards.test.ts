import { describe, expect, it } from '@jest/globals'
import { formatVerdict } from '../../src/publish.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import type { ClientScript } from '../fakes/scripted-client.ts'
import { nameCheckpoints, type ScenarioOptions } from '../support/gate-scenario.ts'
import { measureAll, mergeAll } from '../support/in-shards.ts'
import { createShelf, letReuse, reuseCategories, run, type Shelf } from '../support/reuse-runs.ts'

// What several jobs take over of a baseline together.

const turns = 750
const layout = { of: 2, waves: 3 }

function optionsFor(shelf: Shelf, scripts: ScenarioOptions['scripts'] = {}): ScenarioOptions {
  return {
    ...{ turns, scripts },
    policy: { replay: letReuse(7), categories: reuseCategories },
    files: nameCheckpoints({ baseline: 'ckpt-1', candidate: 'ckpt-102' }),
    ports: { baselines: shelf, clock: createFakeClock(new Date('2026-11-04T08:00:00Z')) },
  }
}

describe('shards', () => {
  it('take over from the second wave on what the first has compared, and come to the verdict of one job', async () => {
    const shelf = createShelf()
    await run(shelf, 101, { turns })
    const options = optionsFor(shelf)
    const { left, units } = await measureAll({ layout, options })
    // The first wave is a batch of 250 turns, in both arms; the others ask the candidate alone.
    expect(units).toBe(turns + 250)
    const { decided } = await mergeAll({ left, of: layout.of, options })
    expect(decided.record.summary.arms.baseline.reused).toMatchObject({
      ...{ days: 7, units: 500, notes: [] },
      runs: [{ id: '101', units: 500 }],
      check: { turns: 50 },
    })
    const alone = await run(shelf, 102, { turns, day: 2 })
    expect(formatVerdict(decided)).toBe(formatVerdict(alone.decided))
  })

  it('take over nothing in a wave alone, or where the baseline has changed', async () => {
    const shelf = createShelf()
    await run(shelf, 101, { turns })
    const options = optionsFor(shelf)
    const one = await measureAll({ layout: { of: 2, waves: 1 }, options })
    expect(one.units).toBe(2 * turns)
    const longer: ClientScript = () => 'a kind answer, and a longer one'
    const changed = optionsFor(shelf, { baseline: longer })
    const { left, units } = await measureAll({ layout, options: changed })
    expect(units).toBe(2 * turns)
    const { decided } = await mergeAll({ left, of: layout.of, options: changed })
    expect(decided.record.summary.arms.baseline.reused).toMatchObject({
      units: 0,
      notes: [expect.stringContaining('the length of answers differ')],
    })
  })

  it('keep their baseline together, for a run of one job', async () => {
    const shelf = createShelf()
    const options = optionsFor(shelf)
    const { left } = await measureAll({ layout, options })
    const { directory } = await mergeAll({ left, of: layout.of, options })
    expect((directory.files.get('baseline.jsonl') ?? '').trimEnd().split('\n')).toHaveLength(turns)
  })
})
