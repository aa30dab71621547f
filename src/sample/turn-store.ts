import type { Message, Tool } from '../corpus/conversation.ts'
import type { Scratch } from '../ports.ts'
import { createByteStore, type StoreLimits, type Stretch } from './byte-store.ts'

/** Where the content of a turn is in its store. */
export interface StoredContent extends Stretch {
  /** `null`: no tools were offered. */
  tools: Stretch | null
  /** `null`: it was not asked for. */
  after: Stretch | null
}

/** What is sent of turns, as JSON in few large pieces: a fraction of what it takes as objects. */
export interface TurnStore {
  add(content: { prefix: Message[]; tools: Tool[] | null; after?: Message[] | undefined }): StoredContent
  readPrefix(stored: StoredContent): Message[]
  readTools(stored: StoredContent): Tool[] | null
  readAfter(stored: StoredContent): Message[] | undefined
}

/** Lists of tools that are remembered: most conversations of a product are offered the same. */
const mostTools = 256

/** An empty store, which keeps on disk what it must not hold (`createByteStore`). */
export function createTurnStore(openScratch: (() => Scratch) | undefined, limits?: StoreLimits): TurnStore {
  const blocks = createByteStore(openScratch, limits)
  const knownTools = new Map<string, Stretch>()
  const addTools = (tools: Tool[]): Stretch => {
    const text = JSON.stringify(tools)
    const known = knownTools.get(text)
    if (known !== undefined) return known
    const stretch = blocks.add(text)
    if (knownTools.size < mostTools) knownTools.set(text, stretch)
    return stretch
  }
  const read = (stretch: Stretch): unknown => JSON.parse(blocks.read(stretch).toString())
  return {
    add: ({ prefix, tools, after }) => ({
      ...blocks.add(JSON.stringify(prefix)),
      tools: tools === null ? null : addTools(tools),
      after: after === undefined ? null : blocks.add(JSON.stringify(after)),
    }),
    readPrefix: (stored) => read(stored) as Message[],
    readAfter: ({ after }) => (after === null ? undefined : (read(after) as Message[])),
    readTools: ({ tools }) => (tools === null ? null : (read(tools) as Tool[])),
  }
}
