import { addReason } from '../calibrate/pick.ts'
import { readText } from '../corpus/conversation.ts'
import type { ChatRequest } from '../replay/completion.ts'
import type { Endpoint } from '../replay/endpoint.ts'
import { type Choice, isSlip, readChoice } from './choice.ts'
import type { RealismPair } from './pair.ts'
import { choiceFormat, writeChoicePrompt } from './prompt.ts'
import { renderRollout } from './render.ts'
import type { PairOutcome } from './win-rate.ts'

/** A model that picks the real one of two rollouts. */
export interface Discriminator {
  endpoint: Pick<Endpoint, 'ask'>
  model: string
  /** Set around data; random and new for each run, so that no text can close it. */
  delimiter: string
}

/** What a discriminator said of a pair, in both orders. */
export interface JudgedPair {
  outcome: PairOutcome
  /** With the real one first, and with the simulated one first; none for identical rollouts, which nobody is asked about. */
  choices: readonly Choice[]
  requests: number
}

const orders = ['real-first', 'simulated-first'] as const

/** Puts a pair to the discriminator in both orders; what breaks the contract is asked once more. */
export async function judgePair(
  pair: RealismPair,
  { discriminator, purpose }: { discriminator: Discriminator; purpose: 'realism' | 'control' },
): Promise<JudgedPair> {
  const { conversation } = pair
  const real = renderRollout(pair.real)
  const simulated = renderRollout(pair.simulated)
  // Taken for the real one in one order and not in the other, whoever is asked.
  if (real === simulated) return { outcome: { conversation, taken: [false, true] }, choices: [], requests: 0 }
  const asked = await Promise.all(
    orders.map((order) => {
      const [first, second] = order === 'real-first' ? [real, simulated] : [simulated, real]
      const request: ChatRequest = {
        customId: `${pair.id}|${purpose}|${order}`,
        model: discriminator.model,
        messages: writeChoicePrompt(
          { prefix: pair.prefix, tools: pair.tools ?? null, first, second },
          discriminator.delimiter,
        ),
        responseFormat: choiceFormat,
      }
      return askTwice(request, discriminator)
    }),
  )
  const [realFirst, simulatedFirst] = asked.map(({ choice }) => choice)
  const taken = [isTaken(realFirst, 'second'), isTaken(simulatedFirst, 'first')] as const
  return {
    outcome: { conversation, taken },
    choices: asked.map(({ choice }) => choice),
    requests: asked.reduce((sum, { requests }) => sum + requests, 0),
  }
}

async function askTwice(
  request: ChatRequest,
  { endpoint, model }: Discriminator,
): Promise<{ choice: Choice; requests: number }> {
  const first = readChoice(await endpoint.ask(request), model)
  if (!isSlip(first)) return { choice: first, requests: 1 }
  const second = readChoice(await endpoint.ask(request), model)
  return { choice: second, requests: 2 }
}

function isTaken(choice: Choice | undefined, simulated: 'first' | 'second'): boolean | null {
  return choice?.kind === 'chosen' ? choice.real === simulated : null
}

/** What many answers have in common. */
export interface ChoiceCounts {
  /** Answers with a choice, and how many of them picked the one that was shown first. */
  chosen: number
  first: number
  /** Orders without a choice, by cause. */
  missing: Record<string, number>
  /** Under which names the discriminator answered, and how often. */
  answeredAs: Record<string, number>
}

/** Counts the answers. */
export function countChoices(choices: readonly Choice[]): ChoiceCounts {
  const missing = new Map<string, number>()
  const names = new Map<string, number>()
  for (const choice of choices) {
    if (choice.kind === 'not-asked') continue
    if (choice.kind === 'missing') addReason(missing, choice.cause)
    if (choice.model !== null) addReason(names, choice.model)
  }
  const chosen = choices.filter((choice) => choice.kind === 'chosen')
  return {
    chosen: chosen.length,
    first: chosen.filter(({ real }) => real === 'first').length,
    missing: Object.fromEntries([...missing].toSorted()),
    answeredAs: Object.fromEntries([...names].toSorted()),
  }
}

/** About how many tokens the questions of a pair take, at four characters each; its answers are short. */
export function estimateTokens(pair: RealismPair): number {
  const prefix = pair.prefix.reduce((sum, { content }) => sum + readText(content).length, 0)
  const shown = prefix + renderRollout(pair.real).length + renderRollout(pair.simulated).length
  return Math.ceil((2 * shown) / 4)
}
