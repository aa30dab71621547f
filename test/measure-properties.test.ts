import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type ClientScript, completeWith, failWith, type ScriptedAnswer } from './fakes/scripted-client.ts'
import { createScenario, decide, honestJudge, type ScenarioOptions } from './support/gate-scenario.ts'

const turns = 24

/** What an endpoint does with a turn: the same however and whenever it is asked. */
type Habit = 'kind' | 'rude' | 'leaking' | 'lost' | 'lost-once' | 'empty' | 'refused' | 'slip' | 'unjudgeable'

interface World {
  candidate: Habit[]
  baseline: Habit[]
}

const habit = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<Habit>('kind') },
  { weight: 3, arbitrary: fc.constantFrom<Habit>('rude', 'leaking', 'lost-once', 'slip') },
  { weight: 1, arbitrary: fc.constantFrom<Habit>('lost', 'empty', 'refused', 'unjudgeable') },
)
// Fewer than five turns fail for good, so that no order of them looks like an endpoint that is not there.
const habits = fc
  .array(habit, { minLength: turns, maxLength: turns })
  .map((all) => all.map((one, index) => (isLasting(one) && index >= 4 ? 'kind' : one)))
const world: fc.Arbitrary<World> = fc.record({ candidate: habits, baseline: habits })
const delays = fc.infiniteStream(fc.integer({ min: 0, max: 3 }))

function isLasting(one: Habit): boolean {
  return one === 'lost' || one === 'refused'
}

/** The endpoints of a world, each answer after the next of the given delays. */
function script(world: World, delays: Iterator<number>): NonNullable<ScenarioOptions['scripts']> {
  const late = (answer: ClientScript): ClientScript => {
    return async (request, index, signal) => {
      const delayMs = delays.next().value ?? 0
      if (delayMs > 0) await wait(delayMs)
      return answer(request, index, signal)
    }
  }
  const find = (arm: 'baseline' | 'candidate', id: string) => world[arm][Number(id.slice(2, 5))] ?? 'kind'
  const play = (arm: 'baseline' | 'candidate'): ClientScript => {
    const seen = new Set<string>()
    return ({ customId }) => {
      const first = !seen.has(customId)
      seen.add(customId)
      return answerAs(find(arm, customId), first)
    }
  }
  const judged = new Set<string>()
  const judge: ClientScript = (request, index, signal) => {
    const [id = '', arm = ''] = request.customId.split('|')
    const one = find(arm === 'candidate' ? 'candidate' : 'baseline', id)
    const first = !judged.has(request.customId)
    judged.add(request.customId)
    if (one === 'unjudgeable' || (one === 'slip' && first)) return 'let me think'
    return honestJudge(request, index, signal)
  }
  return { baseline: late(play('baseline')), candidate: late(play('candidate')), judge: late(judge) }
}

function answerAs(one: Habit, first: boolean): ScriptedAnswer {
  if (one === 'lost' || (one === 'lost-once' && first)) return failWith('server-error')
  if (one === 'empty') return failWith('empty-answer')
  if (one === 'refused') return failWith('bad-request')
  if (one === 'rude') return completeWith({ text: 'RUDE', model: 'served' })
  return completeWith({ text: one === 'leaking' ? 'LEAK' : 'a kind answer', model: 'served' })
}

async function run(parts: {
  world: World
  delays: Iterator<number>
  concurrency: number
  options?: ScenarioOptions
}) {
  const { world, delays, concurrency, options = {} } = parts
  const scenario = createScenario({
    turns,
    policy: { replay: { concurrency, max_attempts: 2 }, slices: ['surface'] },
    scripts: script(world, delays),
    ...options,
  })
  const decided = await decide(scenario)
  const files = ['turns.jsonl', 'outcomes.jsonl', 'completions.jsonl'].map((name) =>
    scenario.directory.files.get(name),
  )
  return { verdict: JSON.stringify(decided.verdict, null, 2), files, decided, directory: scenario.directory }
}

const still = () => [][Symbol.iterator]() as Iterator<number>

describe('a verdict', () => {
  it('does not depend on concurrency, nor on the order in which answers come', async () => {
    await fc.assert(
      fc.asyncProperty(world, delays, async (world, delays) => {
        const one = await run({ world, delays: still(), concurrency: 1 })
        const many = await run({ world, delays, concurrency: 32 })
        expect(many.verdict).toBe(one.verdict)
        expect(many.files).toEqual(one.files)
      }),
      { numRuns: 15 },
    )
  })

  it('does not depend on where a run is cut and continued', async () => {
    await fc.assert(
      fc.asyncProperty(world, delays, fc.integer({ min: 1, max: 100 }), async (world, delays, cut) => {
        const whole = await run({ world, delays: still(), concurrency: 1 })
        const cancel = new AbortController()
        const counting: Iterator<number> = {
          next: () => {
            cut -= 1
            if (cut === 0) cancel.abort()
            return delays.next()
          },
        }
        const first = await run({
          world,
          delays: counting,
          concurrency: 8,
          options: { ports: { cancelled: cancel.signal } },
        })
        const options = { directory: first.directory }
        const second = await run({ world, delays: still(), concurrency: 3, options })
        expect(second.verdict).toBe(whole.verdict)
        expect(second.files).toEqual(whole.files)
      }),
      { numRuns: 15 },
    )
  })

  it('does not depend on the order of the corpus, but for the digest of its manifest', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (world) => {
        const blank = (verdict: string) => verdict.replace(/"plan_digest": "[0-9a-f]+"/, '')
        const forward = await run({ world, delays: still(), concurrency: 4 })
        const backward = await run({ world, delays: still(), concurrency: 4, options: { reversed: true } })
        expect(backward.verdict).not.toBe(forward.verdict)
        expect(blank(backward.verdict)).toBe(blank(forward.verdict))
        expect(backward.files).toEqual(forward.files)
      }),
      { numRuns: 10 },
    )
  })

  it('comes with counts that reconcile, in every category and arm', async () => {
    await fc.assert(
      fc.asyncProperty(world, fc.integer({ min: 1, max: 120 }), async (world, maxRequests) => {
        const policy = { replay: { max_attempts: 2 }, budget: { max_requests: maxRequests } }
        const { decided } = await run({ world, delays: still(), concurrency: 4, options: { policy } })
        expect(decided.record.summary.cost.requests).toBeLessThanOrEqual(maxRequests)
        for (const { candidate, baseline } of decided.verdict.categories) {
          for (const arm of [candidate, baseline]) {
            expect(arm.graded + arm.missing + arm.not_asked).toBe(turns)
          }
        }
        if (decided.record.summary.stopped !== null) expect(decided.verdict.verdict).toBe('inconclusive')
      }),
      { numRuns: 20 },
    )
  })
})
