import { createHash } from 'node:crypto'
import type { ChatRequest } from '../completion.ts'

/** Names requests. */
export interface RequestNamer {
  /** The name of a request that is asked now: another each time that the same is asked. */
  name(request: ChatRequest): string
  /**
   * Which part of the run this is, from 1. Known items are asked anew in each part, as they watch the judge of that part:
   * what they were answered in an earlier one is no answer.
   */
  beginPart(part: number): void
}

/**
 * Makes the `custom_id` of each request of an endpoint: a digest of its purpose, of all that is sent, and of how often the
 * same was asked before. A run that continues another asks the same in the same order, and so comes to the same names. The
 * delimiter of judges' prompts is new in each run, and left out.
 */
export function createRequestNamer(settings: { endpoint: string; delimiter: string }): RequestNamer {
  const { endpoint, delimiter } = settings
  const asked = new Map<string, number>()
  let part = 1
  return {
    beginPart(number) {
      part = number
    },
    name(request) {
      const occasion = request.customId.startsWith('known:') ? part : 1
      const text = JSON.stringify([endpoint, occasion, request])
      const digest = hash(delimiter === '' ? text : text.replaceAll(delimiter, ''))
      const times = (asked.get(digest) ?? 0) + 1
      asked.set(digest, times)
      return hash(`${digest} ${times}`)
    },
  }
}

/** 128 bits of a digest, in hex: short enough for every server, and for a journal. */
function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
