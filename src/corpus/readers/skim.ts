import { isUtf8 } from 'node:buffer'
import { isInCommonForm } from '../common-form.ts'
import type { Conversation, KnownConversation } from '../conversation.ts'
import { findTurns } from '../turns.ts'

/** What a listing knows of a conversation. */
export interface Skimmed {
  known: KnownConversation
  /** `findTurns` of it: never none. */
  turns: number[]
}

/**
 * Gives what a listing knows of the conversation of a line, or `null`: then the line is to be parsed as others are. `knownUtf8`:
 * it need not be asked whether the line is UTF-8.
 */
export type Skim = (line: Uint8Array, knownUtf8?: boolean) => Skimmed | null

const openingBrace = 0x7b
/** Lines that are tried in vain before those that are not are weighed against them. */
const patience = 1000

/**
 * Parses lines of the gate's own shape for who does not want to know what was said.
 *
 * JSON takes letters beyond ASCII in texts only, and there any. So if bytes are UTF-8, taking each of them for a letter
 * (Latin-1) changes neither whether they are JSON nor anything but those texts, and V8 parses texts of one byte a letter in
 * two thirds of the time. What has such letters where a listing looks is left to the parsing that all errors come from.
 */
export function createSkim(): Skim {
  let found = 0
  let tried = 0
  return (line, knownUtf8 = false) => {
    // To try in vain costs half as much again.
    if (line[0] !== openingBrace || (tried > patience && found < tried / 2)) return null
    tried += 1
    const skimmed = knownUtf8 || isUtf8(line) ? readInCommonForm(line) : null
    if (skimmed !== null) found += 1
    return skimmed
  }
}

function readInCommonForm(line: Uint8Array): Skimmed | null {
  const bytes = Buffer.isBuffer(line) ? line : Buffer.from(line.buffer, line.byteOffset, line.length)
  const value = parse(bytes.toString('latin1'))
  if (!isInCommonForm(value) || !isAscii(value.metadata)) return null
  const turns = findTurns(value)
  if (turns.length === 0) return null
  const { id, metadata, expires_at, consent, user } = value
  return { known: { id, metadata, expires_at, consent, user }, turns }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Id, times and user are ASCII by their form. */
function isAscii(metadata: Conversation['metadata']): boolean {
  for (const key in metadata) if (!ascii.test(key) || !ascii.test(String(metadata[key]))) return false
  return true
}

const ascii = /^[\0-\x7f]*$/
