import { hash } from 'node:crypto'
import { digestValue } from '../plan/plan.ts'
import type { Conversation } from './conversation.ts'
import type { CorpusLimits } from './limits.ts'
import type { Manifest } from './manifest.ts'
import { type Located, readLocated } from './read.ts'
import type { CorpusFiles, Row, RowPlace } from './readers/reader.ts'

/** Where a conversation is in its corpus, and what its row must be. */
export interface ConversationPlace extends RowPlace {
  /** Of the manifest's files, from 0. */
  file: number
  /** Among the conversations of its row, from 0. */
  part: number
  /** Of the row: `digestRow`. */
  digest: string
}

/** What a draw knows of a conversation: not a word of it. */
export interface ListedConversation {
  id: string
  /** The indices of the messages that are turns: never none. */
  turns: readonly number[]
  metadata: NonNullable<Conversation['metadata']>
  /** ISO 8601. */
  expiresAt: string | undefined
  consent: boolean | undefined
  /** An HMAC. */
  user: string | undefined
  /** Worked out only where it is asked for, while its batch is gone through. */
  locate(): ConversationPlace
}

/** Lists the conversations of a corpus by reading all of it, and checks it as `readCorpus` does. */
export async function* listConversations(request: {
  manifest: Manifest
  files: CorpusFiles
  limits?: CorpusLimits
}): AsyncGenerator<Iterable<ListedConversation>> {
  for await (const { file, found } of readLocated({ ...request, skims: true })) yield listBatch(file, found)
}

function* listBatch(file: number, found: Iterable<Located>): Generator<ListedConversation> {
  for (const { conversation, turns, row, part } of found) {
    yield {
      id: conversation.id,
      turns,
      metadata: conversation.metadata ?? {},
      expiresAt: conversation.expires_at,
      consent: conversation.consent,
      user: conversation.user,
      locate: () => locateRow({ file, row, part }),
    }
  }
}

/** Where a row is. */
export function locateRow({ file, row, part }: { file: number; row: Row; part: number }): ConversationPlace {
  const { number, line } = row
  const start = line?.start ?? 0
  return { file, number, part, start, length: line?.bytes.length ?? 0, digest: digestRow(row) }
}

/**
 * The SHA-256, as base64url, of what a row is: of a line its bytes, and of a row of a table its canonical JSON (RFC 8785)
 * as it is read, so that neither the order of columns nor how they are packed matters.
 */
export function digestRow({ line, value }: Row): string {
  if (line !== null) return line.digest ?? hash('sha256', line.bytes, 'base64url')
  return Buffer.from(digestValue(value), 'hex').toString('base64url')
}
