import { GateError } from '../../errors.ts'

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
