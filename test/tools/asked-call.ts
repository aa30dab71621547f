import type { Tool, ToolCall } from '../../src/corpus/conversation.ts'
import type { ToolResult } from '../../src/replay/completion.ts'
import type { SampledTurn } from '../../src/sample/sample.ts'
import type { AnsweredCall, AskedCall } from '../../src/tools/environment.ts'
import { makeTurn } from '../support/grading.ts'

/** A call as a model makes it. */
export function makeCall(name: string, input: unknown = {}, id = 'call-1'): ToolCall {
  const written = typeof input === 'string' ? input : JSON.stringify(input)
  return { id, type: 'function', function: { name, arguments: written } }
}

/** A tool as it is offered. */
export function makeTool(name: string, parameters?: Record<string, unknown>): Tool {
  return { type: 'function', function: { name, ...(parameters === undefined ? {} : { parameters }) } }
}

/** A turn that is offered these tools. */
export function offerTools(...names: string[]): SampledTurn {
  return makeTurn({ tools: names.map((name) => makeTool(name)) })
}

/** A call that was answered before. */
export function answered(call: ToolCall, text: string, parts: Partial<ToolResult> = {}): AnsweredCall {
  return { call, result: { callId: call.id, text, isError: false, source: 'simulated', ...parts } }
}

/** A call to answer. */
export function ask(call: ToolCall, parts: Partial<AskedCall> = {}): AskedCall {
  const tool = makeTool(call.function.name)
  return {
    turn: makeTurn({ tools: [tool] }),
    arm: 'candidate',
    call,
    tool,
    since: [],
    examples: [],
    ...parts,
  }
}

/** What policy says of these tools. */
export function say(effects: Record<string, 'reads' | 'writes'>) {
  const perTool = Object.entries(effects).map(([pattern, effect]) => ({
    pattern,
    environments: null,
    writes: effect === 'writes',
  }))
  return { perTool }
}
