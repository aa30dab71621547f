import { connectBatches } from '../../../src/adapters/batch-client.ts'
import { type BatchEndpoint, createBatchEndpoint } from '../../../src/replay/batch/batch-endpoint.ts'
import type { BatchLine } from '../../../src/replay/batch/batch-lines.ts'
import { foldBatches } from '../../../src/replay/batch/batch-lines.ts'
import type { FileLimits } from '../../../src/replay/batch/split-files.ts'
import { type BudgetLimits, createBudget } from '../../../src/replay/budget.ts'
import type { ChatRequest } from '../../../src/replay/completion.ts'
import type { Spent } from '../../../src/replay/spent.ts'
import { type BatchApiScript, completeLine, startBatchApi } from '../../fakes/batch-api.ts'
import { createFakeClock } from '../../fakes/fake-clock.ts'

/** Says what it was asked. */
export const echo: BatchApiScript['answer'] = (line) =>
  completeLine(line, `answer to ${line.body.messages.at(-1)?.content}`)

/** A run that asks one endpoint in batches of a stand-in, on a clock whose sleeps take no time. */
export function openRun(
  api: { url: string },
  settings: {
    limits?: Partial<BudgetLimits>
    fileLimits?: FileLimits
    maxAttempts?: number
    /** What an earlier run has journalled. */
    journal?: readonly BatchLine[]
    spent?: Spent
    delimiter?: string
    key?: string
    secrets?: string[]
  } = {},
) {
  const clock = createFakeClock()
  const cancel = new AbortController()
  const { limits = {}, fileLimits, maxAttempts = 3, journal = [], spent, delimiter = 'd0' } = settings
  const budget = createBudget({
    limits: { maxRequests: null, maxMinutes: null, ...limits },
    clock,
    cancelled: cancel.signal,
    prices: { '*': { inputUsdPer1m: 1000, outputUsdPer1m: 1000 } },
    ...(spent === undefined ? {} : { spent }),
  })
  const lines: BatchLine[] = [...journal]
  const said: string[] = []
  const changes: ReturnType<BatchEndpoint['counts']>[] = []
  const connected = connectBatches({
    url: api.url,
    key: settings.key ?? null,
    ...(settings.secrets === undefined ? {} : { secrets: settings.secrets }),
    clock,
  })
  const opened = connected.then((client) => {
    const endpoint: BatchEndpoint = createBatchEndpoint({
      name: 'candidate',
      origin: new URL(api.url).origin,
      client,
      budget,
      clock,
      cancelled: cancel.signal,
      random: () => 0.5,
      maxAttempts,
      ...(fileLimits === undefined ? {} : { limits: fileLimits }),
      delimiter,
      past: foldBatches(journal),
      keep: async (line) => {
        lines.push({ ...line, spent: budget.spent() })
      },
      isBusy: () => false,
      onChange: () => changes.push(endpoint.counts()),
      info: (text) => said.push(text),
      warn: (text) => said.push(text),
    })
    return endpoint
  })
  const ask = async (content: string, more: Partial<ChatRequest> = {}) =>
    (await opened).ask({
      customId: `${content}#1`,
      model: 'ckpt-2',
      messages: [{ role: 'user', content }],
      ...more,
    })
  return {
    clock,
    budget,
    cancel,
    lines,
    said,
    changes,
    opened,
    ask,
    askAll: (count: number, more: Partial<ChatRequest> = {}) =>
      Promise.all(Array.from({ length: count }, (_, index) => ask(`q${index}`, more))),
  }
}

/** Runs a test against a stand-in that is closed afterwards. */
export async function withApi(
  script: Partial<BatchApiScript>,
  test: (api: Awaited<ReturnType<typeof startBatchApi>>) => Promise<void>,
): Promise<void> {
  const api = await startBatchApi({ answer: echo, ...script })
  try {
    await test(api)
  } finally {
    await api.close()
  }
}

/** The texts of completions, and the causes of what has none. */
export function summarize(outcomes: readonly { kind: string }[]): string[] {
  return outcomes.map((outcome) => {
    const { kind, text, cause, reason } = outcome as Record<string, string>
    return kind === 'completed' ? (text ?? '') : `${kind}: ${cause ?? reason}`
  })
}
