import { graderConfigSchema } from '../../src/grade/graders/index.ts'
import { parsePolicy } from '../../src/policy/load.ts'
import type { Policy } from '../../src/policy/schema.ts'

/** A policy with a judged category, one with a limit and one of patterns, as a user writes it. */
export const policyText = `version: 1
checkpoint: { file: deploy/model.yaml, path: serving.checkpoint }
corpus: { manifest: corpus/manifest.json }
sample: { turns: 400, epoch: 2026-11 }
judge: { model: judge-1 }
categories:
  - { id: over-refusal, rubric: builtin }
  - id: unsafe-compliance
    rubric: rubrics/unsafe.md
    limit: 0.5%
  - { id: leaks, graders: [{ kind: pattern, any: [BEGIN] }], limit: 40 per 100k, role: watch }
`

/** Replaces one text of the policy, which must be there, or adds to its end. */
export function edit(from: string, to: string): string {
  if (from === '') return policyText + to
  if (!policyText.includes(from)) throw new Error(`the policy has no "${from}"`)
  return policyText.replace(from, to)
}

/** Parses a policy with every kind of grader. */
export function readPolicy(text: string, file = 'gate.yml'): Policy {
  return parsePolicy({ file, text }, graderConfigSchema)
}
