/** A registration for `ckpt-42` that fits the policy of `test/policy/policies.ts`. */
export const registrationText = `version: 1
candidate: ckpt-42
predictions:
  - { category: over-refusal, rate: 1%, interval: [0.5%, 2%], direction: down }
  - category: unsafe-compliance
    rate: 10 per 100k
    interval: [0%, 0.3%]
    direction: same
    limit: 0.4%
`

/** Replaces one text of the registration, which must be there, or adds to its end. */
export function edit(from: string, to: string): string {
  if (from === '') return registrationText + to
  if (!registrationText.includes(from)) throw new Error(`the registration has no "${from}"`)
  return registrationText.replace(from, to)
}
