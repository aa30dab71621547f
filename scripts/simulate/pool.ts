import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Cell } from './cell.ts'
import type { Range } from './replicate.ts'
import { addTallies, emptyTally, type Tally } from './tally.ts'

/** About how many labels a part of a cell has, so that workers have parts of a few seconds. */
const labelsPerPart = 2_000_000

/** A part of a cell, as a worker takes it. */
export interface Part {
  cell: Cell
  seed: string
  range: Range
}

/** Carries out cells on several threads; what comes out does not depend on how many. */
export async function runCells(request: {
  cells: Cell[]
  seed: string
  workers: number
  onCell: (cell: Cell, tally: Tally) => void
}): Promise<Map<string, Tally>> {
  const { cells, seed, workers, onCell } = request
  const parts = cells.flatMap((cell) => divide(cell).map((range) => ({ cell, seed, range })))
  const tallies = new Map(cells.map(({ name }) => [name, emptyTally()]))
  let next = 0
  const keep = ({ cell }: Part, tally: Tally) => {
    const sum = addTallies(tallies.get(cell.name) ?? emptyTally(), tally)
    tallies.set(cell.name, sum)
    if (sum.replicates === cell.replicates) onCell(cell, sum)
  }
  const take = (): Part | undefined => {
    const part = parts[next]
    next += 1
    return part
  }
  await Promise.all(Array.from({ length: workers }, () => runWorker(take, keep)))
  return tallies
}

function divide({ turns, trueRates, replicates }: Cell): Range[] {
  const size = Math.max(10, Math.round(labelsPerPart / (turns * trueRates.length * 2) / 10) * 10)
  return Array.from({ length: Math.ceil(replicates / size) }, (_, index) => ({
    from: index * size,
    to: Math.min(replicates, (index + 1) * size),
  }))
}

async function runWorker(
  take: () => Part | undefined,
  keep: (part: Part, tally: Tally) => void,
): Promise<void> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url))
  try {
    for (let part = take(); part !== undefined; part = take()) keep(part, await ask(worker, part))
  } finally {
    await worker.terminate()
  }
}

async function ask(worker: Worker, part: Part): Promise<Tally> {
  worker.postMessage(part)
  try {
    // An error of the worker rejects it.
    const [tally] = await once(worker, 'message')
    return tally
  } catch (cause) {
    throw new Error(`${part.cell.name}: a replicate failed`, { cause })
  }
}
