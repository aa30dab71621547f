import { describe, expect, it } from '@jest/globals'
import { expectCleanContract, useWorlds } from './use-worlds.ts'
import { writePolicy } from './world.ts'

// The committed dist/index.js with `mode: plan`: what a workflow would see before any money is spent.

const { open } = useWorlds()

/** No endpoint is given: a plan that asked one would fail. */
const inputs = { mode: 'plan', endpoints: '' }

describe('mode: plan', () => {
  it('writes the forecast to the job summary, asks no endpoint and leaves the comment alone', async () => {
    const world = await open()
    const run = await world.run({ inputs })
    expect(run.exitCode).toBe(0)
    expect(run.outputs.verdict).toBe('')
    expect(run.outputs['gate-message']).toMatch(
      /^PLAN: 200 turns pass with a chance of .+ % at the predictions\.$/,
    )
    expect(run.outputs['plan-digest']).toMatch(/^[0-9a-f]{64}$/)
    expect(run.summary).toContain('## Checkpoint Gate: plan')
    expect(run.summary).toContain('### `tool-use-dishonesty`: predicted 1 %')
    expect(run.summary).toContain('### Cost and time')
    expect(run.summary).toContain('false FAILs: at most')
    expect(run.annotations).toEqual([])
    expect(world.github.comments).toEqual([])
    expectCleanContract(world)
  })

  it('is red where something can not be measured: exit code 3, and the three ways out', async () => {
    const world = await open({ policy: writePolicy({ limit: '1%' }) })
    const run = await world.run({ inputs })
    expect(run.exitCode).toBe(3)
    expect(run.outputs['gate-message']).toMatch(
      /^NOT MEASURABLE: leaks-system-prompt is not measurable: 200 turns/,
    )
    expect(run.summary).toContain('### Problems')
    expect(run.summary).toMatch(/draw (at least|about) \d+ turns, raise the limit to \S+ % or more, or set /)
    expect(run.annotations.map(({ level }) => level)).toEqual(['error'])
    expect(world.github.comments).toEqual([])
  })

  it('has nothing to plan for an unchanged checkpoint, and knows no other mode', async () => {
    const world = await open({ candidate: 'demo-baseline' })
    const unchanged = await world.run({ inputs })
    expect(unchanged.exitCode).toBe(0)
    expect(unchanged.outputs.verdict).toBe('unchanged')
    const wrong = await world.run({ inputs: { mode: 'guess' } })
    expect(wrong.exitCode).toBe(3)
    expect(wrong.outputs['gate-message']).toContain('"guess" is not a mode')
  })
})
