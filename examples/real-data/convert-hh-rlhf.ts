import { join } from 'node:path'
import { z } from 'zod'
import { isScript, readFolders, readJsonLines } from './read-source.ts'
import { type Conversation, type Message, writeCorpus } from './write-corpus.ts'

/** One pair of harmless-base-test.jsonl. Only the preferred side is used; the other shares its beginning. */
export const pairSchema = z.object({ chosen: z.string() })
export type Pair = z.infer<typeof pairSchema>

/** Why a transcript is left out: its turns can't be told with certainty. */
export type SkipReason =
  | 'no-opening-separator'
  | 'empty-turn'
  | 'roles-not-alternating'
  | 'no-final-assistant-turn'
  | 'role-marker-in-text'

/** A transcript cut into messages, or the reason why it was not. */
export type Transcript =
  | { kind: 'conversation'; messages: Message[] }
  | { kind: 'skipped'; reason: SkipReason }

const separator = /\n\n(Human|Assistant): /
const roleMarker = /\b(?:Human|Assistant):/

/**
 * Cuts a transcript at its separators, verbatim: joined with them again, the messages are the transcript.
 *
 * The format has no escape, so a separator that a participant wrote looks like a turn. Where roles don't
 * alternate, or a text holds a role marker in another form (the model went on for the user, or a line break
 * was lost), the cut is a guess and the transcript is skipped. A model that wrote whole exchanges in exact
 * alternation can't be recognised.
 */
export function parseTranscript(text: string): Transcript {
  const [opening, ...pieces] = text.split(separator)
  if (opening !== '' || pieces.length === 0) return { kind: 'skipped', reason: 'no-opening-separator' }
  const messages: Message[] = []
  for (let index = 0; index < pieces.length; index += 2) {
    messages.push({
      role: pieces[index] === 'Human' ? 'user' : 'assistant',
      content: pieces[index + 1] ?? '',
    })
  }
  const reason = findDoubt(messages)
  return reason === undefined ? { kind: 'conversation', messages } : { kind: 'skipped', reason }
}

function findDoubt(messages: readonly Message[]): SkipReason | undefined {
  if (messages.some((message) => message.content.trim() === '')) return 'empty-turn'
  if (messages.some((message, index) => message.role !== (index % 2 === 0 ? 'user' : 'assistant'))) {
    return 'roles-not-alternating'
  }
  if (messages.at(-1)?.role !== 'assistant') return 'no-final-assistant-turn'
  if (messages.some((message) => roleMarker.test(message.content))) return 'role-marker-in-text'
  return undefined
}

/** The preferred transcripts as multi-turn conversations, named by their line; those left out, counted. */
export function convertHhRlhf(pairs: readonly Pair[]): {
  conversations: Conversation[]
  skipped: Record<SkipReason, number>
} {
  const conversations: Conversation[] = []
  const skipped: Record<SkipReason, number> = {
    'no-opening-separator': 0,
    'empty-turn': 0,
    'roles-not-alternating': 0,
    'no-final-assistant-turn': 0,
    'role-marker-in-text': 0,
  }
  pairs.forEach((pair, index) => {
    const transcript = parseTranscript(pair.chosen)
    if (transcript.kind === 'skipped') skipped[transcript.reason] += 1
    else {
      conversations.push({
        id: `hh-harmless-test-${index + 1}`,
        messages: transcript.messages,
        metadata: { dataset: 'hh-rlhf-harmless-base-test', side: 'chosen' },
      })
    }
  })
  return { conversations, skipped }
}

async function main(folders: { source: string; output: string }): Promise<void> {
  const path = join(folders.source, 'harmless-base-test.jsonl')
  const pairs = await readJsonLines({ path, schema: pairSchema })
  const { conversations, skipped } = convertHhRlhf(pairs)
  await writeCorpus({ folder: folders.output, name: 'hh-rlhf-harmless-base-test', conversations })
  console.log(`${conversations.length} of ${pairs.length} conversations in ${folders.output}; skipped:`)
  console.table(skipped)
}

if (isScript(import.meta.filename)) await main(readFolders(process.argv))
