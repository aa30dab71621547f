import type { Message } from '../../src/corpus/conversation.ts'
import type { RealismPair } from '../../src/realism/pair.ts'
import type { ToolSource } from '../../src/replay/completion.ts'

/** A step of a rollout: a call, and what it was answered. */
export interface WrittenStep {
  tool: string
  arguments?: string
  result: string
  source?: ToolSource
}

/** Steps and last words as messages; ids of calls are `<name>-<step>`. */
export function writeRollout(
  name: string,
  { steps = [], answer }: { steps?: WrittenStep[]; answer: string },
): Message[] {
  return [
    ...steps.flatMap(({ tool, arguments: written = '{}', result }, index): Message[] => [
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: `${name}-${index}`, type: 'function', function: { name: tool, arguments: written } },
        ],
      },
      { role: 'tool', tool_call_id: `${name}-${index}`, content: result },
    ]),
    { role: 'assistant', content: answer },
  ]
}

/** A pair of a conversation of its own, unless another is given. */
export function makePair(
  id: string,
  parts: {
    conversation?: string
    real?: { steps?: WrittenStep[]; answer: string }
    simulated?: { steps?: WrittenStep[]; answer: string }
  } = {},
): RealismPair {
  const steps: WrittenStep[] = [
    { tool: 'find_order', arguments: `{"order": "${id}"}`, result: `{"order": "${id}", "total": 12.5}` },
  ]
  const {
    conversation = `c-${id}`,
    real = { steps, answer: `Your order ${id} is on its way. It cost 12.5.` },
  } = parts
  const simulated = parts.simulated ?? { steps, answer: `Order ${id} (simulated) has left. It cost 12.5.` }
  const sources = (simulated.steps ?? []).map(({ source = 'simulated' }, index) => [`s-${index}`, source])
  return {
    id,
    conversation,
    prefix: [{ role: 'user', content: `Where is my order ${id}?` }],
    real: writeRollout('r', real),
    simulated: writeRollout('s', simulated),
    ...(sources.length === 0 ? {} : { sources: Object.fromEntries(sources) }),
  }
}

/** So many pairs, as a file. */
export function writePairs(pairs: readonly RealismPair[]): { file: string; text: string } {
  return { file: 'pairs.jsonl', text: pairs.map((pair) => `${JSON.stringify(pair)}\n`).join('') }
}

/** So many pairs with ids of their own. */
export function makePairs(count: number): RealismPair[] {
  return Array.from({ length: count }, (_, index) => makePair(`p${index}`))
}
