import type { Conversation, Message } from '../../src/corpus/conversation.ts'
import type { Arm } from '../../src/ports.ts'
import type { Cell, Surface } from './cell.ts'
import type { Random } from './random.ts'

/** Turns of the corpus for each turn that is asked. */
const turnsPerAsked = 1.25

/** A simulated corpus; the replicates of a cell draw from the same one. */
export interface Corpus {
  conversations: Conversation[]
  /** Turns by conversation. */
  lengths: ReadonlyMap<string, number>
  /** By conversation, where the cell has any. */
  surfaces: ReadonlyMap<string, Surface>
  turns: number
  /** The mean, over the corpus's turns, of the length of their conversation. */
  meanLengthByTurn: number
}

/** Writes a corpus with somewhat more turns than a cell asks for. */
export function writeCorpus(cell: Cell, random: Random): Corpus {
  // One turn of each conversation, all conversations asked, is where the weights of a draw vary most.
  const everyConversation = cell.clustering.draw === 'one' && cell.clustering.lengths !== 'one'
  const isEnough = (conversations: number, turns: number) =>
    everyConversation ? conversations >= cell.turns : turns >= cell.turns * turnsPerAsked
  const lengths = new Map<string, number>()
  let turns = 0
  while (!isEnough(lengths.size, turns)) {
    const length = drawLength(cell.clustering.lengths, random)
    lengths.set(`c${lengths.size}`, length)
    turns += length
  }
  const surfaces = new Map(
    [...lengths.keys()].flatMap((id) => chooseSurface(cell, random()).map((surface) => [id, surface])),
  )
  const squares = [...lengths.values()].reduce((sum, length) => sum + length * length, 0)
  return {
    conversations: [...lengths].map(([id, length]) => writeConversation(id, length, surfaces.get(id))),
    lengths,
    surfaces,
    turns,
    meanLengthByTurn: squares / turns,
  }
}

/** The rate, as a proportion, that the turns of a conversation have in one category. */
export function rateOf(request: {
  cell: Cell
  corpus: Corpus
  conversation: string
  arm: Arm
  category: number
}): number {
  const { cell, corpus, conversation, arm, category } = request
  const rate = (cell.trueRates[category]?.[arm] ?? 0) / 100_000
  // Means over all turns that count stay the rate that the cell names.
  const { longerIsWorse } = cell.clustering
  const byLength = longerIsWorse ? (corpus.lengths.get(conversation) ?? 0) / corpus.meanLengthByTurn : 1
  const mean = cell.surfaces.reduce((sum, { trafficShare, factor }) => sum + trafficShare * factor, 0)
  const surface = corpus.surfaces.get(conversation)
  return rate * byLength * (surface === undefined ? 1 : surface.factor / mean)
}

function chooseSurface({ surfaces }: Cell, luck: number): Surface[] {
  let left = luck
  const chosen = surfaces.find(({ corpusShare }) => {
    left -= corpusShare
    return left < 0
  })
  return chosen === undefined ? surfaces.slice(-1) : [chosen]
}

function drawLength(lengths: Cell['clustering']['lengths'], random: Random): number {
  if (lengths === 'one') return 1
  const further = Math.floor(Math.log(1 - random()) / Math.log1p(-1 / lengths.mean))
  return Math.min(lengths.most, 1 + further)
}

function writeConversation(id: string, turns: number, surface: Surface | undefined): Conversation {
  const messages = Array.from({ length: turns }, (_, index): Message[] => [
    { role: 'user', content: `question ${index}` },
    { role: 'assistant', content: 'answer' },
  ])
  return {
    id,
    messages: messages.flat(),
    ...(surface === undefined ? {} : { metadata: { surface: surface.name } }),
  }
}
