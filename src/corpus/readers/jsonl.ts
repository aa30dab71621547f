import { GateError } from '../../errors.ts'
import { type LinePlace, splitLines } from '../lines.ts'
import type { Reader, ReadRequest, Row } from './reader.ts'

/** JSON Lines (https://jsonlines.org): UTF-8, one JSON value a line. Empty lines are passed over. */
export const jsonl: Reader = {
  format: 'jsonl',
  suffix: '.jsonl',
  title: 'JSON lines',
  read: (request) => readJsonLines(request, (bytes) => bytes),
}

/** Rows of JSON lines that are packed somehow. `unpack` may name the place that it is given in its errors. */
export async function* readJsonLines(
  request: ReadRequest,
  unpack: (bytes: AsyncIterable<Uint8Array>, place: LinePlace) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Row> {
  const { file, limits } = request
  const place = { file, line: 1 }
  for await (const { number, text } of splitLines({
    bytes: unpack(request.bytes, place),
    place,
    longest: limits.row,
  })) {
    if (text.trim() !== '') yield { number, value: parseJsonLine({ file, line: number, text }) }
  }
}

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
