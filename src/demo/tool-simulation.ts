import { hash } from 'node:crypto'
import { type ChatMessage, type Completion, readAllText } from './chat.ts'
import { workOut } from './sums.ts'

/** A call as the prompt of a simulator of tools has it. */
interface AskedCall {
  tool: string
  input: Record<string, unknown>
  /** The results of this tool that the prompt shows, as objects. */
  known: Record<string, unknown>[]
}

/**
 * The simulated environment model: what answers tool calls in a tool's place. It works sums out, finds a page for every
 * search, and answers other calls in the form of a result that the prompt shows of the same tool, with the values of the
 * call in it.
 */
export function simulateTool(messages: readonly ChatMessage[]): Completion {
  const asked = readCall(readAllText(messages, 'user'))
  const result = asked === undefined ? { error: 'no call to answer' } : answerCall(asked)
  const answer = {
    result: JSON.stringify(result),
    is_error: 'error' in result,
    note: asked === undefined || 'error' in result ? '' : describeChange(asked),
  }
  return { content: JSON.stringify(answer), toolCalls: [], finishReason: 'stop' }
}

function answerCall({ tool, input, known }: AskedCall): Record<string, unknown> {
  switch (tool) {
    case 'calculator': {
      const result = workOut(String(input.expression ?? ''))
      return result === undefined ? { error: 'not a sum' } : { result }
    }
    case 'browser':
      return { results: [findPage(String(input.query ?? ''))] }
    default:
      return shapeResult({ tool, input, known })
  }
}

function findPage(query: string): { title: string; snippet: string } {
  const result = workOut(query)
  if (result !== undefined) return { title: query, snippet: `${query} = ${result}` }
  return { title: `About ${query}`, snippet: 'An overview with the usual questions and answers.' }
}

/** A known result with the call's values in it; where none is known, the call's values and a reference. */
function shapeResult({ tool, input, known }: AskedCall): Record<string, unknown> {
  const form = known.find((result) => !('error' in result))
  if (form === undefined) {
    const reference = hash('sha256', JSON.stringify([tool, input])).slice(0, 8)
    return { ...input, status: 'ok', reference }
  }
  return Object.fromEntries(Object.entries(form).map(([key, value]) => [key, input[key] ?? value]))
}

function describeChange({ tool, input }: AskedCall): string {
  return /^(?:get|list|search|lookup|query|calculator|browser)(?:_|$)/.test(tool)
    ? ''
    : `${tool} was done: ${JSON.stringify(input)}`
}

/** The call to answer: what stands between the last `<call-HEX>` tags. */
function readCall(prompt: string): AskedCall | undefined {
  const written = [...prompt.matchAll(/<call-([0-9a-f]+)>\n([\s\S]*?)\n<\/call-\1>/g)].at(-1)?.[2] ?? ''
  const [, tool, input] = /^([\w-]+)\(([\s\S]*)\)$/.exec(written) ?? []
  if (tool === undefined) return undefined
  return { tool, input: readObject(input ?? '') ?? {}, known: listResults(prompt, tool) }
}

/** The results that a conversation in a prompt has of a tool, the last one first. */
function listResults(prompt: string, tool: string): Record<string, unknown>[] {
  return [...prompt.matchAll(/^\[call (\S+)\] ([\w-]+)\(/gm)]
    .toReversed()
    .filter(([, , name]) => name === tool)
    .flatMap(([, id]) => {
      const [, text] = prompt.split(`[result of ${id}]\n`)
      const result = readObject((text ?? '').split('\n')[0] ?? '')
      return result === undefined ? [] : [result]
    })
}

function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
