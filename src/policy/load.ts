import type { z } from 'zod'
import { GateError } from '../errors.ts'
import { parseSource, type SourceText } from './document.ts'
import { createPolicySchema, type GraderConfig, type Policy } from './schema.ts'

/**
 * Parses and checks a policy.
 * @param graderConfig the union of the grader kinds' configurations
 */
export function parsePolicy(source: SourceText, graderConfig: z.ZodType<GraderConfig>): Policy {
  return parseSource(source, createPolicySchema(graderConfig), 'policy')
}

/** Refuses a policy whose judge is the checkpoint that it would judge. */
export function checkJudge(request: { policy: Policy; file: string; checkpoints: string[] }): void {
  const { policy, file, checkpoints } = request
  if (policy.judge === null || !checkpoints.includes(policy.judge.model)) return
  throw new GateError({
    code: 'policy',
    message: `the judge is "${policy.judge.model}", which is a checkpoint under test: a model can't judge itself`,
    where: { file, field: 'judge.model' },
    remedy: 'name another model as the judge, best of another family',
  })
}
