import type { Message, Tool } from '../corpus/conversation.ts'
import type { Scratch } from '../ports.ts'

/** Where a text is: a part of a block. */
interface Stretch {
  block: number
  start: number
  length: number
}

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

/** What a store holds in memory, in bytes. */
export interface StoreLimits {
  block: number
  held: number
}

const storeLimits: StoreLimits = { block: 2 ** 21, held: 2 ** 24 }
/** Lists of tools that are remembered: most conversations of a product are offered the same. */
const mostTools = 256

/** An empty store. `openScratch` is called when it holds in memory what it may; without it, it holds all there. */
export function createTurnStore(
  openScratch: (() => Scratch) | undefined,
  limits: StoreLimits = storeLimits,
): TurnStore {
  const blocks = createBlocks(openScratch, limits)
  const knownTools = new Map<string, Stretch>()
  const addTools = (tools: Tool[]): Stretch => {
    const text = JSON.stringify(tools)
    const known = knownTools.get(text)
    if (known !== undefined) return known
    const stretch = blocks.add(Buffer.from(text))
    if (knownTools.size < mostTools) knownTools.set(text, stretch)
    return stretch
  }
  const read = (stretch: Stretch): unknown => JSON.parse(blocks.read(stretch).toString())
  return {
    add: ({ prefix, tools, after }) => ({
      ...blocks.add(Buffer.from(JSON.stringify(prefix))),
      tools: tools === null ? null : addTools(tools),
      after: after === undefined ? null : blocks.add(Buffer.from(JSON.stringify(after))),
    }),
    readPrefix: (stored) => read(stored) as Message[],
    readAfter: ({ after }) => (after === null ? undefined : (read(after) as Message[])),
    readTools: ({ tools }) => (tools === null ? null : (read(tools) as Tool[])),
  }
}

function createBlocks(openScratch: (() => Scratch) | undefined, limits: StoreLimits) {
  /** Closed ones, and where those are that are not in memory. */
  const blocks: (Buffer | { position: number })[] = []
  let open = Buffer.allocUnsafe(limits.block)
  let used = 0
  let held = 0
  let scratch: Scratch | null = null
  const keep = (block: Buffer) => {
    held += block.length
    if (openScratch === undefined || held <= limits.held) {
      blocks.push(block)
      return
    }
    scratch ??= openScratch()
    blocks.push({ position: scratch.append(block) })
  }
  return {
    add(bytes: Buffer): Stretch {
      if (used > 0 && used + bytes.length > open.length) {
        keep(open.subarray(0, used))
        open = Buffer.allocUnsafe(Math.max(limits.block, bytes.length))
        used = 0
      } else if (bytes.length > open.length) open = Buffer.allocUnsafe(bytes.length)
      bytes.copy(open, used)
      used += bytes.length
      return { block: blocks.length, start: used - bytes.length, length: bytes.length }
    },
    read({ block, start, length }: Stretch): Buffer {
      const found = blocks[block] ?? open
      if (Buffer.isBuffer(found)) return found.subarray(start, start + length)
      if (scratch === null) throw new Error('a block is nowhere')
      return Buffer.from(scratch.read(found.position + start, length))
    },
  }
}
