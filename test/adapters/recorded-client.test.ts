import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { openRecording } from '../../src/adapters/recorded-client.ts'
import { writeResponse } from '../fakes/responses-endpoint.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()

async function writeRecording(content: string | Uint8Array): Promise<string> {
  const path = join(await makeFolder(), 'answers.jsonl')
  await writeFile(path, content)
  return path
}

function batchLine(customId: string, parts: Record<string, unknown>): string {
  return JSON.stringify({
    id: `batch_req_${customId}`,
    custom_id: customId,
    response: null,
    error: null,
    ...parts,
  })
}

function answered(customId: string, content: string | null, status = 200): string {
  const body = { id: 'chatcmpl-1', model: 'ckpt-2-0601', choices: [{ index: 0, message: { content } }] }
  return batchLine(customId, { response: { status_code: status, request_id: 'r', body } })
}

async function open(content: string | Uint8Array) {
  const client = await openRecording(await writeRecording(content))
  const ask = (customId: string) =>
    client.complete({ customId, model: 'ckpt-2', messages: [] }, new AbortController().signal)
  return { client, ask }
}

describe('openRecording', () => {
  it('answers each request with the line of its custom_id', async () => {
    const { ask } = await open(
      [answered('a#1', 'first'), answered('a#1|candidate|rude', 'second')].join('\n'),
    )
    expect(await ask('a#1|candidate|rude')).toMatchObject({ kind: 'completed', text: 'second' })
    expect(await ask('a#1')).toMatchObject({ kind: 'completed', text: 'first', model: 'ckpt-2-0601' })
    expect(await ask('a#1')).toMatchObject({ text: 'first' })
  })

  it('reads answers of the Responses API too', async () => {
    const body = writeResponse({ text: 'hi', incomplete: 'max_output_tokens' }, 'ckpt-2', 0)
    const { ask } = await open(batchLine('a#1', { response: { status_code: 200, request_id: 'r', body } }))
    expect(await ask('a#1')).toMatchObject({ kind: 'completed', text: 'hi', finishReason: 'length' })
  })

  it('is known by the SHA-256 of its bytes', async () => {
    const text = `${answered('a#1', 'first')}\n`
    const { client } = await open(text)
    const sha256 = createHash('sha256').update(text).digest('hex')
    expect(client.source).toEqual({ kind: 'recorded', sha256 })
    expect(client.origin).toBe('recorded')
  })

  it('says of a turn without a line that it was not recorded', async () => {
    const { ask } = await open(answered('a#1', 'first'))
    expect(await ask('b#1')).toMatchObject({ kind: 'failed', cause: 'not-recorded' })
  })

  it.each([
    [batchLine('a#1', { error: { code: 'batch_expired', message: 'too late' } }), 'bad-request', 'too late'],
    [batchLine('a#1', {}), 'bad-request', 'the line has no response'],
    [answered('a#1', null), 'empty-answer', 'the answer is empty (finish reason: none)'],
    [answered('a#1', 'x', 429), 'rate-limited', 'status 429'],
    [answered('a#1', 'x', 500), 'server-error', 'status 500'],
    [
      batchLine('a#1', { response: { status_code: 200, body: 'text' } }),
      'unreadable-answer',
      'the answer is not a chat completion',
    ],
    [
      batchLine('a#1', { response: { status_code: 200, body: { choices: [] } } }),
      'empty-choices',
      'the answer has no choices',
    ],
  ])('keeps a failure that was recorded: %s', async (line, cause, detail) => {
    const { ask } = await open(line)
    expect(await ask('a#1')).toMatchObject({ kind: 'failed', cause, detail })
  })

  it("reads what vLLM's run-batch writes, refusals of its server included", async () => {
    // The keys that it writes, with those that nothing reads.
    const response = {
      status_code: 200,
      request_id: 'vllm-batch-1',
      body: {
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1,
        model: 'ckpt-2',
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: 'fine', refusal: null, tool_calls: [], reasoning: null },
            logprobs: null,
            finish_reason: 'stop',
            stop_reason: null,
            token_ids: null,
          },
        ],
        service_tier: null,
        usage: { prompt_tokens: 7, total_tokens: 9, completion_tokens: 2, prompt_tokens_details: null },
        prompt_logprobs: null,
        kv_transfer_params: null,
      },
    }
    const refused = { status_code: 400, request_id: 'vllm-batch-2', body: null }
    const error = {
      error: { message: 'the prompt is too long', type: 'BadRequestError', param: null, code: 400 },
    }
    const old = { object: 'error', message: 'no such model', type: 'NotFoundError', param: null, code: 404 }
    const { ask } = await open(
      [
        batchLine('a#1', { id: 'vllm-1', response }),
        batchLine('b#1', { id: 'vllm-2', response: refused, error }),
        batchLine('c#1', { id: 'vllm-3', response: { ...refused, status_code: 404 }, error: old }),
      ].join('\n'),
    )
    expect(await ask('a#1')).toMatchObject({
      kind: 'completed',
      text: 'fine',
      usage: { promptTokens: 7, completionTokens: 2 },
    })
    expect(await ask('b#1')).toMatchObject({ cause: 'bad-request', detail: 'the prompt is too long' })
    expect(await ask('c#1')).toMatchObject({ cause: 'not-found', detail: 'no such model' })
  })

  it('reads files with CRLF, empty lines, a byte order mark and line separators in the text', async () => {
    const text = `\ufeff${answered('a#1', 'one\u2028two')}\r\n\r\n${answered('b#1', 'three')}\r\n`
    const { ask } = await open(text)
    expect(await ask('a#1')).toMatchObject({ text: 'one\u2028two' })
    expect(await ask('b#1')).toMatchObject({ text: 'three' })
  })

  it.each([
    ['{"custom_id": "b#1", ', 'not a line of a Batch output file'],
    ['{"response": null}', 'not a line of a Batch output file'],
    ['{"custom_id": "", "response": null}', 'not a line of a Batch output file'],
    ['[]', 'not a line of a Batch output file'],
    [answered('a#1', 'again'), 'the custom_id "a#1" stands twice'],
  ])('refuses the second line %s by its number', async (line, message) => {
    const path = await writeRecording(`${answered('a#1', 'x')}\n${line}\n`)
    await expect(openRecording(path)).rejects.toMatchObject({
      code: 'recorded',
      message,
      where: { file: path, line: 2 },
    })
  })

  it('refuses a file that is not UTF-8, and one that is not there', async () => {
    const bytes = Buffer.concat([Buffer.from(answered('a#1', 'x')), Buffer.from([0x0a, 0xff, 0xfe])])
    await expect(openRecording(await writeRecording(bytes))).rejects.toMatchObject({
      code: 'recorded',
      message: 'the text is not UTF-8',
    })
    const absent = join(await makeFolder(), 'absent.jsonl')
    await expect(openRecording(absent)).rejects.toMatchObject({ code: 'recorded', where: { file: absent } })
  })
})

describe('a recording of answers that are no chat', () => {
  async function openPost(content: string) {
    const { client } = await open(content)
    return (customId: string) =>
      client.post(
        { customId, path: '/moderations', body: { model: 'm', input: 'hello' } },
        new AbortController().signal,
      )
  }
  const recorded = (customId: string, body: unknown, status = 200) =>
    batchLine(customId, { response: { status_code: status, request_id: 'r', body } })

  it('answers with the body of its custom_id, whatever JSON that is', async () => {
    const bodies = [{ model: 'm', results: [] }, [{ label: 'toxic', score: 0.1 }], null, 'text']
    const post = await openPost(bodies.map((body, index) => recorded(`a#${index}`, body)).join('\n'))
    for (const [index, body] of bodies.entries())
      expect(await post(`a#${index}`)).toEqual({ kind: 'posted', body })
  })

  it.each([
    [recorded('a#1', {}, 413), 'bad-request', 'status 413'],
    [recorded('a#1', {}, 429), 'rate-limited', 'status 429'],
    [recorded('a#1', {}, 500), 'server-error', 'status 500'],
    [batchLine('a#1', { error: { message: 'too late' } }), 'bad-request', 'too late'],
    [batchLine('a#1', {}), 'bad-request', 'the line has no response'],
    [recorded('b#1', {}), 'not-recorded', 'no line has the custom_id a#1'],
  ])('keeps a failure that was recorded: %s', async (line, cause, detail) => {
    const post = await openPost(line)
    expect(await post('a#1')).toMatchObject({ kind: 'failed', cause, detail })
  })
})
