/** The category of pairwise verdicts: of two responses to the same request, the first is the worse one. */
export const worseFirst = 'worse-than-the-other'

/** Two responses as the text that is labelled. */
export function showPair(first: string, second: string): string {
  return `Response 1:\n${first}\n\nResponse 2:\n${second}`
}
