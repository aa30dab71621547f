import { type Message, readText } from '../corpus/conversation.ts'
import { looksLikeError } from '../tools/error-result.ts'
import type { RealismPair } from './pair.ts'
import { renderRollout } from './render.ts'
import { createRandomFor, shuffleByHash } from './seed.ts'

/**
 * Ways to spoil a rollout as a poor simulator would. `errors-removed`: results that are errors succeed. `results-generic`:
 * results say nothing. `order-shuffled`: steps with their results change places. `answer-exchanged`: the last words are
 * another conversation's. `answer-shortened`: of the last words only the first sentence is left.
 */
export const degradeKinds = [
  'errors-removed',
  'results-generic',
  'order-shuffled',
  'answer-exchanged',
  'answer-shortened',
] as const
export type DegradeKind = (typeof degradeKinds)[number]

/** A real rollout beside a spoilt copy of it, which stands where the simulated one would. */
export interface ControlPair {
  kind: DegradeKind
  pair: RealismPair
}

const generic = '{"status": "success"}'

/**
 * Spoils a seeded sample of the real rollouts, each in one of the ways that change it, the rarest so far first. A rollout that
 * none of them changes is left out, so that there may be fewer than asked for.
 */
export function makeControls(request: {
  pairs: readonly RealismPair[]
  count: number
  seed: string
}): ControlPair[] {
  const { pairs, count, seed } = request
  const used = new Map<DegradeKind, number>()
  const controls: ControlPair[] = []
  const ordered = shuffleByHash(pairs, `${seed}\0controls`)
  for (const pair of ordered) {
    if (controls.length >= count) break
    const random = createRandomFor(seed, `degrade ${pair.id}`)
    const before = renderRollout(pair.real)
    const options = degradeKinds.flatMap((kind) => {
      const messages = degrade({ kind, pair, others: ordered, random })
      const isChanged = messages !== null && renderRollout(messages) !== before
      return isChanged ? [{ kind, messages }] : []
    })
    const least = Math.min(...options.map(({ kind }) => used.get(kind) ?? 0))
    const chosen = options.find(({ kind }) => (used.get(kind) ?? 0) === least)
    if (chosen === undefined) continue
    used.set(chosen.kind, least + 1)
    const { sources: _, ...shared } = pair
    controls.push({ kind: chosen.kind, pair: { ...shared, simulated: chosen.messages } })
  }
  return controls
}

/** A spoilt copy of a pair's real rollout; `null` where it has nothing that could be spoilt in this way. */
export function degrade(request: {
  kind: DegradeKind
  pair: RealismPair
  others: readonly RealismPair[]
  random: () => number
}): Message[] | null {
  const { kind, pair, others, random } = request
  switch (kind) {
    case 'errors-removed':
      return pair.real.map((message) =>
        message.role === 'tool' && looksLikeError(readText(message.content))
          ? { ...message, content: generic }
          : message,
      )
    case 'results-generic':
      return pair.real.map((message) =>
        message.role === 'tool' ? { ...message, content: generic } : message,
      )
    case 'order-shuffled':
      return shuffleSteps(pair.real, random)
    case 'answer-exchanged':
      return exchangeAnswer(pair, { others, random })
    case 'answer-shortened':
      return replaceAnswer(pair.real, firstSentence(readAnswer(pair.real)))
  }
}

/** Steps, each an assistant message with the results of its calls, in another order; the words after them stay last. */
function shuffleSteps(messages: readonly Message[], random: () => number): Message[] | null {
  const steps: Message[][] = []
  for (const message of messages) {
    if (message.role === 'assistant') steps.push([message])
    else steps.at(-1)?.push(message)
  }
  const last = steps.at(-1)?.length === 1 ? (steps.pop() ?? []) : []
  if (steps.length < 2) return null
  const by = 1 + Math.floor(random() * (steps.length - 1))
  return [...steps.slice(by), ...steps.slice(0, by), last].flat()
}

function exchangeAnswer(
  pair: RealismPair,
  { others, random }: { others: readonly RealismPair[]; random: () => number },
): Message[] | null {
  const start = Math.floor(random() * others.length)
  const own = readAnswer(pair.real)
  for (let step = 0; step < others.length; step += 1) {
    const other = others[(start + step) % others.length]
    const text = other === undefined ? '' : readAnswer(other.real)
    if (other?.conversation !== pair.conversation && text !== '' && text !== own)
      return replaceAnswer(pair.real, text)
  }
  return null
}

/** The last words of a rollout; empty where it ends with calls or results. */
function readAnswer(messages: readonly Message[]): string {
  const last = messages.at(-1)
  return last?.role === 'assistant' ? readText(last.content) : ''
}

function replaceAnswer(messages: readonly Message[], text: string): Message[] | null {
  const last = messages.at(-1)
  if (last?.role !== 'assistant' || text === '' || readText(last.content) === '') return null
  return [...messages.slice(0, -1), { ...last, content: text }]
}

function firstSentence(text: string): string {
  return /^.*?[.!?](?=\s|$)/s.exec(text)?.[0] ?? text.slice(0, Math.ceil(text.length / 3))
}
