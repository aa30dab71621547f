import type { z } from 'zod'
import { GateError } from '../errors.ts'
import { listCheckpointNames } from './checkpoint-names.ts'
import { parseSource, type SourceText } from './document.ts'
import { createPolicySchema, type GraderConfig, type Policy } from './schema.ts'

/**
 * Parses and checks a policy.
 * @param graderConfig the union of the grader kinds' configurations
 */
export function parsePolicy(source: SourceText, graderConfig: z.ZodType<GraderConfig>): Policy {
  return parseSource(source, createPolicySchema(graderConfig), 'policy')
}

/** Refuses a policy one of whose judges is the checkpoint that it would judge. */
export function checkJudge(request: { policy: Policy; file: string; checkpoints: string[] }): void {
  const { policy, file, checkpoints } = request
  const judges = [
    { model: policy.judge?.model, field: 'judge.model' },
    { model: policy.judge?.confirm?.model, field: 'judge.confirm.model' },
    ...policy.categories.flatMap(({ graders }, index) =>
      graders.map(({ kind, model }, place) => ({
        model: kind === 'judge' ? model : undefined,
        field: `categories[${index}].graders[${place}].model`,
      })),
    ),
  ]
  const served = new Set(
    listCheckpointNames(policy.checkpoint, checkpoints).map((name) => name.toLowerCase()),
  )
  const own = judges.find(({ model }) => typeof model === 'string' && served.has(model.toLowerCase()))
  if (own === undefined) return
  throw new GateError({
    code: 'policy',
    message: `the judge is "${String(own.model)}", which is a checkpoint under test: a model can't judge itself`,
    where: { file, field: own.field },
    remedy: 'name another model as the judge, best of another family',
  })
}
