import { rankTurn } from '../sample/rank.ts'
import type { ToolDatabase } from './database.ts'
import { looksLikeError } from './error-result.ts'
import { readJson } from './read-json.ts'

/** Of an error that is longer than this, nothing is kept but its message. */
const longestForm = 2000
const messageKey = /^(?:errors?|error_?message|message|msg|detail|details|reason|description|exception)$/i
const opening =
  /^[\s[("'<]{0,4}(?:[\w.]{0,60}(?:error|exception)|(?:request|call|tool) failed|failed)\s?[:>-]\s*/i

/** Where the form of errors comes from. */
export interface ErrorForm {
  /** With errors of the tool, or `null`. */
  database: ToolDatabase | null
  /** The seed of the draw of turns, and the turn: both arms get the same form, and a trajectory one for a tool. */
  seed: string
  turn: string
  tool: string
}

/**
 * An error with this message in the form that errors of the tool were recorded in: the same fields or the same first
 * words, and no word of what it was about then. `Error: …` where none was recorded, or none has a place for a message.
 */
export function writeError(form: ErrorForm, message: string): string {
  const { database, seed, turn, tool } = form
  const plain = `Error: ${message}`
  const errors = database?.listErrors(tool) ?? []
  const drawn = errors[Math.floor(rankTurn(seed, `${turn}|${tool}|form of errors`) * errors.length)]
  if (database === null || drawn === undefined) return plain
  const recorded = database.readText(drawn)
  const written =
    recorded.length > longestForm ? null : (fillFields(recorded, message) ?? fillText(recorded, message))
  return written !== null && looksLikeError(written) ? written : plain
}

/** A JSON object with the message wherever it has one. */
function fillFields(recorded: string, message: string): string | null {
  const json = readJson(recorded)
  if (json.kind === 'other' || typeof json.value !== 'object' || json.value === null) return null
  let filled = false
  const fill = (value: unknown, depth: number): unknown => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || depth > 3) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        if (typeof inner !== 'string' || !messageKey.test(key)) return [key, fill(inner, depth + 1)]
        filled = true
        return [key, message]
      }),
    )
  }
  const written = JSON.stringify(fill(json.value, 0))
  return filled ? written : null
}

function fillText(recorded: string, message: string): string | null {
  const start = opening.exec(recorded)?.[0]
  return start === undefined ? null : `${start}${message}`
}
