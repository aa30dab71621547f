import type { Tool, ToolCall } from '../corpus/conversation.ts'
import type { CallDefect } from '../replay/completion.ts'
import { readArguments } from './canonical-arguments.ts'
import { findMisfits } from './fit-schema.ts'

/** What is wrong with a call, in the words that its model gets to read. */
export interface DefectiveCall {
  kind: CallDefect
  message: string
}

const mostNames = 50

/** The tools that a call may be of. */
export interface KnownTools {
  /** As they were offered; `null` where the log does not say. */
  offered: readonly Tool[] | null
  /** Whether there is a tool of this name where the log does not say which were offered. */
  isKnown: (name: string) => boolean
}

/** What is wrong with a call; `null` for nothing. Never throws. */
export function findDefect(call: ToolCall, { offered: logged, isKnown }: KnownTools): DefectiveCall | null {
  const { name, arguments: written } = call.function
  const offered = logged ?? (isKnown(name) ? [{ type: 'function' as const, function: { name } }] : [])
  const tool = offered.find((each) => each.function.name === name)
  if (tool === undefined) {
    const names = offered.slice(0, mostNames).map((each) => each.function.name)
    const known = names.length === 0 ? 'no tools are available' : `available tools: ${names.join(', ')}`
    return { kind: 'unknown-tool', message: `unknown tool "${name.slice(0, 100)}"; ${known}` }
  }
  const read = readArguments(written)
  if (read.kind === 'verbatim' && read.reason === 'not JSON') {
    return { kind: 'invalid-json', message: `the arguments of "${name}" are not valid JSON` }
  }
  const misfits = listMisfits({ read, written, tool })
  if (misfits.length === 0) return null
  return { kind: 'invalid-arguments', message: `invalid arguments for "${name}": ${misfits.join('; ')}` }
}

function listMisfits(request: {
  read: ReturnType<typeof readArguments>
  written: string
  tool: Tool
}): string[] {
  const { read, written, tool } = request
  if (read.kind === 'canonical') return findMisfits(tool.function.parameters, JSON.parse(read.text))
  switch (read.reason) {
    case 'not an object':
      return ['expected an object']
    case 'nested too deeply':
      return ['nested too deeply']
    default:
      // Of a key that is there twice tools take one, and of a number the nearest double, as parsers do.
      return findMisfits(tool.function.parameters, JSON.parse(written))
  }
}
