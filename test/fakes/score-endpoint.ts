import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { readBody, type ScriptedResponse, sendScripted, startLoopbackServer } from './loopback-server.ts'

// What each server takes: OpenAI's moderation, vLLM's classification, and the prediction of TEI.
const requestSchemas: Record<string, z.ZodType> = {
  '/v1/moderations': z.strictObject({ model: z.string(), input: z.string() }),
  '/classify': z.strictObject({ model: z.string(), input: z.string() }),
  '/predict': z.strictObject({ inputs: z.string(), truncate: z.boolean() }),
}

/** What a scripted answer sees: `index` counts requests from 0, `text` is what is to be scored. */
export type ScoreRequest = { index: number; path: string; text: string; headers: IncomingHttpHeaders }

/** A scripted answer: 200 unless a status is given; a string or a buffer as body is sent as it is. */
export type ScoreReply = { status?: number; headers?: Record<string, string>; body?: unknown }

/** One received request, malformed ones too. */
export type ScoreLogEntry = { method: string; path: string; headers: IncomingHttpHeaders; raw: string }

/** `url` ends without `/v1`, at which the moderation is. */
export type ScoreEndpoint = { url: string; log: ScoreLogEntry[]; close: () => Promise<void> }

/**
 * An endpoint on 127.0.0.1 that scores texts. Other paths are 404 and malformed requests 422, so a client that asks
 * wrongly can't look right.
 */
export async function startScoreEndpoint(
  reply: (request: ScoreRequest) => ScoreReply | Promise<ScoreReply>,
): Promise<ScoreEndpoint> {
  const log: ScoreLogEntry[] = []
  let requests = 0
  const answer = async (entry: ScoreLogEntry): Promise<ScriptedResponse> => {
    const schema = entry.method === 'POST' ? requestSchemas[entry.path] : undefined
    if (schema === undefined) return { status: 404, body: { detail: 'Not Found' } }
    const parsed = schema.safeParse(JSON.parse(entry.raw))
    if (!parsed.success) return { status: 422, body: { detail: z.prettifyError(parsed.error) } }
    const { input, inputs } = parsed.data as { input?: string; inputs?: string }
    const scripted = await reply({ ...entry, index: requests++, text: input ?? inputs ?? '' })
    return { status: 200, ...scripted }
  }
  const server = await startLoopbackServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request
    const entry = { method, path, headers, raw: (await readBody(request)).toString() }
    log.push(entry)
    sendScripted(response, await answer(entry))
  })
  return { url: server.url, log, close: server.close }
}

const categories = ['harassment', 'hate', 'illicit', 'sexual', 'violence', 'violence/graphic']

/** An answer of the moderation endpoint in which the given scores are flagged from 0.5 on; all others are low. */
export function moderate(scores: Record<string, number> = {}, model = 'omni-moderation-2024-09-26') {
  const all = { ...Object.fromEntries(categories.map((name) => [name, 0.0001])), ...scores }
  const flags = Object.fromEntries(Object.entries(all).map(([name, score]) => [name, score >= 0.5]))
  return {
    id: 'modr-1',
    model,
    results: [
      {
        flagged: Object.values(flags).includes(true),
        categories: flags,
        category_scores: all,
        category_applied_input_types: Object.fromEntries(Object.keys(all).map((name) => [name, ['text']])),
      },
    ],
  }
}

/** An answer of vLLM's `/classify`: scores in the model's order, and the label of the greatest. */
export function classify(probs: number[], label: string | null) {
  return {
    id: 'classify-1',
    object: 'list',
    created: 1_745_383_065,
    model: 'acme/toxicity',
    data: [{ index: 0, label, probs, num_classes: probs.length }],
    usage: { prompt_tokens: 12, total_tokens: 12, completion_tokens: 0, prompt_tokens_details: null },
  }
}

/** An answer of `/predict` of text-embeddings-inference: the greatest score first. */
export function predict(scores: Record<string, number>) {
  return Object.entries(scores)
    .map(([label, score]) => ({ score, label }))
    .toSorted((a, b) => b.score - a.score)
}
