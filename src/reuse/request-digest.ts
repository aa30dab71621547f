import { createHash } from 'node:crypto'
import type { ChatRequest } from '../replay/completion.ts'

/**
 * SHA-256, in hex, of what a model is asked: its name, messages, tools, settings and API. Not of what names the answer in a
 * recording, nor of what is read of its headers.
 */
export function digestRequest(request: ChatRequest): string {
  const { customId: _, digestHeader: __, ...asked } = request
  const parts = Object.entries(asked).filter(([, value]) => value !== undefined)
  const sorted = parts.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex')
}
