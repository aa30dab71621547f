import type { RunDirectory } from '../../src/ports.ts'

/** A run directory in memory; `files` holds the texts by name. */
export interface MemoryDirectory extends RunDirectory {
  readonly files: Map<string, string>
}

/** Makes a run directory, with files in it where a test wants some. */
export function createMemoryDirectory(files: Iterable<readonly [string, string]> = []): MemoryDirectory {
  const texts = new Map(files)
  return {
    files: texts,
    path: 'run',
    read: async (name) => texts.get(name) ?? null,
    async *readLines(name) {
      const lines = (texts.get(name) ?? '').split('\n')
      if (lines.at(-1) === '') lines.pop()
      yield* lines
    },
    async write(name, lines) {
      texts.set(name, [...lines].map((line) => `${line}\n`).join(''))
    },
    async openAppend(name) {
      return {
        async append(line) {
          texts.set(name, `${texts.get(name) ?? ''}${line}\n`)
        },
        async close() {},
      }
    },
  }
}
