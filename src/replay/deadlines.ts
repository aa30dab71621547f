/** Ends requests that take too long, and all that are under way when the run ends. */
export interface Deadlines {
  /** Sends with a signal that aborts after `ms`, or with the run. */
  within<Answer>(ms: number, send: (signal: AbortSignal) => Promise<Answer>): Promise<Answer>
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
  return {
    async within(ms, send) {
      const controller = new AbortController()
      const timer = setTimeout(() => controller.abort(), ms)
      underWay.add(controller)
      if (cancelled.aborted) controller.abort()
      try {
        return await send(controller.signal)
      } finally {
        clearTimeout(timer)
        underWay.delete(controller)
      }
    },
  }
}
