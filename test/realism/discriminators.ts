import type { RealismPorts } from '../../src/realism/judge-all.ts'
import type { RealismRequest } from '../../src/realism/measure.ts'
import type { ChatRequest } from '../../src/replay/completion.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createRecordingLog, type RecordingLog } from '../fakes/recording-log.ts'
import { createScriptedClient, type ScriptedAnswer, type ScriptedClient } from '../fakes/scripted-client.ts'

/** What a discriminator is shown. */
export interface Shown {
  id: string
  first: string
  second: string
  purpose: string
}

export function readShown({ customId, messages }: ChatRequest): Shown {
  const text = String(messages[1]?.content)
  const take = (tag: string) =>
    new RegExp(`<${tag}-(\\w+)>\\n([\\s\\S]*)\\n</${tag}-\\1>`).exec(text)?.[2] ?? ''
  const [id = '', purpose = ''] = customId.split('|')
  return { id, purpose, first: take('first'), second: take('second') }
}

export const choose = (real: 'first' | 'second') => JSON.stringify({ rationale: 'It looks so.', real })

/** Whether a rollout of the helpers is simulated or degraded. */
const isPoor = (id: string, text: string) =>
  text.includes('"status": "success"') || !text.includes(`Your order ${id} is on its way. It cost`)

/** Tells every simulated or degraded rollout from the real one. */
export function choosePerfectly({ id, first, second }: Shown): string {
  if (isPoor(id, first) === isPoor(id, second)) return choose(first >= second ? 'first' : 'second')
  return choose(isPoor(id, first) ? 'second' : 'first')
}

/** A client that is asked for choices. */
export function createDiscriminator(answer: (shown: Shown, index: number) => ScriptedAnswer): ScriptedClient {
  return createScriptedClient((request, index) => answer(readShown(request), index))
}

/** The world with that client. */
export function createPorts(client: ScriptedClient): RealismPorts & { log: RecordingLog } {
  return {
    connect: async () => client,
    clock: createFakeClock(),
    log: createRecordingLog(),
    random: () => 0.5,
    delimiter: 'd3adbeef',
    cancelled: new AbortController().signal,
  }
}

/** An ordinary request over a file of pairs. */
export function makeRequest(
  source: { file: string; text: string },
  parts: Partial<RealismRequest> = {},
): RealismRequest {
  return {
    source,
    model: 'disc-1',
    pairs: null,
    controls: 20,
    limits: { lower: 0.45, upper: 0.55 },
    seed: 'test',
    permutations: 19,
    gateVersion: '0.0.0',
    ...parts,
  }
}
