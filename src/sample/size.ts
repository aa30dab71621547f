/** What a weighted sample is worth (Kish 1965, Survey Sampling, §11.7). All of it is 0 for an empty sample. */
export interface SampleSize {
  /** The number of equally weighted turns that it is worth, (Σw)²/Σw². */
  effectiveTurns: number
  /** Turns over effective turns, at least 1: what unequal weights cost. */
  designEffect: number
  /** The number of equally heavy conversations that it is worth, 1/Σ W², W being a conversation's share. */
  effectiveConversations: number
}

/** Sizes a sample by its weights, which are finite and above 0. */
export function sizeSample(turns: readonly { weight: number; conversation: string }[]): SampleSize {
  if (turns.length === 0) return { effectiveTurns: 0, designEffect: 0, effectiveConversations: 0 }
  const byConversation = new Map<string, number>()
  for (const { conversation, weight } of turns) {
    byConversation.set(conversation, (byConversation.get(conversation) ?? 0) + weight)
  }
  const effectiveTurns = sizeEffectively(turns.map(({ weight }) => weight))
  return {
    effectiveTurns,
    designEffect: turns.length / effectiveTurns,
    effectiveConversations: sizeEffectively([...byConversation.values()]),
  }
}

// No more than there are, which rounding can miss when the weights are all but equal.
function sizeEffectively(weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const squares = weights.reduce((sum, weight) => sum + (weight / total) * (weight / total), 0)
  return Math.min(weights.length, 1 / squares)
}
