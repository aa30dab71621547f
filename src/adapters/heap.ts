import v8 from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes of V8's new space, where objects begin, that a program holds at most, about; and how often it is looked at. */
const newSpace = { narrowBytes: 2 ** 24, wideBytes: 2 ** 26, checkEveryMs: 50 }
/** By how much of what is held the heap of a large run grows, in per cent, before V8 collects again. */
const largeGrowingPercent = 40

const state = { limitBytes: Number.POSITIVE_INFINITY, isLarge: false }

/**
 * Keeps V8's new space from growing beyond about a limit. V8 doubles it while much of it survives its collections, up to
 * 64 MiB a half and more on machines with much memory, and holds what it once had: a draw of 100,000 turns would spend more
 * memory on it than on the turns, and takes no longer with less (docs/performance.md, "Memory").
 *
 * `--max-semi-space-size` counts only before V8 starts, and an action can't choose how Node.js is started; the factor by which
 * it grows is read at each collection (`NewSpace::Grow`, https://github.com/v8/v8/blob/main/src/heap/new-spaces.cc). It is
 * 1 from when the next growth would go beyond the limit. V8 passes over a flag that it doesn't know.
 */
export function boundNewSpace({ narrowBytes, checkEveryMs } = newSpace): void {
  state.limitBytes = narrowBytes
  setInterval(heedLimit, checkEveryMs).unref()
  heedLimit()
}

/**
 * Gives new space more room, unless the run is a large one: what belongs to requests under way survives each collection, and
 * is moved by it; the fewer there are, the better.
 */
export function widenNewSpace({ wideBytes } = newSpace): void {
  if (state.isLarge || state.limitBytes > wideBytes) return
  state.limitBytes = wideBytes
  heedLimit()
}

/**
 * Lets the heap grow by less before V8 collects what nobody holds any more: by itself V8 waits until there is about four times
 * as much as is held. From here on memory counts more than processor time, of which it takes up to a fifth more where nothing
 * is waited for. The factor is read after each collection (`MemoryController`, src/heap/heap-controller.cc of V8).
 */
export function tightenHeap(): void {
  state.isLarge = true
  v8.setFlagsFromString(`--heap-growing-percent=${largeGrowingPercent}`)
  // The next collection is due by the factor that was: one now lets the new one count.
  v8.setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('typeof gc === "function" ? gc : null')
  if (typeof collect === 'function') collect({ type: 'major', execution: 'async' })
}

function heedLimit(): void {
  const size =
    v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0
  v8.setFlagsFromString(`--semi-space-growth-factor=${2 * size <= state.limitBytes ? 2 : 1}`)
}
