import type { ModelClient, ModelSource } from '../../src/ports.ts'
import type {
  ChatRequest,
  Completed,
  Failed,
  FailureCause,
  PostRequest,
} from '../../src/replay/completion.ts'

/** What a scripted client answers: a text stands for a plain completion of it. */
export type ScriptedAnswer = string | Completed | Failed

/** `index` counts requests from 0. */
export type ClientScript = (
  request: ChatRequest,
  index: number,
  signal: AbortSignal,
) => ScriptedAnswer | Promise<ScriptedAnswer>

/** What a client answers at an address that is no chat: a body, or a failure. */
export type PostScript = (request: PostRequest, index: number) => unknown

/** A model client without a network, that remembers what it was asked. */
export interface ScriptedClient extends ModelClient {
  readonly requests: ChatRequest[]
  readonly posts: PostRequest[]
  /** The greatest number of requests that were under way at once. */
  greatestConcurrency(): number
}

/** Makes a client that answers what the script says. */
export function createScriptedClient(
  script: ClientScript,
  source?: ModelSource,
  answerPost: PostScript = () => failWith('not-found'),
): ScriptedClient {
  const requests: ChatRequest[] = []
  const posts: PostRequest[] = []
  let underWay = 0
  let greatest = 0
  return {
    source: source ?? { kind: 'live' },
    origin: 'https://models.example.com',
    requests,
    posts,
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
    async post(request) {
      const answer = answerPost(request, posts.push(request) - 1)
      return isFailed(answer) ? answer : { kind: 'posted', body: answer }
    },
  }
}

function isFailed(answer: unknown): answer is Failed {
  return typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'failed'
}

/** A completion with the given parts and ordinary others. */
export function completeWith(parts: Partial<Completed>): Completed {
  return {
    kind: 'completed',
    model: 'ckpt-2',
    text: '',
    reasoning: null,
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
