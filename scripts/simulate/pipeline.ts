import { measure } from '../../src/measure.ts'
import type { RunDirectory } from '../../src/ports.ts'
import type { RunRecord } from '../../src/record/schema.ts'
import type { Sample } from '../../src/sample/draw.ts'
import { createClients } from './answers.ts'
import { type Settings, stoppedClock } from './settings.ts'
import type { World } from './world.ts'

/** Measures a world as a run does: endpoints, retries, final pass, graders, journal, record. */
export async function measureThroughPipeline(parts: {
  settings: Settings
  sample: Sample
  world: World
}): Promise<RunRecord> {
  const { settings, sample, world } = parts
  const { plan, sources } = settings
  const clients = createClients(world, { baseline: plan.baseline, candidate: plan.candidate })
  const directory = forgetfulDirectory
  return measure({
    ...settings,
    sample,
    directory,
    ports: {
      ...sources,
      clock: stoppedClock,
      openDirectory: async () => directory,
      connect: async (name) => clients[name === 'baseline' || name === 'candidate' ? name : 'judge'],
      log: { info: () => {}, warning: () => {}, progress: () => {} },
      random: () => 0.5,
      delimiter: '0123456789abcdef',
      cancelled: new AbortController().signal,
    },
  })
}

/** Nobody continues a simulated run. */
const forgetfulDirectory: RunDirectory = {
  path: 'simulated',
  read: async () => null,
  async *readLines() {},
  write: async (_name, lines) => {
    for (const _ of lines);
  },
  openAppend: async () => ({ append: async () => {}, close: async () => {} }),
}
