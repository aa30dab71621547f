import type { ModelClient, ModelSource } from '../../src/ports.ts'
import type { ChatRequest, Completed, Failed, FailureCause } from '../../src/replay/completion.ts'

/** What a scripted client answers: a text stands for a plain completion of it. */
export type ScriptedAnswer = string | Completed | Failed

/** `index` counts requests from 0. */
export type ClientScript = (
  request: ChatRequest,
  index: number,
  signal: AbortSignal,
) => ScriptedAnswer | Promise<ScriptedAnswer>

/** A model client without a network, that remembers what it was asked. */
export interface ScriptedClient extends ModelClient {
  readonly requests: ChatRequest[]
  /** The greatest number of requests that were under way at once. */
  greatestConcurrency(): number
}

/** Makes a client that answers what the script says. */
export function createScriptedClient(script: ClientScript, source?: ModelSource): ScriptedClient {
  const requests: ChatRequest[] = []
  let underWay = 0
  let greatest = 0
  return {
    source: source ?? { kind: 'live' },
    origin: 'https://models.example.com',
    requests,
    greatestConcurrency: () => greatest,
    async complete(request, signal) {
      const index = requests.push(request) - 1
      underWay += 1
      greatest = Math.max(greatest, underWay)
      try {
        const answer = await script(request, index, signal)
        return typeof answer === 'string' ? completeWith({ text: answer, model: request.model }) : answer
      } finally {
        underWay -= 1
      }
    },
  }
}

/** A completion with the given parts and ordinary others. */
export function completeWith(parts: Partial<Completed>): Completed {
  return {
    kind: 'completed',
    model: 'ckpt-2',
    text: '',
    toolCalls: [],
    refusal: null,
    finishReason: 'stop',
    usage: { promptTokens: 10, completionTokens: 5 },
    systemFingerprint: null,
    ...parts,
  }
}

/** A failure; `retryAfterMs` is what the endpoint asked for. */
export function failWith(cause: FailureCause, retryAfterMs: number | null = null): Failed {
  return { kind: 'failed', cause, detail: `scripted ${cause}`, retryAfterMs }
}
