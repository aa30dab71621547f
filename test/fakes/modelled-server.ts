import type { Clock } from '../../src/ports.ts'
import type { ChatRequest, Completed, Failed } from '../../src/replay/completion.ts'
import type { Allowance } from '../../src/replay/rate-limits.ts'
import { completeWith } from './scripted-client.ts'

/** What a server is like. Times in milliseconds, all of them functions of the server's state. */
export interface ServerModel {
  /** How long a request is worked on, with so many under way. */
  serviceMs(state: { underWay: number; nowMs: number; request: ChatRequest }): number
  /** Requests that are worked on at once; others wait in a line. */
  places?: number
  /** So many requests a second, with so many more that are saved up; what is over is refused. */
  bucket?: { perSecond: number; burst: number }
  /** More than so many under way or in line are refused. */
  mostUnderWay?: number
  /** How long a refusal takes. */
  refusalMs?: number
  /** What a refusal asks for. */
  retryAfterMs?: number | null
}

/** A server that is only a model: what it does is computed, on whatever clock. */
export interface ModelledServer {
  answer(request: ChatRequest, signal?: AbortSignal): Promise<Completed | Failed>
  /** What is left in its bucket. */
  allowance(): Allowance
  readonly counts: { asked: number; refused: number; answered: number; greatestUnderWay: number }
  /** When each request came in. */
  readonly arrivals: number[]
}

/** Makes a server of a model. */
export function createModelledServer(model: ServerModel, clock: Clock): ModelledServer {
  const { places = Number.POSITIVE_INFINITY, bucket, mostUnderWay = Number.POSITIVE_INFINITY } = model
  const counts = { asked: 0, refused: 0, answered: 0, greatestUnderWay: 0 }
  const arrivals: number[] = []
  const line: (() => void)[] = []
  let underWay = 0
  let working = 0
  let tokens = bucket?.burst ?? 0
  let filledMs = clock.monotonicMs()
  const fill = () => {
    if (bucket === undefined) return
    const nowMs = clock.monotonicMs()
    tokens = Math.min(bucket.burst, tokens + ((nowMs - filledMs) * bucket.perSecond) / 1000)
    filledMs = nowMs
  }
  const refuse = async (): Promise<Failed> => {
    counts.refused += 1
    await clock.sleep(model.refusalMs ?? 1)
    return {
      kind: 'failed',
      cause: 'rate-limited',
      detail: 'modelled refusal',
      retryAfterMs: model.retryAfterMs ?? null,
    }
  }
  return {
    counts,
    arrivals,
    allowance() {
      fill()
      const { perSecond = 1, burst = 0 } = bucket ?? {}
      const resetMs = ((burst - tokens) / perSecond) * 1000
      return { of: 'requests', limit: burst, remaining: Math.floor(tokens), resetMs }
    },
    async answer(request) {
      counts.asked += 1
      arrivals.push(clock.monotonicMs())
      fill()
      if (underWay >= mostUnderWay || (bucket !== undefined && tokens < 1)) return refuse()
      tokens -= 1
      underWay += 1
      counts.greatestUnderWay = Math.max(counts.greatestUnderWay, underWay)
      if (working >= places) await new Promise<void>((resolve) => line.push(resolve))
      else working += 1
      await clock.sleep(model.serviceMs({ underWay, nowMs: clock.monotonicMs(), request }))
      const next = line.shift()
      if (next === undefined) working -= 1
      else next()
      underWay -= 1
      counts.answered += 1
      return completeWith({ text: 'a kind answer', model: request.model })
    },
  }
}
