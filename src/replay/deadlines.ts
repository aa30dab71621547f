/** Ends requests that take too long, and all that are under way when the run ends. */
export interface Deadlines {
  /** Sends with a signal that aborts after `ms`, or with the run. */
  within<Answer>(ms: number, send: (signal: AbortSignal) => Promise<Answer>): Promise<Answer>
  /** The same for who ends it: a signal, which aborts until then. */
  begin(ms: number): Deadline
}

/** The deadline of one request. */
export interface Deadline {
  readonly signal: AbortSignal
  end(): void
}

/**
 * Timers, and one listener for all requests: each of its own would look through those of all others when it is added. On
 * Node 20 the garbage collector takes what AbortSignal.any was made of, and neither deadline nor cancel would ever come.
 */
export function createDeadlines(cancelled: AbortSignal): Deadlines {
  const underWay = new Set<AbortController>()
  cancelled.addEventListener('abort', () => {
    for (const controller of underWay) controller.abort()
  })
  const begin = (ms: number): Deadline => {
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(), ms)
    underWay.add(controller)
    if (cancelled.aborted) controller.abort()
    return {
      signal: controller.signal,
      end() {
        clearTimeout(timer)
        underWay.delete(controller)
      },
    }
  }
  return {
    begin,
    async within(ms, send) {
      const deadline = begin(ms)
      try {
        return await send(deadline.signal)
      } finally {
        deadline.end()
      }
    },
  }
}
