import type { Completed, Failed } from '../replay/completion.ts'

/** A shorter text is no secret: dummies like `EMPTY` are words, and so are their encoded forms. */
const shortestSecret = 8

/**
 * Takes the key of an endpoint out of a text, and the secrets that it should never have seen. Each in the forms in
 * which servers repeat a header: as it is, in JSON, in a URL, and in base64 whatever stands around it.
 */
export function createRedactor(
  key: string | null,
  secrets: readonly string[] = [],
): (text: string) => string {
  const hidden = [key ?? '', ...secrets.filter((secret) => secret.length >= shortestSecret)]
  // The longest first: a form can be a part of another.
  const forms = [...new Set(hidden.flatMap(listForms))].toSorted((a, b) => b.length - a.length)
  if (forms.length === 0) return (text) => text
  // One search for all of them: hardly any text has one.
  const any = new RegExp(forms.map(escapePattern).join('|'))
  return (text) =>
    any.test(text) ? forms.reduce((rest, form) => rest.replaceAll(form, '[redacted]'), text) : text
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

function listForms(secret: string): string[] {
  if (secret === '') return []
  const escaped = JSON.stringify(secret).slice(1, -1)
  if (secret.length < shortestSecret) return [secret, escaped]
  const base64 = [0, 1, 2].map((offset) => encodeWithin(secret, offset))
  const inUrls = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))
  return [secret, escaped, encodeURIComponent(secret), ...base64, ...inUrls]
}

/** The part of its base64 that is the same whatever stands before and after it, of which `offset` bytes share its first group. */
function encodeWithin(secret: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)])
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 3)).toString('base64')
  return whole.slice(offset === 0 ? 0 : 4)
}

/** Redacts every text and every name in a JSON value; what is not text stays what it is. */
export function redactJson(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value)
  if (Array.isArray(value)) return value.map((entry) => redactJson(entry, redact))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [redact(name), redactJson(entry, redact)]),
  )
}

/** Redacts all that an endpoint wrote of a completion. */
export function redactCompletion(
  completion: Completed | Failed,
  redact: (text: string) => string,
): Completed | Failed {
  if (completion.kind === 'failed') return { ...completion, detail: redact(completion.detail) }
  return {
    ...completion,
    model: completion.model === null ? null : redact(completion.model),
    text: redact(completion.text),
    reasoning: completion.reasoning === null ? null : redact(completion.reasoning),
    refusal: completion.refusal === null ? null : redact(completion.refusal),
    finishReason: redact(completion.finishReason),
    systemFingerprint: completion.systemFingerprint === null ? null : redact(completion.systemFingerprint),
    ...(typeof completion.servedDigest === 'string' ? { servedDigest: redact(completion.servedDigest) } : {}),
    toolCalls: completion.toolCalls.map((call) => ({
      ...call,
      id: redact(call.id),
      function: { name: redact(call.function.name), arguments: redact(call.function.arguments) },
    })),
  }
}
