import type { Clients } from './instruments.ts'
import type { Plan } from './plan/plan.ts'
import { nameCheckpoint } from './policy/checkpoint-names.ts'
import type { Arm, Clock, ModelClient } from './ports.ts'
import type { Journal } from './record/journal.ts'
import type { RecordedProbe } from './record/schema.ts'
import { transportCauses } from './replay/completion.ts'
import type { Probe, ProbeRequest } from './replay/probe.ts'

const arms: readonly Arm[] = ['baseline', 'candidate']
const longestTimeoutMs = 10_000
const maxAttempts = 3
const firstDelayMs = 500

/** Asks the arms' endpoints what they serve, before the first request and after the last. */
export interface Prober {
  /** What they said, in this part of the run and in those before. */
  readonly probes: readonly RecordedProbe[]
  /** Never rejects for what an endpoint does; a cancelled run asks nothing any more. */
  probe(): Promise<void>
}

/** Makes the prober of a run. Its requests are no replay: they count for no budget, and none of them ends a run. */
export function createProber(parts: {
  clients: Clients
  plan: Plan
  clock: Clock
  cancelled: AbortSignal
  timeoutMs: number
  journal: Journal
}): Prober {
  const { clients, plan, journal } = parts
  const probes = [...journal.probes]
  const probeArm = async (arm: Arm) => {
    const { checkpoint } = plan.policy
    const { asked } = nameCheckpoint(checkpoint, plan[arm])
    const request = { model: asked, servedDigest: checkpoint.servedDigest }
    const result = await probeWithRetries({ ...parts, client: clients[arm], request })
    if (result === null) return
    const line = { probe: arm, result }
    await journal.append(line)
    probes.push(line)
  }
  return {
    probes,
    probe: async () => {
      await Promise.all(arms.map(probeArm))
    },
  }
}

async function probeWithRetries(parts: {
  client: ModelClient
  request: ProbeRequest
  clock: Clock
  cancelled: AbortSignal
  timeoutMs: number
}): Promise<Probe | null> {
  const { client, request, clock, cancelled } = parts
  const timeoutMs = Math.min(parts.timeoutMs, longestTimeoutMs)
  for (let attempt = 1; !cancelled.aborted; attempt += 1) {
    const probe = await probeOnce({ client, request, cancelled, timeoutMs })
    if (probe === null || attempt === maxAttempts || !isTransient(probe))
      return cancelled.aborted ? null : probe
    try {
      await clock.sleep(firstDelayMs * 2 ** (attempt - 1), cancelled)
    } catch {
      break
    }
  }
  return null
}

async function probeOnce(parts: {
  client: ModelClient
  request: ProbeRequest
  cancelled: AbortSignal
  timeoutMs: number
}): Promise<Probe | null> {
  const { client, request, cancelled, timeoutMs } = parts
  const controller = new AbortController()
  const abort = () => controller.abort()
  const timer = setTimeout(abort, timeoutMs)
  cancelled.addEventListener('abort', abort)
  try {
    return (await client.probe?.(request, controller.signal)) ?? null
  } finally {
    clearTimeout(timer)
    cancelled.removeEventListener('abort', abort)
  }
}

function isTransient(probe: Probe): boolean {
  return probe.kind === 'failed' && (transportCauses as readonly string[]).includes(probe.cause)
}
