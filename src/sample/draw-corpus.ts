import type { Conversation } from '../corpus/conversation.ts'
import { type CorpusThread, startCorpusThread } from '../corpus/corpus-thread.ts'
import { fetchConversations } from '../corpus/fetch.ts'
import { listFromIndex } from '../corpus/index-file/read.ts'
import type { CorpusLimits } from '../corpus/limits.ts'
import { type ConversationPlace, type ListedConversation, listConversations } from '../corpus/listing.ts'
import type { Manifest } from '../corpus/manifest.ts'
import { createStandingCheck } from '../corpus/standing.ts'
import type { Tombstones } from '../corpus/tombstones.ts'
import { GateError } from '../errors.ts'
import type { Files } from '../ports.ts'
import { type Draw, type DrawSettings, drawTurns } from './draw.ts'
import type { DrawnTurn, Sample } from './sample.ts'
import { StoredTurn } from './stored-turn.ts'
import { stripPrefix } from './stratum.ts'
import { createTurnStore } from './turn-store.ts'

/** What is drawn from a corpus as it is stored. */
export interface CorpusDrawRequest extends DrawSettings {
  manifest: Manifest
  files: Pick<Files, 'openCorpusFile' | 'openCorpusStretches' | 'openScratch'>
  now: Date
  tombstones: Tombstones
  limits?: CorpusLimits
  /** Whether what the log has after a turn is kept with it. */
  keepsAfter?: boolean
  /** Sees each conversation that is listed, whether it may be drawn or not; of an index some twice. */
  onListed?: (conversation: ListedConversation) => void
}

/**
 * Draws turns by where they are, and then reads those that were drawn, each checked against its digest. The conversations
 * are listed from the manifest's index; without one, by reading the whole corpus.
 * @throws GateError for a corpus or an index that is not what the manifest says
 */
export async function drawCorpus(request: CorpusDrawRequest): Promise<Sample> {
  const { manifest, now, tombstones, onListed } = request
  const exclude = createStandingCheck({ now, consent: manifest.consent, tombstones })
  // Another listing is cheap only from an index.
  const expected = manifest.index === undefined ? undefined : countAll(manifest)
  const thread = (expected?.conversations ?? 0) >= worthThread ? await startCorpusThread() : undefined
  const drawing = drawTurns<ConversationPlace, ListedConversation>({
    ...request,
    list: () => listCorpus(request, thread),
    ...(expected === undefined ? {} : { expected }),
    thread,
    exclude: (conversation) => {
      onListed?.(conversation)
      return exclude(conversation)
    },
  })
  const draw = await drawing.finally(() => thread?.close())
  return fetchTurns(draw, request)
}

/** Conversations from which on it takes less time to start a thread than to rank their turns. */
const worthThread = 500_000

function countAll({ files }: Manifest): { conversations: number; turns: number } {
  const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0)
  return {
    conversations: sum(files.map(({ conversations }) => conversations)),
    turns: sum(files.map(({ turns }) => turns)),
  }
}

function listCorpus(
  request: CorpusDrawRequest,
  thread: CorpusThread | undefined,
): AsyncGenerator<Iterable<ListedConversation>> {
  const { manifest, slices, strata = [] } = request
  const { index } = manifest
  if (index === undefined) return listConversations(request)
  return listFromIndex({
    ...request,
    index,
    thread,
    keys: [...new Set([...slices, ...strata.map(stripPrefix)])],
  })
}

/** Reads what is sent of each drawn turn, in the order of the files, and keeps it packed. */
async function fetchTurns(
  { turns, counts }: Draw<ConversationPlace>,
  request: CorpusDrawRequest,
): Promise<Sample> {
  const store = createTurnStore(request.files.openScratch)
  const exclude = createStandingCheck({ ...request, consent: request.manifest.consent })
  const fetched: SampledTurns = new Map()
  for await (const batch of fetchConversations({ ...request, wanted: turns })) {
    for (const { wanted: turn, conversation } of batch) {
      requireStanding(conversation, exclude)
      const { messages, tools = null } = conversation
      const after = request.keepsAfter === true ? messages.slice(turn.messageIndex) : undefined
      const content = store.add({ prefix: messages.slice(0, turn.messageIndex), tools, after })
      fetched.set(turn, new StoredTurn(turn, store, content))
    }
  }
  return { turns: turns.flatMap((turn) => fetched.get(turn) ?? []), counts }
}

/** An index that was edited may not say what rows do: nothing is sent of a conversation that must not be. */
function requireStanding(conversation: Conversation, exclude: ReturnType<typeof createStandingCheck>): void {
  const { id, user, consent, expires_at: expiresAt } = conversation
  if (exclude({ id, user, consent, expiresAt }) === null) return
  throw new GateError({
    code: 'corpus',
    message: `conversation "${id}" must not be replayed, as its row says, and the index says that it may`,
    remedy: 'write the index anew (`corpus index`), and have its digest in the manifest reviewed',
  })
}

type SampledTurns = Map<DrawnTurn<ConversationPlace>, StoredTurn>
