import { beforeAll, expect, it } from '@jest/globals'
import type { Conversation } from '../../src/corpus/conversation.ts'
import { type AutomaticResult, discriminateByFeatures } from '../../src/realism/automatic.ts'
import { degrade, type degradeKinds, makeControls } from '../../src/realism/degrade.ts'
import type { RealismPair } from '../../src/realism/pair.ts'
import { takeRollout } from '../../src/realism/pairs-of-run.ts'
import { renderRollout } from '../../src/realism/render.ts'
import { createRandomFor, shuffleByHash } from '../../src/realism/seed.ts'
import { describeWithShared, sharedPath } from '../support/shared.ts'
import { readTrajectories } from './convert-tau-bench.ts'

/** What the agent did after a user's message, where it called a tool; pairs are of one conversation by their task. */
function listRollouts({ id, messages, metadata }: Conversation) {
  return messages.flatMap((message, index) => {
    const real =
      message.role === 'assistant' && messages[index - 1]?.role === 'user' ? takeRollout(messages, index) : []
    if (!real.some(({ role }) => role === 'tool')) return []
    return [
      {
        id: `${id}#${index}`,
        task: String(metadata?.task),
        trial: metadata?.trial,
        prefix: messages.slice(0, index),
        real,
      },
    ]
  })
}

const compare = (
  pairs: readonly RealismPair[],
  parts: { seed?: string; permutations?: number } = {},
): AutomaticResult => discriminateByFeatures({ pairs, alpha: 0.05, seed: 'test', permutations: 39, ...parts })

describeWithShared('421 rollouts of an airline agent with tools', () => {
  let rollouts: ReturnType<typeof listRollouts>
  let originals: RealismPair[]

  beforeAll(async () => {
    rollouts = (await readTrajectories(sharedPath('data/tau-bench/gpt-4o-airline.trials-0-2.json'))).flatMap(
      listRollouts,
    )
    originals = rollouts.map(({ id, task, prefix, real }) => ({
      id,
      conversation: task,
      prefix,
      real,
      simulated: real,
    }))
  })

  function spoilAll(kind: (typeof degradeKinds)[number]): RealismPair[] {
    return originals.flatMap((pair) => {
      const random = createRandomFor('spoil', pair.id)
      const simulated = degrade({ kind, pair, others: originals, random })
      return simulated === null || renderRollout(simulated) === renderRollout(pair.real)
        ? []
        : [{ ...pair, simulated }]
    })
  }

  it('are of 49 tasks', () => {
    expect(originals).toHaveLength(421)
    expect(new Set(originals.map(({ conversation }) => conversation)).size).toBe(49)
  })

  // The words of another conversation look like words of this one: only a model sees that they don't belong.
  it.each([
    ['errors-removed', 41, true],
    ['results-generic', 421, true],
    ['order-shuffled', 162, true],
    ['answer-shortened', 372, true],
    ['answer-exchanged', null, false],
  ] as const)('spoilt by %s are told apart without a model: %p pairs, %p', (kind, count, isTold) => {
    const pairs = spoilAll(kind)
    if (count !== null) expect(pairs).toHaveLength(count)
    const { permutationP, winRate } = compare(pairs)
    expect(permutationP <= 0.05).toBe(isTold)
    if (isTold) expect(winRate.upper).toBeLessThan(0.5)
  })

  it('have a control whose degraded rollouts are detected', () => {
    const controls = makeControls({ pairs: originals, count: 421, seed: 'test' })
    expect(controls).toHaveLength(421)
    expect(compare(controls.map(({ pair }) => pair)).winRate.upper).toBeLessThan(0.3)
  })

  // The n-th rollout of a task in one trial beside the n-th in another; which is called real is drawn by task.
  it('are not told from those of another trial beyond the error rate of the test', () => {
    const listOf = (trial: number, task: string) =>
      rollouts.filter((own) => own.trial === trial && own.task === task)
    const tasks = [...new Set(rollouts.map(({ task }) => task))]
    const pairs = tasks.flatMap((task) =>
      listOf(0, task).flatMap(({ id, prefix, real }, index): RealismPair[] => {
        const other = listOf(1, task)[index]
        return other === undefined ? [] : [{ id, conversation: task, prefix, real, simulated: other.real }]
      }),
    )
    expect(pairs).toHaveLength(105)
    const found = Array.from({ length: 10 }, (_, index) => {
      const exchanged = new Set(
        shuffleByHash(
          tasks.map((id) => ({ id })),
          `split ${index}`,
        )
          .slice(0, tasks.length / 2)
          .map(({ id }) => id),
      )
      const split = pairs.map((pair) =>
        exchanged.has(pair.conversation) ? { ...pair, real: pair.simulated, simulated: pair.real } : pair,
      )
      return compare(split, { seed: `split ${index}`, permutations: 19 }).permutationP
    })
    // At 5 % a tenth of ten or less is what chance gives; three would be its 1 %.
    expect(found.filter((p) => p <= 0.05).length).toBeLessThanOrEqual(2)
    expect(compare(pairs, { permutations: 99 }).permutationP).toBeGreaterThan(0.05)
  })
})
