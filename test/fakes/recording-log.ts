import type { Log, Progress } from '../../src/ports.ts'

/** A log that keeps what it is told. */
export interface RecordingLog extends Log {
  readonly lines: string[]
  readonly states: Progress[]
}

/** Makes an empty log. */
export function createRecordingLog(): RecordingLog {
  const lines: string[] = []
  const states: Progress[] = []
  return {
    lines,
    states,
    info: (text) => lines.push(`info: ${text}`),
    warning: (text) => lines.push(`warning: ${text}`),
    progress: (state) => states.push(state),
  }
}
