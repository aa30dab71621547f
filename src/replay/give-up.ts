import { GateError } from '../errors.ts'
import { nameKeyVariable } from './address.ts'
import type { Failed } from './completion.ts'

/** So many requests that failed to the end, and none that succeeded, are an endpoint that is not there. */
const hopelessRequests = 5

interface Hopeless {
  name: string
  origin: string
  failed: Failed
}

/** Whether the first such answer of an endpoint is enough to give it up. */
export function isHopelessAtOnce({ cause }: Failed): boolean {
  return cause === 'unauthorized' || cause === 'not-found'
}

/**
 * Gives up an endpoint that has answered nothing yet and evidently never will.
 * @throws GateError
 */
export function giveUpIfHopeless({ failures, ...hopeless }: Hopeless & { failures: number }): void {
  const { name, failed } = hopeless
  const variable = nameKeyVariable(name)
  if (failed.cause === 'unauthorized')
    throw refuse(hopeless, 'refuses the key', `set ${variable} to a key that it accepts`)
  if (failed.cause === 'not-found')
    throw refuse(
      hopeless,
      'has no such address or model',
      'check the address (that of a chat API usually ends in /v1) and the model id',
    )
  if (failures < hopelessRequests) return
  if (failed.cause === 'not-recorded')
    throw refuse(
      hopeless,
      `has none of the first ${failures} answers`,
      'record the turns of this very sample: a custom_id is a turn id, and <turn id>|<arm>|<category> for a judge',
    )
  throw refuseSilent({ ...hopeless, failures })
}

/** The error of an endpoint that answered none of its first requests. */
export function refuseSilent({ failures, ...hopeless }: Hopeless & { failures: number }): GateError {
  return refuse(
    hopeless,
    `answered none of the first ${failures} requests (${hopeless.failed.cause})`,
    'check that it is up and can be reached from here, then run again: nothing that was measured is lost',
  )
}

function refuse({ name, origin, failed }: Hopeless, message: string, remedy: string): GateError {
  return new GateError({
    code: 'endpoint',
    message: `endpoint "${name}" (${origin}) ${message}: ${failed.detail}`,
    remedy,
  })
}
