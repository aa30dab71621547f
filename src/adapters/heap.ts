import v8 from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes of V8's new space, where objects begin, that a program holds at most, about; and how often it is looked at. */
const newSpace = { narrowBytes: 2 ** 24, wideBytes: 2 ** 26, checkEveryMs: 10 }
/** MiB of that of a thread to begin with: once this one has reached its limit, that of no thread grows any more. */
const threadMebibytes = 4
/** By how much of what is held the heap grows while turns are drawn, in per cent, before V8 collects it. */
const drawingPercent = 100
/**
 * Bytes by which it grows beyond what is held once endpoints are asked, and in a large run. A share of what is held would be too
 * little where that is little: requests under way outlive new space, and are garbage in the rest of the heap.
 */
const room = { askingBytes: 48 * 2 ** 20, largeBytes: 32 * 2 ** 20 }
/** No less and no more than this, in per cent: V8 left to itself takes about 300. */
const percents = { least: 20, most: 250 }

const state = {
  limitBytes: Number.POSITIVE_INFINITY,
  isLarge: false,
  roomBytes: 0,
  /** Of all but new space: when it was last looked at, and as the last collection left it. */
  oldBytes: Number.POSITIVE_INFINITY,
  heldBytes: 0,
}

/**
 * Bounds the heap while turns are drawn: V8's new space doubles while much of it survives its collections, up to 64 MiB a half
 * and more on machines with much memory, and holds what it once had; and the rest grows to a multiple of what is held. A draw of
 * 100,000 turns would spend more memory on both than on the turns, and takes no longer with less (docs/performance.md, "Memory").
 *
 * `--max-semi-space-size` counts only before V8 starts, and an action can't choose how Node.js is started. The factors by which
 * spaces grow are read at each collection (`NewSpace::Grow`, src/heap/new-spaces.cc, and `MemoryController`,
 * src/heap/heap-controller.cc, of https://github.com/v8/v8): that of new space is 1 from when its next growth would go beyond
 * the limit. V8 passes over a flag that it doesn't know.
 *
 * New space is collected also while the rest of the heap is being marked, which Node.js 24 puts off otherwise
 * (`--separate-gc-phases`): what is made meanwhile, 50 MiB where much is decoded, would come on top of the limit.
 */
export function boundHeap({ narrowBytes, checkEveryMs } = newSpace): void {
  state.limitBytes = narrowBytes
  setGrowing(drawingPercent)
  v8.setFlagsFromString(`--min-semi-space-size=${threadMebibytes}`)
  v8.setFlagsFromString('--no-separate-gc-phases')
  setInterval(heedLimit, checkEveryMs).unref()
  heedLimit()
}

/**
 * Lets new space grow to its limit now, by objects that survive its collections: before a step that makes many of them, such as
 * the reading of a large footer. In it nothing could heed the limit, and new space would grow to 64 MiB and hold them.
 */
export function fillNewSpace(): void {
  if (state.limitBytes > newSpace.narrowBytes) return
  const kept: number[][][] = []
  for (let turn = 0; heedLimit() && turn < filling.most; turn += 1) {
    kept[turn % filling.kept] = Array.from({ length: 256 }, () => new Array<number>(128).fill(0))
  }
}

/** Quarters of a MiB: as many are kept at a time, and made at most. */
const filling = { kept: 12, most: 200 }

/**
 * Gives the heap more room, unless the run is a large one: what belongs to requests under way survives each collection, and
 * is moved by it; the fewer there are, the better.
 */
export function easeHeap({ wideBytes } = newSpace): void {
  if (state.isLarge || state.limitBytes > wideBytes) return
  state.limitBytes = wideBytes
  state.roomBytes = room.askingBytes
  heedLimit()
}

/** Lets the heap grow by less, as from here on memory counts more than processor time. */
export function tightenHeap(): void {
  state.isLarge = true
  state.roomBytes = room.largeBytes
  heedLimit()
  // The next collection is due by the factor that was: one now lets the new one count.
  v8.setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('typeof gc === "function" ? gc : null')
  if (typeof collect === 'function') collect({ type: 'major', execution: 'async' })
}

function setGrowing(percent: number): void {
  v8.setFlagsFromString(`--heap-growing-percent=${percent}`)
}

/** Says whether new space may grow, and tells V8; and by how much the rest may before its next collection but one. */
function heedLimit(): boolean {
  const spaces = v8.getHeapSpaceStatistics()
  heedRoom(spaces)
  const size = spaces.find(isNewSpace)?.space_size ?? 0
  const grows = 2 * size <= state.limitBytes
  v8.setFlagsFromString(`--semi-space-growth-factor=${grows ? 2 : 1}`)
  return grows
}

/**
 * V8 takes a share of what is held once it has collected. What that is, the last collection has shown; or what there is by now,
 * without the garbage that may be among it.
 */
function heedRoom(spaces: v8.HeapSpaceInfo[]): void {
  if (state.roomBytes === 0) return
  const oldBytes = spaces.reduce((sum, space) => (isNewSpace(space) ? sum : sum + space.space_used_size), 0)
  const wasCollected = oldBytes < state.oldBytes
  state.oldBytes = oldBytes
  state.heldBytes = wasCollected ? oldBytes : Math.max(state.heldBytes, oldBytes - state.roomBytes)
  const percent = Math.round((100 * state.roomBytes) / state.heldBytes)
  setGrowing(Math.min(percents.most, Math.max(percents.least, percent)))
}

const isNewSpace = ({ space_name: name }: v8.HeapSpaceInfo) => name === 'new_space'
