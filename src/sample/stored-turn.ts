import type { Message, Tool } from '../corpus/conversation.ts'
import type { DrawnTurn, SampledTurn } from './sample.ts'
import type { StoredContent, TurnStore } from './turn-store.ts'

/** A drawn turn whose content is unpacked each time that it is asked for. */
export class StoredTurn implements SampledTurn {
  readonly id: string
  readonly conversation: string
  readonly weight: number
  readonly stratum: string | null
  readonly slice: Record<string, string>
  readonly #store: TurnStore
  readonly #content: StoredContent

  constructor(
    turn: Omit<DrawnTurn<unknown>, 'messageIndex' | 'place'>,
    store: TurnStore,
    content: StoredContent,
  ) {
    this.id = turn.id
    this.conversation = turn.conversation
    this.weight = turn.weight
    this.stratum = turn.stratum
    this.slice = turn.slice
    this.#store = store
    this.#content = content
  }

  get prefix(): Message[] {
    return this.#store.readPrefix(this.#content)
  }

  get tools(): Tool[] | null {
    return this.#store.readTools(this.#content)
  }

  get after(): Message[] | undefined {
    return this.#store.readAfter(this.#content)
  }

  reweigh(weight: number): StoredTurn {
    return new StoredTurn({ ...this, weight }, this.#store, this.#content)
  }
}

/** The same turn with another weight. */
export function reweigh(turn: SampledTurn, weight: number): SampledTurn {
  return turn instanceof StoredTurn ? turn.reweigh(weight) : { ...turn, weight }
}
