import { request } from 'node:http'
import { afterEach, beforeEach } from '@jest/globals'
import { type LoopbackServer, startLoopbackServer } from '../../fakes/loopback-server.ts'
import type { RunActionOptions } from '../emulator/runner.ts'
import { nameEndpoints, openWorld, type WorldOptions, writePolicy } from '../world.ts'
import { countSent, findCanaries, type Homes, keys, nameCanaries } from './canary.ts'
import { type Spoil, startModels } from './models.ts'
import { recordSockets, type SocketRecording } from './sockets.ts'

/** A policy that keeps text and takes a second to measure. */
export const quickPolicy = writePolicy({ turns: 20, limit: '50%', more: 'retain_text: artifact\n' })

/** The same without a second try, which a run without a verdict only waits for. */
export const impatientPolicy = quickPolicy.replace('max_attempts: 2', 'max_attempts: 1')

/** What a test may choose: how each endpoint spoils its answers, beside what a world takes. */
export type CanaryOptions = WorldOptions & {
  spoil?: Partial<Record<'baseline' | 'candidate' | 'judge', Spoil>>
}

type RunOptions = Partial<RunActionOptions> & { folders?: string[] }

/**
 * Worlds with a server of its own for each endpoint, in which every run has a key for each and is searched for all of
 * them; and the sockets of the whole test, which are recorded from its beginning.
 */
export function useCanaryWorlds() {
  const closers: (() => Promise<void>)[] = []
  let sockets: SocketRecording
  let homes: Homes
  beforeEach(() => {
    sockets = recordSockets()
    homes = { baseline: [], candidate: [], judge: [], github: [] }
  })
  afterEach(async () => {
    sockets.stop()
    for (const close of closers.splice(0)) await close()
  })
  const open = async ({ spoil = {}, ...options }: CanaryOptions = {}) => {
    const world = await openWorld({ policy: quickPolicy, ...options })
    const [baseline, candidate, judge] = await Promise.all([
      startModels('demo-baseline', spoil.baseline),
      startModels('demo-good', spoil.candidate),
      startModels('demo-judge', spoil.judge),
    ])
    closers.push(world.close, baseline.close, candidate.close, judge.close)
    const urls = { baseline: baseline.url, candidate: candidate.url, judge: judge.url }
    const own = { ...urls, github: world.github.url }
    for (const name of ['baseline', 'candidate', 'judge', 'github'] as const) homes[name].push(own[name])
    // `found`: where a canary is that must not be; `sent`: how often each came to its own server.
    const run = async ({ folders, ...runOptions }: RunOptions = {}) => {
      const finished = await world.run({
        ...runOptions,
        inputs: { endpoints: nameEndpoints('', urls), ...runOptions.inputs },
        env: { ...keys, ...runOptions.env },
        secrets: [],
      })
      const connections = sockets.connections()
      const canaries = nameCanaries(homes)
      const found = await findCanaries({ canaries, world, run: finished, connections, folders })
      return { finished, found, sent: countSent(canaries, connections) }
    }
    return { world, run, endpoints: { baseline, candidate, judge } }
  }
  const keep = (server: LoopbackServer) => {
    closers.push(server.close)
    return server
  }
  return {
    open,
    connections: () => sockets.connections(),
    countConnections: ({ url }: { url: string }) =>
      sockets.connections().filter(({ port }) => port === Number(new URL(url).port)).length,
    /** A server that nothing should speak to. */
    startServer: async () =>
      keep(
        await startLoopbackServer(async (_, response) => {
          response.writeHead(502).end()
        }),
      ),
    startProxy: async () => keep(await startProxy()),
  }
}

/** A proxy of the runner's, which does as it is asked. */
function startProxy(): Promise<LoopbackServer> {
  return startLoopbackServer(async (asked, answer) => {
    const { method, url = '', headers } = asked
    const onward = request(url, { method, headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers)
      answered.pipe(answer)
    })
    onward.on('error', () => answer.destroy())
    asked.pipe(onward)
  })
}
