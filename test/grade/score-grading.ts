import type { Grader, GraderContext, GraderKind } from '../../src/grade/grader.ts'
import type { GraderConfig } from '../../src/policy/schema.ts'
import { createBudget } from '../../src/replay/budget.ts'
import { createEndpoint } from '../../src/replay/endpoint.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createScriptedClient, type PostScript } from '../fakes/scripted-client.ts'

/** A grader of a category `rude`, whose endpoint answers what the script says. */
export function createScored(parts: {
  kind: GraderKind
  config: GraderConfig
  endpoint: string
  answer: PostScript
  step?: number
  maxRequests?: number
}) {
  const client = createScriptedClient(() => 'not a chat', undefined, parts.answer)
  const clock = createFakeClock()
  const cancelled = new AbortController().signal
  const limits = { maxRequests: parts.maxRequests ?? null, maxMinutes: null }
  const endpoint = createEndpoint({
    name: parts.endpoint,
    client,
    budget: createBudget({ limits, clock, cancelled }),
    clock,
    cancelled,
    random: () => 0,
    concurrency: 8,
    maxAttempts: 3,
    timeoutMs: 10_000,
  })
  const context: GraderContext = {
    category: 'rude',
    step: parts.step ?? 0,
    endpoints: new Map([[parts.endpoint, endpoint]]),
    rubrics: new Map(),
    delimiter: 'd3l1m1t3r',
  }
  const grader: Grader = parts.kind.create(parts.config, context)
  return { grader, client }
}

/** A label that an endpoint's answer does not give. */
export const invalidAnswer = { kind: 'missing', class: 'content', of: 'judge', cause: 'invalid-answer' }
