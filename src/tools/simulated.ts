import { type Message, readText } from '../corpus/conversation.ts'
import { type Completed, type Failed, isTransportFailure, type NotAsked } from '../replay/completion.ts'
import type { Endpoint } from '../replay/endpoint.ts'
import { fail } from '../replay/read-answer.ts'
import type { SampledTurn } from '../sample/sample.ts'
import { nameCall } from './canonical-arguments.ts'
import { cutText } from './cut-text.ts'
import type { ToolDatabase } from './database.ts'
import type { AskedCall, Environment } from './environment.ts'
import { drawFailure } from './recorded.ts'
import { findEffect, type ToolSettings } from './settings.ts'
import {
  type CharacterBreak,
  characterBreaks,
  type KnownResults,
  listResults,
  readSimulated,
  type SimulatedResult,
} from './simulator-answer.ts'
import { simulatorFormat, writeSimulatorPrompt } from './simulator-prompt.ts'

/** A simulator's result is cut off after this, whatever policy lets others be. */
export const longestSimulatedBytes = 64 * 1024

/** What came of the calls that reached the simulator. */
export interface SimulatorCounts {
  /** Answered by it. */
  simulated: number
  /** The same reading as before, answered alike without asking. */
  repeated: number
  /** Failed because the tool fails that often, without asking. */
  drawnFailures: number
  /** Answers that were no tool's, by how; each was asked for once more. */
  breaks: Record<CharacterBreak, number>
  /** Calls whose second answer was none either, or whose endpoint failed. */
  failed: number
  /** Answers by the model that the endpoint says it was; `null` where it names none. */
  answeredAs: { model: string | null; answers: number }[]
}

export interface SimulatorParts {
  settings: Pick<ToolSettings, 'perTool'> & { simulator: NonNullable<ToolSettings['simulator']> }
  endpoint: Endpoint
  /** With the rates and texts of failures; `null`: the simulator decides what fails. */
  database: ToolDatabase | null
  /** The seed of the draw of turns. */
  seed: string
  /** Text that nobody who writes the data knows. */
  delimiter: string
  /** The messages that production has from the turn on; `null` where the log does not say. */
  readProduction: (turn: SampledTurn) => readonly Message[] | null
}

/**
 * An environment model as two environments: `similar` answers only calls that have examples, `simulated` all.
 *
 * Asked in this order: a reading that was made before gets the answer that it got then, as long as nothing was written
 * since; a call may fail as often as its tool was recorded to; else the model is asked. An answer that no tool gives is asked
 * for once more, and then the call has failed with `simulator-failed`, which says nothing of the model under test.
 * Failures of the simulator's transport pass through; others, such as a refused key, become `simulator-failed`.
 */
export function createSimulator(parts: SimulatorParts): {
  environments: [similar: Environment, simulated: Environment]
  counts(): SimulatorCounts
} {
  const counts = createCounts()
  const simulate = createSimulate(parts, counts)
  return {
    environments: [
      { source: 'similar', answer: async (asked) => (asked.examples.length === 0 ? null : simulate(asked)) },
      { source: 'simulated', answer: simulate },
    ],
    counts: () => ({
      ...counts,
      breaks: { ...counts.breaks },
      answeredAs: [...counts.models].map(([model, answers]) => ({ model, answers })),
    }),
  }
}

/** What went wrong with a simulator, in words; `null` for nothing. */
export function describeFailures({ simulated, breaks, failed }: SimulatorCounts): string | null {
  const kinds = characterBreaks.flatMap((how) => (breaks[how] === 0 ? [] : [`${how} ${breaks[how]}`]))
  if (kinds.length === 0 && failed === 0) return null
  const what = kinds.length === 0 ? '' : `; answers that no tool gives: ${kinds.join(', ')}`
  return `the simulator of tools answered ${simulated} calls and failed ${failed}${what} (docs/agents.md)`
}

type Counts = Omit<SimulatorCounts, 'answeredAs'> & { models: Map<string | null, number> }
type Answered = Awaited<ReturnType<Environment['answer']>>

function createCounts(): Counts {
  const breaks = Object.fromEntries(characterBreaks.map((how) => [how, 0])) as Record<CharacterBreak, number>
  return { simulated: 0, repeated: 0, drawnFailures: 0, breaks, failed: 0, models: new Map() }
}

function createSimulate(parts: SimulatorParts, counts: Counts): (asked: AskedCall) => Promise<Answered> {
  const { settings, database, seed } = parts
  return async (asked) => {
    const { turn, call, since } = asked
    const repeated = findRepeated(asked, settings)
    if (repeated !== null) {
      counts.repeated += 1
      return { kind: 'answered', text: repeated, isError: false }
    }
    const step = since.length
    const failure =
      database === null
        ? null
        : drawFailure({ database, seed, turn: turn.id }, { tool: call.function.name, step })
    if (failure !== null) {
      counts.drawnFailures += 1
      return { kind: 'answered', text: failure, isError: true }
    }
    const result = await askTwice({ asked, parts, counts })
    if (result.kind !== 'result') {
      if (result.kind === 'failed') counts.failed += 1
      return result
    }
    counts.simulated += 1
    const { text, isCut } = cutText(result.text, longestSimulatedBytes)
    const note = result.note === '' ? {} : { note: result.note }
    return { kind: 'answered', text, isError: result.isError, ...(isCut ? { isCut } : {}), ...note }
  }
}

/**
 * The answer to the same reading earlier in this replay, where nothing may have changed since; `null` where there is none. A
 * tool of which policy doesn't say that it only reads may write. What failed is asked again: it may work now.
 */
function findRepeated({ call, since }: AskedCall, settings: Pick<ToolSettings, 'perTool'>): string | null {
  if (findEffect(settings, call.function.name) !== 'reads') return null
  const name = nameCall(call)
  for (const past of since.toReversed()) {
    if (!past.result.isError && nameCall(past.call) === name) return past.result.text
    // What was refused, or failed, has changed nothing as far as its caller was told.
    if (!past.result.isError && findEffect(settings, past.call.function.name) !== 'reads') return null
  }
  return null
}

async function askTwice(request: {
  asked: AskedCall
  parts: SimulatorParts
  counts: Counts
}): Promise<Extract<SimulatedResult, { kind: 'result' }> | Failed | NotAsked> {
  const { asked, parts, counts } = request
  const { endpoint, delimiter, database } = parts
  const production = parts.readProduction(asked.turn)
  const failuresDrawn =
    database?.tools.some(
      ({ name, calls, unanswered }) => name === asked.call.function.name && calls > unanswered,
    ) === true
  const messages = writeSimulatorPrompt({ ...asked, production, failuresDrawn }, delimiter)
  const known = describeKnown({ asked, production, messages, delimiter })
  const breaks: CharacterBreak[] = []
  for (const attempt of [0, 1]) {
    const answer = await ask({ asked, parts, messages: [...messages, ...correct(breaks.at(-1))], attempt })
    if (answer.kind === 'not-asked') return answer
    if (answer.kind === 'completed') {
      counts.models.set(answer.model, (counts.models.get(answer.model) ?? 0) + 1)
      const result = readSimulated(answer, known)
      if (result.kind === 'result') return result
      counts.breaks[result.how] += 1
      breaks.push(result.how)
    } else if (answer.cause === 'empty-answer') {
      counts.breaks.empty += 1
      breaks.push('empty')
    } else return explain(answer, endpoint.name)
  }
  const detail = `the simulator did not answer as "${asked.call.function.name.slice(0, 100)}" does: ${breaks.join(', then ')}`
  return fail('simulator-failed', detail)
}

function ask(request: {
  asked: AskedCall
  parts: SimulatorParts
  messages: Message[]
  attempt: number
}): Promise<Completed | Failed | NotAsked> {
  const { asked, parts, messages, attempt } = request
  const { model, temperature } = parts.settings.simulator
  const { turn, arm, since } = asked
  return parts.endpoint.ask({
    customId: `${turn.id}|${arm}|tool ${since.length}${attempt === 0 ? '' : '|again'}`,
    model,
    messages,
    ...(temperature === null ? {} : { temperature }),
    responseFormat: simulatorFormat,
  })
}

/** After the rest of the prompt, which stays as it was. */
function correct(how: CharacterBreak | undefined): Message[] {
  if (how === undefined) return []
  const reason = {
    refused: 'it was refused, and a tool refuses nothing but by its own errors',
    'not-json': 'it was not the JSON object that was asked for',
    empty: 'it was empty, which this tool has not been seen to return',
    'out-of-character': 'it spoke as a model does: only what the tool returns may stand in it',
    'wrong-form': 'this tool returns JSON, and "result" was something else',
  }[how]
  return [{ role: 'user', content: `The last answer to this could not be used: ${reason}. Answer the call.` }]
}

/** An answer by which the endpoint says the same each time says nothing of the model under test either. */
function explain(failed: Failed, endpoint: string): Failed {
  const { cause } = failed
  const detail = `endpoint "${endpoint}", which simulates tools: ${failed.detail}`
  return isTransportFailure(failed) ? { ...failed, detail } : fail('simulator-failed', `${detail} (${cause})`)
}

function describeKnown(request: {
  asked: AskedCall
  production: readonly Message[] | null
  messages: readonly Message[]
  delimiter: string
}): KnownResults {
  const { asked, production, messages, delimiter } = request
  const recorded = listResults([...asked.turn.prefix, ...(production ?? [])], asked.call.function.name)
  const examples = asked.examples.filter(({ isError }) => !isError).map(({ response }) => response)
  // Without the instructions, which speak of what must not be said.
  const given = messages
    .flatMap(({ role, content }) => (role === 'system' ? [] : [readText(content)]))
    .join('\n')
  return { texts: [...recorded, ...examples], given, delimiter }
}
