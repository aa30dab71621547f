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

/** Refuses a policy one of whose judges, or whose simulator of tools, is a checkpoint under test. */
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
  const isServed = (model: unknown) => typeof model === 'string' && served.has(model.toLowerCase())
  const simulator = policy.tools?.simulator?.model
  if (isServed(simulator)) {
    throw new GateError({
      code: 'policy',
      message: `the simulator of tools is "${simulator}", which is a checkpoint under test: it would make up its own world`,
      where: { file, field: 'tools.simulator.model' },
      remedy: 'name another model as the simulator, best of another family',
    })
  }
  const own = judges.find(({ model }) => isServed(model))
  if (own === undefined) return
  throw new GateError({
    code: 'policy',
    message: `the judge is "${String(own.model)}", which is a checkpoint under test: a model can't judge itself`,
    where: { file, field: own.field },
    remedy: 'name another model as the judge, best of another family',
  })
}
