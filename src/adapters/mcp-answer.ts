import canonicalizeModule from 'canonicalize'
import { z } from 'zod'
import type { Served, ServerTools } from '../tools/connector.ts'
import { AnswerTooLong } from './mcp-fetch.ts'

// The package is CommonJS with a default export that TypeScript sees one level too deep.
const canonicalize = canonicalizeModule as unknown as (value: unknown) => string

/** A page of a server's list of tools, with all that the server says of them. */
export const toolPageSchema = z.looseObject({
  tools: z.array(
    z.looseObject({
      name: z.string(),
      annotations: z.looseObject({ readOnlyHint: z.unknown().optional() }).nullish(),
    }),
  ),
  nextCursor: z.string().nullish(),
})
type ListedTool = z.infer<typeof toolPageSchema>['tools'][number]

/** The tools of a server. Their order is no change, nor is what it notes for itself. */
export function describeTools(listed: readonly ListedTool[]): ServerTools {
  const texts = listed.map(({ _meta, ...tool }) => canonicalize(tool))
  return {
    tools: listed.map(({ name, annotations }) => ({ name, isReadOnly: annotations?.readOnlyHint === true })),
    listing: texts.toSorted().join('\n'),
  }
}

/** What a tool returned, of whatever kinds. */
export const toolResultSchema = z.looseObject({
  content: z.array(z.looseObject({ type: z.string() })).default([]),
  structuredContent: z.unknown().optional(),
  isError: z.boolean().nullish(),
})

const textPart = z.object({ type: z.literal('text'), text: z.string() })
const resourcePart = z.object({
  type: z.literal('resource'),
  resource: z.object({ uri: z.string().optional(), text: z.string() }),
})
const dataPart = z.object({ mimeType: z.string().optional(), data: z.string().optional() })

/**
 * A result as one text. What is no text is named in its place (`[image: image/png, not shown]`): a model that reads text
 * could make nothing of it.
 */
export function renderResult({ content, structuredContent }: z.infer<typeof toolResultSchema>): string {
  if (content.length === 0 && structuredContent !== undefined) return JSON.stringify(structuredContent)
  return content.map(renderPart).join('\n')
}

function renderPart(part: { type: string }): string {
  const text = textPart.safeParse(part)
  if (text.success) return text.data.text
  const resource = resourcePart.safeParse(part)
  if (resource.success) return resource.data.resource.text
  const { mimeType, data } = dataPart.safeParse(part).data ?? {}
  const size = data === undefined ? '' : `, ${Math.floor((data.length * 3) / 4)} bytes`
  const kind = mimeType === undefined ? '' : `: ${mimeType.slice(0, 100)}${size}`
  return `[${part.type.slice(0, 50)}${kind}, not shown]`
}

/** What the answer to a request failed of. */
export function explainServerError(error: unknown, redact: (text: string) => string): Served<never> {
  const message = error instanceof Error ? error.message : String(error)
  const causes = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
  const detail = redact(message + causes).slice(0, 300)
  if (error instanceof AnswerTooLong) return { kind: 'refused', detail }
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null
  switch (code) {
    case requestTimeout:
      return { kind: 'hung' }
    case connectionClosed:
    // A session that the server has forgotten.
    case 404:
      return { kind: 'lost', detail }
  }
  // HTTP statuses of the transport, and errors of JSON-RPC.
  const isRefused = typeof code === 'number' && (code < 0 || (code >= 400 && code < 500))
  const isUnreadable = error instanceof Error && (error.name === 'ZodError' || error.name === '$ZodError')
  return { kind: isRefused || isUnreadable ? 'refused' : 'lost', detail }
}

const connectionClosed = -32000
const requestTimeout = -32001
