import type { BatchContext } from './context.ts'

/** Requests that come within so long of each other are of one batch. */
const quietMs = 2000

/** Gathers what is asked until nothing more comes. */
export interface Gatherer<Item> {
  add(item: Item): void
  /** Tries again what was kept back. */
  retry(): void
}

/**
 * Gathers items, and hands them on when none has come for a while and nothing is under way that may bring more; also
 * when there are as many as can be handed on at once, and when the run ends. `handOn` gives back what has to wait.
 */
export function createGatherer<Item>(parts: {
  context: Pick<BatchContext, 'clock' | 'budget' | 'isBusy'>
  isFull(items: readonly Item[]): boolean
  handOn(items: Item[]): Item[]
}): Gatherer<Item> {
  const { context, isFull, handOn } = parts
  const { clock, budget, isBusy } = context
  let waiting: Item[] = []
  let kept: Item[] = []
  let arrived = 0
  let isWatching = false
  const flush = () => {
    const items = waiting
    waiting = []
    kept.push(...handOn(items))
  }
  const watch = async () => {
    if (isWatching) return
    isWatching = true
    while (waiting.length > 0) {
      const before = arrived
      await clock.sleep(quietMs, budget.ended).catch(() => undefined)
      const isQuiet = arrived === before && !isBusy()
      if (waiting.length > 0 && (isQuiet || budget.ended.aborted)) flush()
    }
    isWatching = false
  }
  return {
    add(item) {
      arrived += 1
      waiting.push(item)
      if (isFull(waiting)) flush()
      else void watch()
    },
    retry() {
      if (kept.length === 0) return
      waiting = [...kept, ...waiting]
      kept = []
      arrived += 1
      void watch()
    },
  }
}
