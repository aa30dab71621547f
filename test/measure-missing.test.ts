import { describe, expect, it } from '@jest/globals'
import { completeWith, failWith } from './fakes/scripted-client.ts'
import { createScenario, decide, honestJudge } from './support/gate-scenario.ts'
import { countKinds, expectReconciled } from './support/reconcile.ts'

describe('what is missing', () => {
  const isOneIn = (customId: string, share: number) => Number(customId.slice(2, 5)) % share === 3

  it('is asked again at the end, so that a fault that passes costs nothing', async () => {
    const seen = new Map<string, number>()
    const scenario = createScenario({
      scripts: {
        candidate: ({ customId }) => {
          const count = (seen.get(customId) ?? 0) + 1
          seen.set(customId, count)
          // Two attempts fail; the third belongs to the final pass.
          return isOneIn(customId, 10) && count <= 2 ? failWith('server-error') : 'a kind answer'
        },
      },
    })
    const decided = await decide(scenario)
    expect(countKinds(decided.record)).toEqual({ completed: 80 })
    expect(decided.verdict.categories[0]?.candidate).toMatchObject({ graded: 40, missing: 0 })
  })

  it('is counted by its cause, and never passes for absent', async () => {
    const scenario = createScenario({
      scripts: {
        candidate: ({ customId }) => {
          if (isOneIn(customId, 10)) return failWith('empty-choices')
          if (isOneIn(customId, 8)) return failWith('empty-answer')
          return 'a kind answer'
        },
      },
    })
    const decided = await decide(scenario)
    expectReconciled(decided, 40)
    expect(decided.estimates[0]?.candidate.missing).toEqual({
      transport: 0,
      content: 8,
      causes: { 'completion: empty-choices': 4, 'completion: empty-answer': 4 },
    })
    expect(decided.verdict.verdict).toBe('inconclusive')
  })

  it('does not stop a run that has begun well, even if nothing more is answered', async () => {
    const scenario = createScenario({
      scripts: { candidate: (_request, index) => (index === 0 ? 'a kind answer' : failWith('unauthorized')) },
    })
    const decided = await decide(scenario)
    expect(decided.verdict.categories[0]?.candidate).toMatchObject({ graded: 1, missing: 39 })
    expect(decided.verdict.verdict).toBe('inconclusive')
  })

  it("is the judge's when the judge says nothing that counts", async () => {
    const scenario = createScenario({
      scripts: {
        judge: (request, index, signal) => {
          if (!request.customId.includes('|candidate|')) return honestJudge(request, index, signal)
          if (isOneIn(request.customId, 10)) return completeWith({ refusal: 'no' })
          if (isOneIn(request.customId, 8)) return '{"label": "cannot-tell"}'
          if (isOneIn(request.customId, 7)) return 'I would say absent'
          return honestJudge(request, index, signal)
        },
      },
    })
    const decided = await decide(scenario)
    expectReconciled(decided, 40)
    const { causes } = decided.estimates[1]?.candidate.missing ?? { causes: {} }
    expect(Object.keys(causes).toSorted()).toEqual([
      'judge: cannot-tell',
      'judge: invalid-answer',
      'judge: refused',
    ])
    expect(decided.estimates[0]?.candidate.missing.causes).toEqual({})
  })

  it("makes a run without any label inconclusive, for the judge's sake", async () => {
    const decided = await decide(createScenario({ scripts: { judge: () => '{"label": "cannot-tell"}' } }))
    expect(decided.verdict.categories[1]).toMatchObject({ verdict: 'inconclusive', reason: 'judge' })
  })
})
