import type { Completed, Failed } from '../replay/completion.ts'

/** Takes a key out of a text, also where the text is JSON that holds it with quotes and backslashes escaped. */
export function createRedactor(key: string | null): (text: string) => string {
  if (key === null || key === '') return (text) => text
  const escaped = JSON.stringify(key).slice(1, -1)
  // The escaped form first: the plain one can be a part of it.
  return (text) => text.replaceAll(escaped, '[redacted]').replaceAll(key, '[redacted]')
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
    model: redact(completion.model),
    text: redact(completion.text),
    reasoning: completion.reasoning === null ? null : redact(completion.reasoning),
    refusal: completion.refusal === null ? null : redact(completion.refusal),
    finishReason: redact(completion.finishReason),
    systemFingerprint: completion.systemFingerprint === null ? null : redact(completion.systemFingerprint),
    toolCalls: completion.toolCalls.map((call) => ({
      ...call,
      id: redact(call.id),
      function: { name: redact(call.function.name), arguments: redact(call.function.arguments) },
    })),
  }
}
