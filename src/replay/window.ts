import { mostUnderWay } from './adaptive-limit.ts'

/** Units under way, however few requests are: some wait before they are tried again. */
const fewestUnits = 256

/** As many as all endpoints together can be asked for, and once as many that wait, so that a straggler leaves no place empty. */
export function countUnits(concurrency: number | 'auto', endpoints: number): number {
  return concurrency === 'auto' ? 2 * mostUnderWay : Math.max(fewestUnits, (endpoints + 1) * concurrency)
}

/** Units under way: no more than are needed so that no endpoint waits, and few enough to be held in memory. */
export interface UnitWindow {
  add(work: Promise<unknown>): void
  /** Resolves when less than the window is under way. */
  room(): Promise<void>
}

/** A window of so many units. */
export function createUnitWindow(size: number): UnitWindow {
  let underWay = 0
  let waiting: (() => void)[] = []
  const leave = () => {
    underWay -= 1
    if (underWay >= size) return
    for (const go of waiting) go()
    waiting = []
  }
  return {
    add(work) {
      underWay += 1
      work.then(leave, leave)
    },
    async room() {
      while (underWay >= size) await new Promise<void>((go) => waiting.push(go))
    },
  }
}
