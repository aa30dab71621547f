import { GateError } from '../errors.ts'
import { checkShape, formatPath } from '../policy/document.ts'
import type { Files } from '../ports.ts'
import { type Conversation, conversationSchema, findTurns } from './conversation.ts'
import { type NumberedLine, readVerifiedLines } from './lines.ts'
import type { Manifest } from './manifest.ts'

/**
 * Streams the conversations of a corpus, each checked, and at the end of each file its digest and counts.
 * Nothing of a corpus may be used before the iteration has ended: the digest of a file is known only then.
 * @throws GateError with the file and line of the first record that is not a conversation
 */
export async function* readCorpus(manifest: Manifest, files: Files): AsyncGenerator<Conversation> {
  const ids = new Map<string, string>()
  for (const entry of manifest.files) {
    const lines = readVerifiedLines({
      file: entry.path,
      bytes: files.openCorpusFile(entry.path),
      sha256: entry.sha256,
    })
    const counts = { conversations: 0, turns: 0 }
    for await (const conversation of parseConversations({ file: entry.path, lines, ids })) {
      counts.conversations += 1
      counts.turns += findTurns(conversation).length
      yield conversation
    }
    for (const key of ['conversations', 'turns'] as const) {
      if (counts[key] !== entry[key]) {
        throw new GateError({
          code: 'corpus',
          message: `it has ${counts[key]} ${key}, the manifest says ${entry[key]}`,
          where: { file: entry.path },
          remedy: 'write the manifest anew with `corpus manifest`',
        })
      }
    }
  }
}

/** Parses the lines of one file. `ids` holds the ids seen so far and where. */
export async function* parseConversations(request: {
  file: string
  lines: AsyncIterable<NumberedLine>
  ids: Map<string, string>
}): AsyncGenerator<Conversation> {
  const { file, lines, ids } = request
  for await (const { number, text } of lines) {
    if (text.trim() === '') continue
    const conversation = parseConversation({ file, line: number, text })
    const before = ids.get(conversation.id)
    if (before !== undefined) {
      throw new GateError({
        code: 'corpus',
        message: `the id "${conversation.id}" was used before (${before})`,
        where: { file, line: number, field: 'id' },
        remedy: 'give each conversation an id of its own; if it is the same conversation, remove one',
      })
    }
    ids.set(conversation.id, `${file}:${number}`)
    yield conversation
  }
}

/** Parses one line. */
export function parseConversation(request: { file: string; line: number; text: string }): Conversation {
  const { file, line } = request
  const checked = checkShape(conversationSchema, parseJson(request))
  if (checked.kind === 'wrong') {
    const [{ message, remedy, path }] = checked.problems
    const field = path.length === 0 ? undefined : formatPath(path)
    throw new GateError({ code: 'corpus', message, where: { file, line, field }, remedy })
  }
  if (findTurns(checked.value).length === 0) {
    throw new GateError({
      code: 'corpus',
      message: 'the conversation has no assistant turn that answers a user or a tool',
      where: { file, line, field: 'messages' },
      remedy: 'leave it out of the corpus: there is nothing to replay',
    })
  }
  return checked.value
}

// JSON.parse quotes the text in its message, and the text is somebody's conversation: only the place is kept.
function parseJson(request: { file: string; line: number; text: string }): unknown {
  const { file, line, text } = request
  try {
    return JSON.parse(text)
  } catch (error) {
    const position = /at position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1]
    throw new GateError({
      code: 'corpus',
      message: 'not a JSON object',
      where: { file, line, column: position === undefined ? undefined : Number(position) + 1 },
      remedy: 'write one whole conversation a line',
    })
  }
}
