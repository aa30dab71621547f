import { hash } from 'node:crypto'
import canonicalizeModule from 'canonicalize'
import type { ToolCall } from '../corpus/conversation.ts'
import { readWord } from '../corpus/digest.ts'
import { inspectJson } from './inspect-json.ts'
import { readJson } from './read-json.ts'

/** Why arguments are compared as they were written, letter by letter. */
export type VerbatimReason =
  | 'not JSON'
  | 'not an object'
  | 'a key twice'
  | 'a number that a double does not hold'
  | 'nested too deeply'

/**
 * The arguments of a call, ready to be compared.
 *
 * - `canonical`: the canonical JSON (RFC 8785) of an object. Order of keys, blanks, escapes and ways to write a number make
 *   no difference; a key that is `null` and one that is absent do, and so do `1` and `"1"`, letters that only look alike,
 *   and a default of the tool's schema that is written out: what a tool makes of these is not known here.
 * - `verbatim`: what can't be made canonical without a guess. It is equal to the same text only.
 *
 * No text at all is an object without keys: some models write nothing where a tool takes nothing.
 */
export type CallArguments =
  | { kind: 'canonical'; text: string }
  | { kind: 'verbatim'; text: string; reason: VerbatimReason }

/** Reads the arguments of a call as the model wrote them. Never throws: models write what they like. */
export function readArguments(written: string): CallArguments {
  if (written.trim() === '') return { kind: 'canonical', text: '{}' }
  const keep = (reason: VerbatimReason): CallArguments => ({ kind: 'verbatim', text: written, reason })
  const json = readJson(written)
  if (json.kind === 'other') return keep('not JSON')
  if (typeof json.value !== 'object' || json.value === null || Array.isArray(json.value))
    return keep('not an object')
  const doubt = inspectJson(written)
  return doubt === null ? { kind: 'canonical', text: canonicalize(json.value) } : keep(doubt)
}

/** The first 128 bits of a SHA-256, as four numbers of 32 bits: of 2⁴⁰ texts two share them with a chance of 2e-15. */
export type DigestWords = readonly [number, number, number, number]

/** What the same calls have in common: the digest of tool and arguments. */
export function digestCall(tool: string, { kind, text }: CallArguments): DigestWords {
  return digestText(`${JSON.stringify([tool, kind])}${text}`)
}

/** A name that the same calls have, and no others. */
export function nameCall({ function: { name, arguments: written } }: ToolCall): string {
  const { kind, text } = readArguments(written)
  return JSON.stringify([name, kind, text])
}

/** The digest of a text. */
export function digestText(text: string | Uint8Array): DigestWords {
  const digest = hash('sha256', text, 'binary')
  return [readWord(digest, 0), readWord(digest, 4), readWord(digest, 8), readWord(digest, 12)]
}

// The package is CommonJS with a default export that TypeScript sees one level too deep.
const canonicalize = canonicalizeModule as unknown as (value: unknown) => string
