import type { Log, Progress } from '../ports.ts'
import { formatProgress } from '../report/progress.ts'
import { safeLines, safeText } from '../safe-text.ts'

/** A log on standard error: one line that is rewritten on a terminal, else a line now and then. */
export function createTerminalLog(options: {
  stream: NodeJS.WriteStream
  progressEveryMs: number
}): Log & { close(): void } {
  const { stream } = options
  let lastMs = 0
  let open = false
  const close = () => {
    if (open) stream.write('\n')
    open = false
  }
  const print = (text: string) => {
    close()
    stream.write(`${safeLines(text)}\n`)
  }
  const show = (state: Progress) => {
    const every = stream.isTTY ? 100 : options.progressEveryMs
    const last = state.done === state.planned
    if (!last && state.elapsedMs - lastMs < every) return
    lastMs = state.elapsedMs
    const line = safeText(formatProgress(state))
    if (!stream.isTTY) {
      stream.write(`${line}\n`)
      return
    }
    stream.write(`\r\u001b[2K${line}`)
    open = true
  }
  return { info: print, warning: (text) => print(`warning: ${text}`), progress: show, close }
}
