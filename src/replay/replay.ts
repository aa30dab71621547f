import type { Arm } from '../ports.ts'
import type { SampledTurn } from '../sample/draw.ts'
import { type ChatRequest, type Completion, isTransportFailure } from './completion.ts'

/** One turn asked of one arm. */
export interface Unit {
  turn: SampledTurn
  arm: Arm
}

/** What an arm answered. */
export interface ReplayedUnit extends Unit {
  completion: Completion
}

/** What is sent to an arm beside the prefix; `null`: not sent. */
export interface ReplaySettings {
  models: Record<Arm, string>
  api: 'chat' | 'responses'
  temperature: number | null
  maxTokens: number | null
  /** The header of an answer that says what served it. */
  digestHeader?: string | null
}

/**
 * Asks the arms for their turns; one promise a unit, so that grading starts with the first answer.
 *
 * When all units have been asked, those that failed in transport are asked once more: the final pass.
 */
export function replayUnits(request: {
  units: Unit[]
  /** Asks one of them. */
  ask: (unit: Unit) => Promise<Completion>
}): Promise<ReplayedUnit>[] {
  const { units, ask } = request
  const first = units.map((unit) => ask(unit))
  const firstPass = Promise.allSettled(first)
  return units.map(async (unit, index) => {
    const completion = await (first[index] as Promise<Completion>)
    if (!isTransportFailure(completion)) return { ...unit, completion }
    await firstPass
    const again = await ask(unit)
    return { ...unit, completion: again.kind === 'not-asked' ? completion : again }
  })
}

/** What an arm is asked for a turn. */
export function toRequest(unit: Unit, settings: ReplaySettings): ChatRequest {
  return {
    customId: unit.turn.id,
    model: settings.models[unit.arm],
    ...(settings.api === 'responses' ? { api: settings.api } : {}),
    messages: unit.turn.prefix,
    ...(unit.turn.tools === null ? {} : { tools: unit.turn.tools }),
    ...(settings.temperature === null ? {} : { temperature: settings.temperature }),
    ...(settings.maxTokens === null ? {} : { maxTokens: settings.maxTokens }),
    ...(typeof settings.digestHeader === 'string' ? { digestHeader: settings.digestHeader } : {}),
  }
}
