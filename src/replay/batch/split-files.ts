/** What a file of requests may hold. */
export interface FileLimits {
  requests: number
  bytes: number
}

/** OpenAI's API reference, "Create batch": the most that one file may hold. */
export const fileLimits: FileLimits = { requests: 50_000, bytes: 200_000_000 }

/** Lines of requests, as far as files are made of them. */
export interface SizedLine {
  /** With its end. */
  bytes: number
  /** A file is of one model (OpenAI's guide, "Batch API"). */
  model: string
}

/** Puts lines into files within the limits, in order, each of one model. A line that is too long by itself gets a file. */
export function splitIntoFiles<Line extends SizedLine>(lines: readonly Line[], limits: FileLimits): Line[][] {
  const files: Line[][] = []
  const open = new Map<string, { lines: Line[]; bytes: number }>()
  for (const line of lines) {
    let file = open.get(line.model)
    const isFull =
      file !== undefined && (file.lines.length >= limits.requests || file.bytes + line.bytes > limits.bytes)
    if (file === undefined || isFull) {
      file = { lines: [], bytes: 0 }
      open.set(line.model, file)
      files.push(file.lines)
    }
    file.lines.push(line)
    file.bytes += line.bytes
  }
  return files
}
