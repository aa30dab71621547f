import type { Conversation } from '../corpus/conversation.ts'
import type { Sample, SampleCounts } from './sample.ts'
import { type Selection, selectFromStrata, selectTurns } from './select.ts'
import { sizeSample } from './size.ts'
import { createStrata, type Stratum } from './strata.ts'
import { readTargetMix } from './target-mix.ts'

export type { Sample, SampleCounts, SampledTurn, StratumCounts } from './sample.ts'

/** What is drawn. */
export interface DrawRequest {
  corpus: AsyncIterable<Conversation>
  seed: string
  turns: number
  slices: string[]
  now: Date
  /** `one` (the default): at most one turn a conversation. `all`: turns whatever their conversation. */
  turnsPerConversation?: 'one' | 'all'
  /** Keys of the conversations' metadata; a stratum is all conversations with the same values of them. */
  strata?: readonly string[]
  /** The shares of strata in the traffic that the sample stands for; without it, as in the corpus. */
  target?: Readonly<Record<string, number>> | null
}

/**
 * Draws turns, the same ones whatever the order of the corpus, in one pass.
 *
 * Each turn has u = H(seed ‖ turn id) in [0, 1). With `all`, the n turns of the smallest u are drawn: each turn
 * with the same chance, so that weights are equal and the conversation is the cluster. With `one`, a conversation
 * competes with its smallest u. With τ the first key that is not drawn (1 if all are drawn), a turn of a
 * conversation with m turns was drawn with the chance (1 − (1−τ)^m)/m, and weighs its inverse: bottom-k sampling,
 * unbiased at every n (Cohen & Kaplan 2007, "Summarizing data using bottom-k sketches", rank conditioning).
 *
 * With strata, each gives its own turns (`allocateTurns`), and their weights are scaled to the share of the
 * stratum in the traffic; under a target mix by at most `weightCap` times the mean (`postStratify`). Strata that
 * the target doesn't name are not drawn from.
 *
 * The turns are in a random order, which their keys decide: any first ones are a random part of the sample, with
 * the weights that they have. Of conversations of one length they are the draw of fewer turns.
 *
 * Memory grows with the turns asked, not with the corpus; with strata, with the turns asked times the strata,
 * because their shares are known only when the corpus has been read.
 * @throws GateError (`policy`) for more than 200 strata, and for a target mix that can't be used
 * @throws RangeError unless the turns are a whole number of at least 1
 */
export async function drawSample(request: DrawRequest): Promise<Sample> {
  const { corpus, seed, turns, slices, now, turnsPerConversation = 'one', strata: keys = [] } = request
  if (!(Number.isSafeInteger(turns) && turns >= 1)) {
    throw new RangeError(`the turns to draw must be a whole number of at least 1, got ${turns}`)
  }
  const target = request.target ? readTargetMix(request.target, keys) : null
  const strata = createStrata({ seed, turns, slices, keys, turnsPerConversation, target })
  let conversationsExpired = 0
  for await (const conversation of corpus) {
    if (conversation.expires_at !== undefined && new Date(conversation.expires_at) <= now) {
      conversationsExpired += 1
    } else {
      strata.offer(conversation)
    }
  }
  const found = strata.close()
  const parts = { turns, strata: found, turnsPerConversation }
  const selection = keys.length === 0 ? selectTurns(parts) : selectFromStrata({ ...parts, target })
  return {
    turns: selection.turns,
    counts: { turnsAsked: turns, conversationsExpired, ...count(found, selection) },
  }
}

function count(
  found: readonly Stratum[],
  selection: Selection,
): Omit<SampleCounts, 'turnsAsked' | 'conversationsExpired'> {
  const add = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
  return {
    turnsDrawn: selection.turns.length,
    conversations: add(found.map(({ conversations }) => conversations)),
    turnsEligible: add(found.map(({ turnsEligible }) => turnsEligible)),
    strata: selection.strata,
    uncovered: selection.uncovered,
    ...sizeSample(selection.turns),
  }
}
