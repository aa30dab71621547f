import type { Conversation } from '../corpus/conversation.ts'
import type { CorpusThread } from '../corpus/corpus-thread.ts'
import { createStandingCheck, type Exclusion } from '../corpus/standing.ts'
import { noTombstones } from '../corpus/tombstones.ts'
import { findTurns } from '../corpus/turns.ts'
import type { Drawable } from './rank.ts'
import { rankEach } from './rank-each.ts'
import type { DrawnTurn, Sample, SampleCounts } from './sample.ts'
import { type Selection, selectFromStrata, selectTurns } from './select.ts'
import { sizeSample } from './size.ts'
import { createStrata, type Stratum } from './strata.ts'
import { readTargetMix } from './target-mix.ts'

export type { Sample, SampleCounts, SampledTurn, StratumCounts } from './sample.ts'

/** How turns are drawn. */
export interface DrawSettings {
  seed: string
  turns: number
  slices: readonly string[]
  /** `one` (the default): at most one turn a conversation. `all`: turns whatever their conversation. */
  turnsPerConversation?: 'one' | 'all'
  /** Keys of the conversations' metadata; a stratum is all conversations with the same values of them. */
  strata?: readonly string[]
  /** The shares of strata in the traffic that the sample stands for; without it, as in the corpus. */
  target?: Readonly<Record<string, number>> | null
}

/** What is drawn from conversations at hand. */
export interface DrawRequest extends DrawSettings {
  corpus: AsyncIterable<Conversation>
  now: Date
}

/** Drawn turns in seeded order, each with where its conversation is. */
export interface Draw<Place> {
  turns: DrawnTurn<Place>[]
  counts: SampleCounts
}

/**
 * Draws turns, the same ones whatever the order of the listing, in one pass.
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
 * because their shares are known only when the corpus has been read. `Place` is all that is kept of a conversation
 * beside its id.
 * @throws GateError (`policy`) for more than 200 strata, and for a target mix that can't be used
 * @throws RangeError unless the turns are a whole number of at least 1
 */
export async function drawTurns<Place, Listed extends Drawable<Place>>(
  request: ListedDraw<Place, Listed>,
): Promise<Draw<Place>> {
  const { turns, strata = [] } = request
  if (!(Number.isSafeInteger(turns) && turns >= 1)) {
    throw new RangeError(`the turns to draw must be a whole number of at least 1, got ${turns}`)
  }
  // Most turns of a large corpus are never drawn: what is far from being drawn is not even held for a while.
  const cutoff = strata.length > 0 ? 1 : findFirstCutoff(request)
  const first = cutoff < 1 ? await drawBelow(request, cutoff) : null
  const draw = first ?? (await drawBelow(request, Number.POSITIVE_INFINITY))
  if (draw === null) throw new Error('a draw without a cutoff is short')
  return draw
}

/** How many times the turns that are drawn may have keys under a first cutoff. */
const spare = 1.75
/** The share of the conversations up to which few of them have two turns under it. */
const fewDrawn = 0.1

/**
 * A key that more turns than are drawn are likely to be under: where many conversations are excluded, or few have most of the
 * turns, it may be too small, and the conversations have to be listed once more.
 */
function findFirstCutoff({
  turns,
  turnsPerConversation = 'one',
  expected,
}: Pick<ListedDraw<unknown, Drawable<unknown>>, 'turns' | 'turnsPerConversation' | 'expected'>): number {
  if (expected === undefined) return 1
  const competes = turnsPerConversation === 'all' || turns < fewDrawn * expected.conversations
  return (spare * (turns + 1)) / (competes ? expected.turns : expected.conversations)
}

type ListedDraw<Place, Listed extends Drawable<Place>> = DrawSettings & {
  /** Lists the conversations; once more if too few of them can be drawn. */
  list: () => AsyncIterable<Iterable<Listed>>
  /** How many conversations it lists, and turns of them, where that is known. */
  expected?: { conversations: number; turns: number }
  /** Why a conversation is left out; `null` where it isn't. */
  exclude: (conversation: Listed) => Exclusion | null
  /** What ranks turns beside this thread, where listed conversations may be held when their batch has been gone through. */
  thread?: CorpusThread | undefined
}

/** Draws those with keys up to a cutoff; `null` if others would have been drawn too. */
async function drawBelow<Place, Listed extends Drawable<Place>>(
  request: ListedDraw<Place, Listed>,
  cutoff: number,
): Promise<Draw<Place> | null> {
  const {
    list,
    exclude,
    seed,
    turns,
    slices,
    turnsPerConversation = 'one',
    strata: keys = [],
    thread,
  } = request
  const target = request.target ? readTargetMix(request.target, keys) : null
  const strata = createStrata<Place>({ cutoff, turns, slices, keys, turnsPerConversation, target })
  const excluded: Record<Exclusion, number> = { erased: 0, 'no-consent': 0, expired: 0 }
  const admit = (conversation: Listed): boolean => {
    const reason = exclude(conversation)
    if (reason !== null) excluded[reason] += 1
    return reason === null
  }
  await rankEach({ seed, batches: list(), admit, offer: strata.offer, thread })
  const found = strata.close()
  if (cutoff < 1 && found.some((stratum) => isShort(stratum, { turns, turnsPerConversation }))) return null
  const parts = { turns, strata: found, turnsPerConversation }
  const selection = keys.length === 0 ? selectTurns(parts) : selectFromStrata({ ...parts, target })
  return {
    turns: selection.turns,
    counts: {
      turnsAsked: turns,
      conversationsExpired: excluded.expired,
      conversationsErased: excluded.erased,
      conversationsWithoutConsent: excluded['no-consent'],
      ...count(found, selection),
    },
  }
}

/** Whether a stratum has more to give than was kept of it. */
function isShort(
  { candidates, conversations, turnsEligible }: Stratum<unknown>,
  { turns, turnsPerConversation }: { turns: number; turnsPerConversation: 'one' | 'all' },
): boolean {
  const capacity = turnsPerConversation === 'one' ? conversations : turnsEligible
  return candidates.length < Math.min(turns + 1, capacity)
}

/** Draws from conversations at hand, which are kept as long as they may be drawn: `drawTurns`. */
export async function drawSample({ corpus, now, ...settings }: DrawRequest): Promise<Sample> {
  const isExcluded = createStandingCheck({ now, consent: undefined, tombstones: noTombstones })
  const { turns, counts } = await drawTurns<Conversation, Drawable<Conversation>>({
    ...settings,
    list: () => listEach(corpus),
    exclude: (listed) => {
      const { id, user, consent, expires_at: expiresAt } = listed.locate()
      return isExcluded({ id, user, consent, expiresAt })
    },
  })
  return {
    turns: turns.map(({ place: { messages, tools = null }, messageIndex, ...turn }) => ({
      ...turn,
      prefix: messages.slice(0, messageIndex),
      tools,
    })),
    counts,
  }
}

async function* listEach(
  corpus: AsyncIterable<Conversation>,
): AsyncGenerator<Iterable<Drawable<Conversation>>> {
  for await (const conversation of corpus) {
    const { id, metadata = {} } = conversation
    yield [{ id, turns: findTurns(conversation), metadata, locate: () => conversation }]
  }
}

function count(
  found: readonly Stratum<unknown>[],
  selection: Selection<unknown>,
): Omit<SampleCounts, 'turnsAsked' | `conversations${'Expired' | 'Erased' | 'WithoutConsent'}`> {
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
