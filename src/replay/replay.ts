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

/** Asks the arms for their turns, each unit when it is handed over. */
export interface Replay {
  /** What the arm answered; `null` where it failed in transport, and is left for the final pass. */
  ask(unit: Unit): Promise<ReplayedUnit | null>
  /** Takes what is left for the final pass: those that are asked once more, when all have been asked. */
  takeLeft(): ReplayedUnit[]
  /** Asks once more for what failed; where nothing may be asked any more, it stays what it is. */
  askAgain(unit: ReplayedUnit): Promise<ReplayedUnit>
}

/** `ask`: asks for one unit. */
export function createReplay(ask: (unit: Unit) => Promise<Completion>): Replay {
  let left: ReplayedUnit[] = []
  return {
    async ask(unit) {
      const replayed = { ...unit, completion: await ask(unit) }
      if (!isTransportFailure(replayed.completion)) return replayed
      left.push(replayed)
      return null
    },
    takeLeft() {
      const taken = left
      left = []
      return taken
    },
    async askAgain(unit) {
      const completion = await ask(unit)
      return completion.kind === 'not-asked' ? unit : { ...unit, completion }
    },
  }
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
