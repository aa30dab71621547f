import { GateError } from '../../errors.ts'
import type { Row, RowLine } from './reader.ts'
import type { Skimmed } from './skim.ts'

/** Parses one line. JSON.parse quotes the text in its message, and the text is somebody's: only the place is kept. */
export function parseJsonLine(request: { file: string; line: number; text: string }): unknown {
  const { file, line, text } = request
  try {
    return JSON.parse(text)
  } catch (error) {
    const position = /at position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1]
    throw new GateError({
      code: 'corpus',
      message: 'not a JSON object',
      where: { file, line, column: position === undefined ? undefined : Number(position) + 1 },
      remedy: /^\s*\[/.test(text)
        ? 'write one whole conversation a line; `jq -c .[]` makes lines of a JSON array'
        : 'write one whole conversation a line',
    })
  }
}

/** The row of a line, whose text is asked for where it was not skimmed; `null` of an empty one. */
export function readRow(request: {
  file: string
  number: number
  line: RowLine
  skimmed: Skimmed | null
  decode: () => string
}): Row | null {
  const { file, number, line, skimmed, decode } = request
  if (skimmed !== null) return { number, value: undefined, skimmed, line }
  const text = decode()
  if (text.trim() === '') return null
  return { number, value: parseJsonLine({ file, line: number, text }), skimmed, line }
}
