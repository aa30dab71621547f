import { resolve } from 'node:path'
import { startDemoServer } from '../adapters/demo-server.ts'
import { openRunDirectory } from '../adapters/run-directory.ts'
import { exitCodes } from '../conclusion.ts'
import { GateError } from '../errors.ts'
import type { Log } from '../ports.ts'
import { runFromTerminal } from './run.ts'

/** What `demo` is given. */
export interface DemoOptions {
  /** The simulated candidate: `good` or `bad`. */
  candidate: string
  out: string
  /** Where the program lies, with its examples and rubrics. */
  installRoot: string
  rubrics: string
  cancelled: AbortSignal
}

/** Runs the gate on simulated checkpoints, served on loopback, and prints the table. */
export async function runDemo(
  options: DemoOptions,
  log: Log,
  print: (text: string) => void,
): Promise<number> {
  const { candidate, out, installRoot, rubrics, cancelled } = options
  log.info('Simulated checkpoints and a simulated judge, served on loopback (docs/demo.md).')
  const server = await startDemoServer()
  try {
    // The demo starts anew each time: a run that lies there would be continued.
    await (await openRunDirectory(out)).write('journal.jsonl', [])
    return await runFromTerminal(
      {
        folder: resolve(installRoot, 'examples/demo'),
        policy: 'checkpoint-gate.yml',
        baseline: 'demo-baseline',
        candidate: `demo-${candidate}`,
        endpoints: ['baseline', 'candidate', 'judge'].map((name) => `${name}=${server.url}`),
        rubrics,
        out,
        repository: 'checkpoint-gate/demo',
        tier: 'release',
        cancelled,
      },
      log,
      print,
    )
  } finally {
    await server.close()
  }
}

/** Serves the simulated models on a port, as it was written, until the signal comes. */
export async function serveDemo(
  written: string,
  cancelled: AbortSignal,
  print: (text: string) => void,
): Promise<number> {
  const port = parsePort(written)
  const server = await startDemoServer(port).catch((cause: unknown) => {
    throw new GateError({
      code: 'usage',
      message: `the port ${port} can't be listened on: ${cause instanceof Error ? cause.message : String(cause)}`,
      remedy: 'name another port, or 0 for a free one',
      cause,
    })
  })
  print(`Serving the simulated models on ${server.url}; stop with Ctrl-C.`)
  await new Promise((resolved) => cancelled.addEventListener('abort', resolved, { once: true }))
  await server.close()
  return exitCodes.success
}

function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new GateError({
    code: 'usage',
    message: `"${text}" is not a port`,
    remedy: 'give a number from 0 to 65535; 0 takes a free one',
  })
}
