import type { Completed, Failed } from '../completion.ts'
import type { BatchClient } from './client.ts'
import { outputLineSchema, readOutputLine } from './output-line.ts'

/** What came back of a batch, by the name of the request. */
export interface CollectedAnswers {
  answers: Map<string, Completed | Failed>
  /** Lines of requests that nobody asked. */
  unknown: number
  /** Lines of requests that had one before, which counts. */
  repeated: number
  /** Lines that can't be read. */
  damaged: number
}

/** Collects the lines of a batch's files: a line that is of no use is counted, and stops nothing. */
export function createCollector(
  ids: ReadonlySet<string>,
  readAnswer: BatchClient['readAnswer'],
): { collected: CollectedAnswers; take: (value: unknown) => void } {
  const collected: CollectedAnswers = { answers: new Map(), unknown: 0, repeated: 0, damaged: 0 }
  const take = (value: unknown) => {
    const line = outputLineSchema.safeParse(value)
    if (!line.success) {
      collected.damaged += 1
      return
    }
    const { custom_id: id } = line.data
    if (!ids.has(id)) {
      collected.unknown += 1
      return
    }
    if (collected.answers.has(id)) {
      collected.repeated += 1
      return
    }
    const read = readOutputLine(line.data)
    collected.answers.set(id, read.kind === 'answered' ? readAnswer(read.body) : read)
  }
  return { collected, take }
}

/** What is odd about the files of a batch, in words; `null` where nothing is. */
export function describeOddLines({ unknown, repeated, damaged }: CollectedAnswers): string | null {
  const parts = [
    ...(damaged === 0 ? [] : [`${damaged} can't be read`]),
    ...(unknown === 0 ? [] : [`${unknown} are of requests that were not in it`]),
    ...(repeated === 0 ? [] : [`${repeated} answer a request a second time, of which the first counts`]),
  ]
  return parts.length === 0 ? null : parts.join(', ')
}
