import type { ModelClient } from '../../src/ports.ts'
import { type BudgetLimits, createBudget } from '../../src/replay/budget.ts'
import type { ChatRequest, Completed, Exchange, Failed } from '../../src/replay/completion.ts'
import { createEndpoint, type Endpoint } from '../../src/replay/endpoint.ts'
import { createHost } from '../../src/replay/host.ts'
import { createScriptedClient } from '../fakes/scripted-client.ts'
import { createVirtualClock, type VirtualClock } from '../fakes/virtual-clock.ts'
import { makeRandom } from '../verdict/chance.ts'

/** What answers in a virtual world; `sleep` takes none of the test's time. */
export type VirtualScript = (
  request: ChatRequest,
  world: { index: number; clock: VirtualClock; exchange: Exchange | undefined },
) => Completed | Failed | string | Promise<Completed | Failed | string>

/** Endpoints of one host on a virtual clock, all of them answered by one script. */
export function openHost(
  script: VirtualScript,
  settings: {
    names?: string[]
    concurrency?: number | 'auto'
    maxAttempts?: number
    timeoutMs?: number
    limits?: Partial<BudgetLimits>
    answeredBefore?: boolean
    seed?: number
  } = {},
) {
  const { names = ['candidate'], concurrency = 'auto', maxAttempts = 4, timeoutMs = 120_000 } = settings
  const { limits = {}, answeredBefore = false, seed = 1 } = settings
  const clock = createVirtualClock()
  const random = makeRandom(seed)
  const cancel = new AbortController()
  const cancelled = cancel.signal
  const budget = createBudget({
    limits: { maxRequests: null, maxMinutes: null, ...limits },
    clock,
    cancelled,
    prices: { '*': { inputUsdPer1m: 1, outputUsdPer1m: 1 } },
  })
  const warnings: string[] = []
  const host = createHost({ clock, random, ended: budget.ended, timeoutMs })
  const requests: ChatRequest[] = []
  const sentMs: number[] = []
  const scripted = createScriptedClient((request) => {
    throw new Error(`asked without an exchange: ${request.customId}`)
  })
  const client: ModelClient = {
    ...scripted,
    async complete(request, _signal, exchange) {
      const index = requests.push(request) - 1
      sentMs.push(clock.monotonicMs())
      const answer = await script(request, { index, clock, exchange })
      if (typeof answer !== 'string') return answer
      return { ...plain, text: answer, model: request.model }
    },
  }
  const endpoints = new Map(
    names.map((name): [string, Endpoint] => [
      name,
      createEndpoint({
        name,
        client,
        budget,
        clock,
        cancelled,
        random,
        concurrency,
        maxAttempts,
        timeoutMs,
        host,
        answeredBefore,
        warn: (text) => warnings.push(text),
      }),
    ]),
  )
  const ask = (customId: string, name = names[0] ?? '') => {
    const endpoint = endpoints.get(name)
    if (endpoint === undefined) throw new Error(`no endpoint ${name}`)
    return endpoint.ask({ customId, model: name, messages: [{ role: 'user', content: 'hello' }] })
  }
  const askAll = (count: number, name?: string) =>
    Promise.all(Array.from({ length: count }, (_, index) => ask(`${name ?? 'c'}-${index}#1`, name)))
  return { clock, budget, cancel, host, ask, askAll, requests, sentMs, warnings, random }
}

const plain: Completed = {
  kind: 'completed',
  model: 'candidate',
  text: '',
  reasoning: null,
  toolCalls: [],
  refusal: null,
  finishReason: 'stop',
  usage: { promptTokens: 10, completionTokens: 5 },
  systemFingerprint: null,
}
