import type { GradeItem, GraderContext } from '../../src/grade/grader.ts'
import { parseRubric, type Rubric } from '../../src/policy/rubric.ts'
import { createBudget } from '../../src/replay/budget.ts'
import type { Completed } from '../../src/replay/completion.ts'
import { createEndpoint } from '../../src/replay/endpoint.ts'
import type { SampledTurn } from '../../src/sample/draw.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { type ClientScript, completeWith, createScriptedClient } from '../fakes/scripted-client.ts'
import { writeRubric } from './rubric-text.ts'

/** A drawn turn whose prefix is one question. */
export function makeTurn(parts: Partial<SampledTurn> = {}): SampledTurn {
  return {
    id: 'c#1',
    conversation: 'c',
    prefix: [{ role: 'user', content: 'a question' }],
    tools: null,
    weight: 1,
    stratum: null,
    slice: {},
    ...parts,
  }
}

/** A completion to grade in the category `rude`. */
export function makeItem(completion: Partial<Completed>, turn: Partial<SampledTurn> = {}): GradeItem {
  return {
    turn: makeTurn(turn),
    arm: 'candidate',
    category: 'rude',
    completion: completeWith(completion),
    pass: 'first',
  }
}

/** What graders are built with: the rubric `rude.md`, and a judge that answers what the script says. */
export function makeContext(
  script: ClientScript,
  options: { appliesTo?: Rubric['appliesTo']; maxRequests?: number } = {},
) {
  const { appliesTo = 'all', maxRequests = null } = options
  const client = createScriptedClient(script)
  const clock = createFakeClock()
  const cancelled = new AbortController().signal
  const endpoint = createEndpoint({
    name: 'judge',
    client,
    budget: createBudget({ limits: { maxRequests, maxMinutes: null }, clock, cancelled }),
    clock,
    cancelled,
    random: () => 0,
    concurrency: 8,
    maxAttempts: 1,
    timeoutMs: 10_000,
  })
  const rubric = parseRubric({ file: 'rude.md', text: writeRubric({ id: 'rude', appliesTo }) })
  const context: GraderContext = {
    category: 'rude',
    step: 0,
    endpoints: new Map([['judge', endpoint]]),
    rubrics: new Map([['rude.md', rubric]]),
    delimiter: 'd3l1m1t3r',
  }
  return { client, context }
}
