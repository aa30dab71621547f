import { GateError } from '../../src/errors.ts'
import type { History, KeptAttempt, Push, RunDirectory } from '../../src/ports.ts'
import type { MemoryDirectory } from './memory-directory.ts'

/** Attempts in memory, as GitHub's artifacts keep them. */
export interface MemoryHistory extends History {
  readonly attempts: KeptAttempt[]
  /** The run that looks: what it leaves itself is no earlier attempt. */
  current: string
  readonly pushes: Push[]
  /** Keeps what the last attempt that began ended with. */
  end(directory: MemoryDirectory): void
  /** What the next call of that name meets. */
  fail(method: 'list' | 'begin' | 'listPushes', error: Error): void
}

/** Makes a history; each attempt begins a minute after the one before. */
export function createMemoryHistory(): MemoryHistory {
  const attempts: KeptAttempt[] = []
  const pushes: Push[] = []
  const ends: MemoryDirectory[] = []
  const failures = new Map<string, Error>()
  const meet = (method: string) => {
    const error = failures.get(method)
    if (error !== undefined) throw error
  }
  return {
    attempts,
    current: '',
    pushes,
    async list({ candidate }) {
      meet('list')
      return attempts
        .filter(({ run }) => run.id !== this.current)
        .filter(({ start }) => start === null || JSON.parse(start).candidate === candidate)
        .map((attempt) => ({ ...attempt }))
    },
    async begin(_key, text) {
      meet('begin')
      const run = JSON.parse(text).run
      const startedAt = new Date(Date.UTC(2026, 10, 2, 8, attempts.length)).toISOString()
      attempts.push({
        run: { id: run.id, attempt: run.attempt },
        startedAt,
        start: text,
        end: null,
        doubts: [],
      })
    },
    async openEnd({ id }): Promise<RunDirectory> {
      const directory = ends[id]
      if (directory === undefined) throw new Error(`the test has no end ${id}`)
      return { ...directory, path: `end-${id}` }
    },
    async listPushes(since) {
      meet('listPushes')
      return pushes.filter(({ at }) => at >= since)
    },
    end(directory) {
      const last = attempts.at(-1)
      if (last === undefined) throw new Error('no attempt began')
      last.end = { kind: 'there', id: ends.length }
      ends.push(directory)
    },
    fail: (method, error) => failures.set(method, error),
  }
}

/** What a keeper that can't be reached says. */
export const unreachable = new GateError({
  code: 'platform',
  message: 'GitHub does not give the artifacts: 403',
  remedy: 'the job needs `actions: read`',
})
