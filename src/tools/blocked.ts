import { rankTurn } from '../sample/rank.ts'
import type { ToolDatabase } from './database.ts'
import type { Environment } from './environment.ts'
import { writeError } from './write-error.ts'

/** What services say that don't do what they are asked for. None of them says why. */
const refusals = [
  'the service is temporarily unavailable',
  'the request could not be completed',
  'permission denied',
]

/**
 * Refuses every call with an error in the tool's own form. The same tool is refused alike throughout a trajectory, and in
 * both arms.
 */
export function createBlockedEnvironment(parts: {
  database: ToolDatabase | null
  seed: string
}): Environment {
  const { database, seed } = parts
  return {
    source: 'blocked',
    async answer({ turn, call }) {
      const tool = call.function.name
      const draw = rankTurn(seed, `${turn.id}|${tool}|refused`)
      const message = refusals[Math.floor(draw * refusals.length)] ?? ''
      const text = writeError({ database, seed, turn: turn.id, tool }, message)
      return { kind: 'answered', text, isError: true }
    },
  }
}
