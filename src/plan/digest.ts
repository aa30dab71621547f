import { createHash } from 'node:crypto'
import canonicalizeModule from 'canonicalize'

/** SHA-256, in hex, of a value's canonical JSON (RFC 8785). */
export function digestValue(value: unknown): string {
  return createHash('sha256').update(canonicalize(value)).digest('hex')
}

// The package is CommonJS with a default export that TypeScript sees one level too deep.
const canonicalize = canonicalizeModule as unknown as (value: unknown) => string
