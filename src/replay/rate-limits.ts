/** What an endpoint says is left of one of its limits. */
export interface Allowance {
  of: 'requests' | 'tokens'
  /** How much there is when nothing is used; `null` where it is not said. */
  limit: number | null
  remaining: number
  /** How long until all of it is there again; `null` where it is not said. */
  resetMs: number | null
}

/**
 * Headers of an answer that say what is left. OpenAI's (and Azure's, Groq's, vLLM gateways') and Anthropic's: both speak
 * of a bucket that fills steadily, and by "reset" mean the time at which it is full again.
 */
const families = [
  nameFields('requests', (field) => `x-ratelimit-${field}-requests`),
  nameFields('tokens', (field) => `x-ratelimit-${field}-tokens`),
  nameFields('requests', (field) => `anthropic-ratelimit-requests-${field}`),
  nameFields('tokens', (field) => `anthropic-ratelimit-tokens-${field}`),
  nameFields('tokens', (field) => `anthropic-ratelimit-input-tokens-${field}`),
  nameFields('tokens', (field) => `anthropic-ratelimit-output-tokens-${field}`),
]

function nameFields(of: Allowance['of'], name: (field: string) => string) {
  return { of, limit: name('limit'), remaining: name('remaining'), reset: name('reset') }
}

/** Reads what is left of an endpoint's limits; a header that can't be read says nothing. */
export function readAllowances(headers: Pick<Headers, 'get'>, now: Date): Allowance[] {
  const allowances: Allowance[] = []
  for (const names of families) {
    const remaining = readCount(headers.get(names.remaining))
    if (remaining === null) continue
    const limit = readCount(headers.get(names.limit))
    const resetMs = readReset(headers.get(names.reset), now)
    allowances.push({ of: names.of, limit, remaining, resetMs })
  }
  return allowances
}

function readCount(text: string | null): number | null {
  if (text === null || text.trim() === '') return null
  const count = Number(text)
  return Number.isFinite(count) ? count : null
}

const unitMs: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 }
/** Later than this, a plain number of seconds is a date: 2001 in Unix time. */
const earliestUnixSeconds = 1e9

/** `6m0s` and `12ms` as OpenAI writes it, an RFC 3339 date as Anthropic does, seconds or Unix time as others do. */
function readReset(text: string | null, now: Date): number | null {
  const value = text?.trim() ?? ''
  if (value === '') return null
  const number = Number(value)
  if (Number.isFinite(number)) {
    return Math.max(0, number < earliestUnixSeconds ? number * 1000 : number * 1000 - now.getTime())
  }
  if (/^(?:\d+(?:\.\d+)?(?:ms|[dhms]))+$/.test(value)) {
    const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)]
    return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0), 0)
  }
  const untilMs = Date.parse(value) - now.getTime()
  return Number.isFinite(untilMs) ? Math.max(0, untilMs) : null
}
