import { GateError } from '../errors.ts'
import type { Baselines, KeptBaseline } from '../ports.ts'
import { nameRun } from '../record/history.ts'
import { digestBaseline } from './kept-baseline.ts'
import { type ReadBaseline, readKept, type Wanted } from './read-kept.ts'

/** What was found of earlier runs' baselines. */
export interface FoundBaseline {
  /** `null`: nothing that can be reused. */
  baseline: ReadBaseline | null
  /** Why others were left aside, a sentence each. */
  notes: string[]
}

/** One that is much smaller is of a smoke run, or of one that ended early. */
const comparableShare = 0.9
/** Each may have to be downloaded. */
const mostOpened = 3
const mostNotes = 5
const dayMs = 24 * 60 * 60_000

/**
 * Finds what an earlier run kept of the baseline: of the largest the newest that holds in every respect. Never rejects for
 * what others have left, or for who keeps it: whatever can't be reused is asked anew.
 */
export async function findBaseline(baselines: Baselines, wanted: Wanted): Promise<FoundBaseline> {
  const notes: string[] = []
  const note = (text: string) => {
    if (notes.length < mostNotes) notes.push(text)
  }
  const listed = await attempt(() =>
    baselines.list({
      key: digestBaseline(wanted.planParts),
      since: new Date(wanted.now.getTime() - wanted.days * dayMs),
    }),
  )
  if ('why' in listed) {
    note(`what earlier runs kept can't be read: ${listed.why}`)
    return { baseline: null, notes }
  }
  for (const { run, doubt } of listed.value) {
    if (doubt !== null) note(`${sayRun(run)}: ${doubt}`)
  }
  const usable = listed.value.filter(({ doubt }) => doubt === null)
  for (const kept of rankKept(usable).slice(0, mostOpened)) {
    const read = await openKept({ baselines, kept, wanted })
    if (!('why' in read) && read.units.size > 0) return { baseline: read, notes }
    if ('why' in read) note(`${sayRun(kept.run)}: ${read.why}`)
    else if (read.tooOld > 0) note(`${sayRun(kept.run)}: its answers are more than ${wanted.days} days old`)
    else note(`${sayRun(kept.run)}: it has none of these turns`)
  }
  return { baseline: null, notes }
}

/** The newest of the largest, then the others of those, then what is smaller. */
function rankKept(kept: readonly KeptBaseline[]): KeptBaseline[] {
  const newest = kept.toSorted((a, b) => Date.parse(b.keptAt) - Date.parse(a.keptAt))
  const largest = Math.max(0, ...newest.map(({ bytes }) => bytes))
  const isLarge = ({ bytes }: KeptBaseline) => bytes >= comparableShare * largest
  const smaller = newest.filter((one) => !isLarge(one)).toSorted((a, b) => b.bytes - a.bytes)
  return [...newest.filter(isLarge), ...smaller]
}

async function openKept(parts: {
  baselines: Baselines
  kept: KeptBaseline
  wanted: Wanted
}): Promise<ReadBaseline | { why: string }> {
  const { baselines, kept, wanted } = parts
  const read = await attempt(async () => {
    const opened = await baselines.open(kept)
    return opened.kind === 'refused' ? opened : readKept(kept, opened.directory, wanted)
  })
  return 'why' in read ? read : read.value
}

async function attempt<T>(work: () => Promise<T>): Promise<{ value: T } | { why: string }> {
  try {
    return { value: await work() }
  } catch (error) {
    if (error instanceof GateError) return { why: error.message }
    throw error
  }
}

function sayRun({ id, attempt: number }: KeptBaseline['run']): string {
  return id === null ? 'the folder' : `run ${nameRun({ id, attempt: number })}`
}
