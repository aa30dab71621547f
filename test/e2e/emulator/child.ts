import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'

type Running = {
  node: string
  main: string
  cwd: string
  env: Record<string, string>
  readLine: (line: string) => void
  /** Cancels the step when aborted. */
  cancel: AbortSignal
  timeoutMs: number
  /** The runner's own unless given. */
  graces?: Graces
}

/** How long a cancelled process has from SIGINT to SIGTERM, and from SIGTERM to SIGKILL. */
export type Graces = { interruptMs: number; terminateMs: number }

/** `exitCode` is 128 + the signal's number for a process that a signal ended; `signals` are those sent. */
export type ChildEnd = { exitCode: number; signals: NodeJS.Signals[]; ms: number }

/** As in the runner's `ProcessInvoker`, as is the time that open streams get after the process has ended. */
export const runnerGraces: Graces = { interruptMs: 7500, terminateMs: 2500 }
const streamsMs = 5000

/**
 * Runs an entry point under Node as the runner does, handing on every line that it writes.
 *
 * @throws Error when it hasn't ended after `timeoutMs`
 */
export async function runChild(running: Running): Promise<ChildEnd> {
  const { node, main, cwd, env, readLine, cancel, timeoutMs, graces = runnerGraces } = running
  const started = performance.now()
  const child = spawn(node, [main], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = once(child, 'close')
  for (const stream of [child.stdout, child.stderr]) readLines(stream, readLine)
  const ending = new AbortController()
  const signals: NodeJS.Signals[] = []
  const stop = () => void interrupt({ child, signals, graces, ended: ending.signal })
  if (cancel.aborted) stop()
  else cancel.addEventListener('abort', stop)
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, timeoutMs)
  try {
    await Promise.race([once(child, 'exit'), closed])
    // A grandchild may hold the streams open: the runner waits a while, then goes on without.
    await Promise.race([closed, wait(streamsMs, undefined, { signal: ending.signal })])
  } finally {
    clearTimeout(timer)
    cancel.removeEventListener('abort', stop)
    ending.abort()
    child.stdout.destroy()
    child.stderr.destroy()
  }
  if (late) throw new Error(`${main} did not end within ${timeoutMs} ms`)
  return { exitCode: exitCode(child), signals, ms: Math.round(performance.now() - started) }
}

type Interrupting = { child: ChildProcess; signals: NodeJS.Signals[]; graces: Graces; ended: AbortSignal }

async function interrupt({ child, signals, graces, ended }: Interrupting): Promise<void> {
  const send = (signal: NodeJS.Signals) => {
    signals.push(signal)
    child.kill(signal)
  }
  send('SIGINT')
  try {
    await wait(graces.interruptMs, undefined, { signal: ended })
    send('SIGTERM')
    await wait(graces.terminateMs, undefined, { signal: ended })
    send('SIGKILL')
  } catch {
    // The process has ended, which is all that the waits are interrupted for.
  }
}

function exitCode({ exitCode, signalCode }: ChildProcess): number {
  return exitCode ?? 128 + (signalCode === null ? 0 : constants.signals[signalCode])
}

/** A carriage return alone ends a line too: the runner reads with .NET's `ReadLine`. */
function readLines(stream: Readable, readLine: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    // A carriage return at the very end may be the first half of a pair.
    const lines = (rest + chunk).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    for (const line of lines) readLine(line)
  })
  stream.on('end', () => {
    if (rest !== '') readLine(rest.replace(/\r$/, ''))
  })
}
