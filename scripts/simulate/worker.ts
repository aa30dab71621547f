import { parentPort } from 'node:worker_threads'
import type { Part } from './pool.ts'
import { runReplicates } from './replicate.ts'

parentPort?.on('message', async (part: Part) => {
  parentPort?.postMessage(await runReplicates(part))
})
