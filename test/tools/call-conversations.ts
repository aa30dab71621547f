import type { Conversation } from '../../src/corpus/conversation.ts'
import { createDatabaseBuilder } from '../../src/tools/build.ts'
import { openDatabase, type ToolDatabase } from '../../src/tools/database.ts'
import { encodeIndex } from '../../src/tools/layout.ts'

/** A call as tests write it: tool, arguments, and the response; `null` for none. */
export type WrittenExchange = readonly [tool: string, written: string, response: string | null]

/** A conversation of one user message and these calls, one message each. */
export function makeConversation(id: string, exchanges: readonly WrittenExchange[]): Conversation {
  return {
    id,
    messages: [
      { role: 'user', content: 'Go on.' },
      ...exchanges.flatMap(([tool, written, response], index): Conversation['messages'] => {
        const call = {
          id: `call-${index}`,
          type: 'function' as const,
          function: { name: tool, arguments: written },
        }
        const result = { role: 'tool' as const, tool_call_id: call.id, content: response ?? '' }
        return [{ role: 'assistant', tool_calls: [call] }, ...(response === null ? [] : [result])]
      }),
    ],
  }
}

/** The bytes of the two files of a database of these conversations. */
export async function buildBytes(conversations: readonly Conversation[]) {
  const parts: Uint8Array[] = []
  const builder = createDatabaseBuilder({ append: async (bytes) => void parts.push(bytes.slice()) })
  for (const conversation of conversations) await builder.add(conversation)
  const { header, columns } = await builder.finish()
  return { index: join(encodeIndex(header, columns)), texts: join(parts), header }
}

/** Opens a database from its bytes. */
export function openBytes(index: Uint8Array<ArrayBuffer>, texts: Uint8Array): ToolDatabase {
  const read = (offset: number, length: number) => texts.subarray(offset, offset + length)
  return openDatabase({ file: 'tools.index', bytes: index }, { file: 'tools.texts', read })
}

/** A database of these conversations. */
export async function buildDatabase(conversations: readonly Conversation[]): Promise<ToolDatabase> {
  const { index, texts } = await buildBytes(conversations)
  return openBytes(index, texts)
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts))
}
