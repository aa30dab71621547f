import type { ToolCall } from '../corpus/conversation.ts'
import type { SampledTurn } from '../sample/sample.ts'
import { readArguments } from './canonical-arguments.ts'
import type { ToolDatabase } from './database.ts'
import type { AnsweredCall, AskedCall, Environment } from './environment.ts'
import type { OwnTrajectory, WrittenCall } from './own-trajectory.ts'
import { answerRecorded } from './recorded.ts'
import { findEffect, listEnvironments, type ToolSettings } from './settings.ts'

export interface RecordedParts {
  settings: Pick<ToolSettings, 'environments' | 'perTool'>
  database: ToolDatabase | null
  /** The seed of the draw of turns. */
  seed: string
  /** What the conversation's own log has; `null` where there is none. May be asked for each call. */
  readOwn: (turn: SampledTurn) => OwnTrajectory | null
}

/**
 * Answers with what was recorded for exactly this call.
 *
 * But for a reading of what this replay has written: where a successful call that policy says to write has an argument of
 * the same name and value, such as the same `reservation_id`, a record of a world without that writing would contradict
 * it. If a simulator is there to take it, it is left to that. Records of a world with the same writings are kept.
 */
export function createRecordedEnvironment(parts: RecordedParts): Environment {
  const { settings, database, seed, readOwn } = parts
  return {
    source: 'recorded',
    async answer({ turn, call, since }) {
      const answer = answerRecorded(
        { trajectory: readOwn(turn), database, seed, turn: turn.id },
        { call: toWritten(call), since: since.map((past) => toWritten(past.call)) },
      )
      if (answer === null) return null
      if (answer.state !== 'same' && isOverwritten({ call, since }, settings)) return null
      return { kind: 'answered', text: answer.text, isError: answer.isError }
    },
  }
}

function toWritten({ function: { name, arguments: written } }: ToolCall): WrittenCall {
  return { tool: name, arguments: written }
}

function isOverwritten(
  { call, since }: Pick<AskedCall, 'call' | 'since'>,
  settings: RecordedParts['settings'],
): boolean {
  const tool = call.function.name
  if (findEffect(settings, tool) === 'writes') return false
  if (!listEnvironments(settings, tool).includes('simulated')) return false
  const read = listValues(call)
  const isWriting = ({ call: past, result }: AnsweredCall) =>
    !result.isError && findEffect(settings, past.function.name) === 'writes'
  return since.some((past) => isWriting(past) && listValues(past.call).some((value) => read.includes(value)))
}

const shortestValue = 3

/** The values of arguments with the names that they have, wherever in them; those too short to name anything left out. */
function listValues({ function: { arguments: written } }: ToolCall): string[] {
  const read = readArguments(written)
  if (read.kind === 'verbatim') return []
  const values: string[] = []
  const visit = (name: string, value: unknown) => {
    if (Array.isArray(value)) for (const each of value) visit(name, each)
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) visit(key, inner)
    } else if (String(value).length >= shortestValue) values.push(`${name}=${JSON.stringify(value)}`)
  }
  visit('', JSON.parse(read.text))
  return values
}
