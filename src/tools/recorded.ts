import { rankTurn } from '../sample/rank.ts'
import { digestCall, readArguments } from './canonical-arguments.ts'
import type { StoredResponse, ToolDatabase } from './database.ts'
import type { OwnTrajectory, WorldState, WrittenCall } from './own-trajectory.ts'

/** A recorded answer to exactly the call that was made. */
export interface RecordedAnswer {
  source: 'recorded'
  /** The conversation that is replayed, or other ones of the corpus. */
  from: 'trajectory' | 'database'
  text: string
  isError: boolean
  state: WorldState
}

/** Where recorded answers come from. */
export interface RecordedTools {
  trajectory: OwnTrajectory | null
  database: ToolDatabase | null
  /** The seed of the draw of turns, and the turn: both arms draw the same. */
  seed: string
  turn: string
}

/**
 * The recorded answer to a call, after the calls that the replay has made since the turn; `null` where there is none. The
 * conversation's own trajectory comes first: it is the same customer on the same day.
 */
export function answerRecorded(
  tools: RecordedTools,
  { call, since }: { call: WrittenCall; since: readonly WrittenCall[] },
): RecordedAnswer | null {
  const { trajectory, database, seed, turn } = tools
  const own = trajectory?.find(call, since) ?? null
  if (own !== null) {
    const { text, isError, state } = own
    return { source: 'recorded', from: 'trajectory', text, isError, state }
  }
  if (database === null) return null
  const digest = digestCall(call.tool, readArguments(call.arguments))
  const name = digest.join()
  const isSame = (past: WrittenCall) =>
    past.tool === call.tool &&
    (past.arguments === call.arguments ||
      digestCall(past.tool, readArguments(past.arguments)).join() === name)
  const asked = since.filter(isSame).length
  const draw = (of: string | number) => rankTurn(seed, `${turn}|${name}|${of}`)
  const drawn = drawResponse(database.find(digest), {
    error: draw(asked),
    text: draw('text'),
    errorText: draw(`error ${asked}`),
  })
  if (drawn === null) return null
  const { isError } = drawn
  return { source: 'recorded', from: 'database', text: database.readText(drawn), isError, state: 'unknown' }
}

/**
 * Draws one of the responses that were recorded for a call: an error with the share that errors have of them, each time
 * anew, so that what failed may work when it is tried again; and of those that worked one in proportion to how often it
 * was recorded, but always the same, so that what is read twice in a replay is read alike. Draws are in [0, 1).
 */
export function drawResponse(
  responses: readonly StoredResponse[],
  draws: { error: number; text: number; errorText: number },
): StoredResponse | null {
  const errors = responses.filter(({ isError }) => isError)
  const others = responses.filter(({ isError }) => !isError)
  const fails = draws.error * sumCounts(responses) < sumCounts(errors)
  return fails ? pickByCount(errors, draws.errorText) : pickByCount(others, draws.text)
}

/**
 * Whether a call that nothing recorded answers exactly should fail, and with what: with the share of errors among all
 * results of its tool, and an error of that tool in proportion to how often it was recorded. `null`: it should work.
 */
export function drawFailure(
  { database, seed, turn }: Pick<RecordedTools, 'seed' | 'turn'> & { database: ToolDatabase },
  { tool, step }: { tool: string; step: number },
): string | null {
  const known = database.tools.find(({ name }) => name === tool)
  if (known === undefined || known.errors === 0) return null
  const draw = (of: string) => rankTurn(seed, `${turn}|${tool}|${step}|${of}`)
  if (draw('fails') * (known.calls - known.unanswered) >= known.errors) return null
  const error = pickByCount(database.listErrors(tool), draw('error'))
  return error === null ? null : database.readText(error)
}

function pickByCount(responses: readonly StoredResponse[], draw: number): StoredResponse | null {
  let left = draw * sumCounts(responses)
  for (const response of responses) {
    left -= response.count
    if (left < 0) return response
  }
  return responses.at(-1) ?? null
}

function sumCounts(responses: readonly StoredResponse[]): number {
  return responses.reduce((sum, { count }) => sum + count, 0)
}
