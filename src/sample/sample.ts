import type { Message, Tool } from '../corpus/conversation.ts'

/** One drawn turn: how much it stands for. */
interface Weighed {
  /** `<conversation id>#<message index>` */
  id: string
  conversation: string
  /**
   * What the turn stands for, up to a factor. In a sample without strata the inverse of the chance with which
   * it was drawn of its conversation, or 1 with all turns of a conversation; with strata the mean is 1.
   */
  weight: number
  /** Its stratum, such as `surface=chat`; `null` in a sample without strata. */
  stratum: string | null
  /** Values of the metadata keys that the policy names. */
  slice: Record<string, string>
}

/** A drawn turn of which only the place is known. */
export interface DrawnTurn<Place> extends Weighed {
  messageIndex: number
  place: Place
}

/** A drawn turn with what is sent. It may be unpacked each time that it is asked for: ask once. */
export interface SampledTurn extends Weighed {
  /** The messages before the assistant turn, and nothing of it or after it. */
  readonly prefix: Message[]
  readonly tools: Tool[] | null
  /** What the log has from the turn on, where it was asked for: what tools said to production, and never sent to an arm. */
  readonly after?: Message[] | undefined
}

/** The drawn turns in seeded order, with what the table says about the draw. */
export interface Sample {
  turns: SampledTurn[]
  counts: SampleCounts
}

/** What a draw was taken from, and what it is worth. */
export interface SampleCounts {
  turnsAsked: number
  turnsDrawn: number
  conversations: number
  turnsEligible: number
  conversationsExpired: number
  /** Of people who asked to be forgotten: they are on the list of tombstones. */
  conversationsErased: number
  conversationsWithoutConsent: number
  /** Every stratum of the corpus, by name; empty in a sample without strata. */
  strata: StratumCounts[]
  /** Strata with a share and without a drawn turn: the sample says nothing of that share of the traffic. */
  uncovered: { name: string; share: number }[]
  /** Kish's (Σw)²/Σw². */
  effectiveTurns: number
  /** Drawn over effective turns; a warning is due above `designEffectWarning`. */
  designEffect: number
  /** 1/Σ W², W being the share of a conversation's turns in all weight. */
  effectiveConversations: number
}

/** What was drawn from one stratum. */
export interface StratumCounts {
  name: string
  turnsEligible: number
  conversations: number
  drawn: number
  /** Of the traffic: what the target mix says, 0 if it doesn't name the stratum; without one, of the turns. */
  share: number
  /** Of all weight. It differs from `share` where the cap on weights binds, and where strata are uncovered. */
  weightShare: number
}
