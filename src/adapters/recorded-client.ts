import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { GateError } from '../errors.ts'
import type { ModelClient } from '../ports.ts'
import { findMessage, type OutputLine, outputLineSchema } from '../replay/batch/output-line.ts'
import type { Failed, Posted } from '../replay/completion.ts'
import { fail, failByStatus, readChatAnswer } from '../replay/read-answer.ts'
import { isResponse, readResponse } from '../replay/read-response.ts'

/**
 * A client that answers from a file in the shape of OpenAI's Batch output, which vLLM's `run-batch` writes too: what was
 * generated offline goes through the same gate as what is asked now.
 * @throws GateError for a file that is missing or has a line that is none, or a custom_id twice
 */
export async function openRecording(path: string): Promise<ModelClient> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new GateError({
      code: 'recorded',
      message: `the recording can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      where: { file: path },
      remedy: "name a file in the shape of OpenAI's Batch output: endpoint=recorded:path",
      cause,
    })
  })
  const lines = parseRecording(path, decode(path, bytes))
  const find = ({ customId }: { customId: string }): Posted | Failed => {
    const line = lines.get(customId)
    if (line === undefined) return fail('not-recorded', `no line has the custom_id ${customId}`)
    // Whatever it failed of, it says the same each time.
    if (!line.response) return fail('bad-request', findMessage(line.error) ?? 'the line has no response')
    const { status_code: status, body } = line.response
    if (status !== 200)
      return failByStatus(status, findMessage(body) ?? findMessage(line.error) ?? `status ${status}`)
    return { kind: 'posted', body }
  }
  return {
    source: { kind: 'recorded', sha256: createHash('sha256').update(bytes).digest('hex') },
    origin: 'recorded',
    async complete(request) {
      const found = find(request)
      if (found.kind !== 'posted') return found
      return isResponse(found.body) ? readResponse(found.body) : readChatAnswer(found.body)
    },
    post: async (request) => find(request),
  }
}

function decode(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new GateError({
      code: 'recorded',
      message: 'the text is not UTF-8',
      where: { file },
      remedy: 'write the file as UTF-8',
      cause,
    })
  }
}

function parseRecording(file: string, text: string): Map<string, OutputLine> {
  const lines = new Map<string, OutputLine>()
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return
    const refuse = (message: string, remedy: string) =>
      new GateError({ code: 'recorded', message, where: { file, line: index + 1 }, remedy })
    const parsed = outputLineSchema.safeParse(parseJson(line))
    if (!parsed.success)
      throw refuse(
        'not a line of a Batch output file',
        'each line is {"custom_id", "response": {"status_code", "body"}, "error"}',
      )
    if (lines.has(parsed.data.custom_id))
      throw refuse(`the custom_id "${parsed.data.custom_id}" stands twice`, 'keep one answer a turn')
    lines.set(parsed.data.custom_id, parsed.data)
  })
  return lines
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
