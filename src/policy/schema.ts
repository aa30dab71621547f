import { z } from 'zod'
import { createBudgetSchema, toBudget } from './budget-policy.ts'
import { createCheckpointSchema, toCheckpoint } from './checkpoint-schema.ts'
import { strictObject } from './document.ts'
import { createJudgeSchema, resolveGraders, toJudge } from './judge-policy.ts'
import { createPricesSchema, describeUnpricedGraders, toPrices } from './prices.ts'
import { createRealismSchema, toRealism } from './realism-policy.ts'
import { createReplaySchema, describeBatchConflict, toReplay } from './replay-policy.ts'
import {
  createGateSchema,
  createSampleSchema,
  limitSchema,
  marginSchema,
  path,
  toGate,
} from './schema-parts.ts'
import { createToolsSchema, toTools } from './tools-policy.ts'

/** What every grader's configuration has; each kind checks the rest with its own schema. */
export interface GraderConfig {
  kind: string
  [key: string]: unknown
}

const identifier = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'an id is 1 to 64 letters, digits, ".", "_" or "-"')
  // Counts and labels are kept by these names.
  .refine((id) => !(id in Object.prototype), { error: 'this name belongs to the language: choose another' })

/** The policy as a user writes it, parsed to the names and units that the rest of the code uses. */
export function createPolicySchema(graderConfig: z.ZodType<GraderConfig>) {
  return strictObject({
    version: z.literal(1).meta({ description: 'The version of this format.' }),
    checkpoint: createCheckpointSchema(),
    corpus: strictObject({
      manifest: path.meta({ description: 'The corpus manifest, relative to the repository.' }),
    }),
    sample: createSampleSchema(),
    replay: createReplaySchema().prefault({}),
    tools: createToolsSchema().optional().meta({
      description:
        'How tool calls are answered, so that whole trajectories are replayed (docs/agents.md); without it a completion ends with its first calls.',
    }),
    realism: createRealismSchema().optional().meta({
      description: 'How realistic simulated tools were shown to be, and have to be (docs/realism.md).',
    }),
    judge: createJudgeSchema().optional(),
    categories: z
      .array(createCategorySchema(graderConfig))
      .min(1, 'a gate without categories can decide nothing'),
    gate: createGateSchema().prefault({}),
    budget: createBudgetSchema().prefault({}),
    registrations: path
      .transform((folder) => folder.replace(/(?<=[^/])\/+$/, ''))
      .prefault('preregistration')
      .meta({ description: 'The folder of registrations.' }),
    registration: z.enum(['file', 'standing']).default('file').meta({
      description:
        '`file`: each candidate has a file of its own. `standing`: without one the gate registers “the same as the last release” by itself.',
    }),
    diagnoses: path
      .transform((folder) => folder.replace(/(?<=[^/])\/+$/, ''))
      .prefault('diagnoses')
      .meta({ description: 'The folder of diagnoses, by which people answer for a FAIL.' }),
    accept_diagnosis: z.enum(['base', 'owner-review']).default('base').meta({
      description:
        'Which diagnoses count: those on the base, or also one in the pull request that an owner of it (CODEOWNERS of the base) has approved there.',
    }),
    audits: path
      .transform((folder) => folder.replace(/(?<=[^/])\/+$/, ''))
      .prefault('audits')
      .meta({ description: 'The folder of what people said of flags, a file a run.' }),
    history: z.enum(['required', 'optional']).default('required').meta({
      description:
        '`required`: nothing passes on GitHub unless earlier attempts could be read and this one could be kept. `optional`: what could not be is said.',
    }),
    slices: z
      .array(z.string().min(1))
      .max(8)
      .default([])
      .meta({ description: "Keys of the conversations' metadata by which counts are kept." }),
    prices: createPricesSchema(),
    retain_text: z
      .enum(['none', 'artifact'])
      .default('none')
      .meta({ description: 'Whether completions are kept in the run directory.' }),
    retain_text_public: z
      .boolean()
      .default(false)
      .meta({ description: 'Allow `retain_text: artifact` on a public repository.' }),
  }).transform((written, context) => {
    const seen = new Set<string>()
    written.categories.forEach((category, index) => {
      if (seen.has(category.id)) {
        context.addIssue({
          code: 'custom',
          message: `two categories are called "${category.id}"`,
          path: ['categories', index, 'id'],
        })
      }
      seen.add(category.id)
    })
    const judged = written.categories.findIndex((category) =>
      (category.graders ?? [{ kind: 'judge', model: undefined }]).some(
        (grader) => grader.kind === 'judge' && grader.model === undefined,
      ),
    )
    if (judged >= 0 && written.judge === undefined) {
      context.addIssue({
        code: 'custom',
        message: 'this category is graded by a judge, and the policy has no `judge`: name its model',
        path: ['categories', judged],
      })
    }
    const policy = toPolicy(written)
    const conflict = describeBatchConflict(policy)
    if (conflict !== null) context.addIssue({ code: 'custom', message: conflict, path: ['replay', 'via'] })
    if (policy.realism !== null && policy.tools === null) {
      context.addIssue({
        code: 'custom',
        message:
          'no tool call is answered, so that there is nothing to be realistic: add `tools`, or leave this out',
        path: ['realism'],
      })
    }
    if (policy.tools !== null && policy.replay.via === 'batch') {
      context.addIssue({
        code: 'custom',
        message: "a batch can't answer tool calls: leave out `tools`, or ask live",
        path: ['replay', 'via'],
      })
    }
    const unpriced = describeUnpricedGraders(policy)
    if (unpriced !== null)
      context.addIssue({ code: 'custom', message: unpriced, path: ['budget', 'max_usd'] })
    for (const [index, { id, graders }] of policy.categories.entries()) {
      const own = graders.findIndex(({ endpoint }) => endpoint === 'baseline' || endpoint === 'candidate')
      if (own < 0) continue
      context.addIssue({
        code: 'custom',
        message: `category "${id}" is graded by the endpoint "${String(graders[own]?.endpoint)}": what serves a checkpoint must not judge it`,
        path: ['categories', index],
      })
    }
    return policy
  })
}

function createCategorySchema(graderConfig: z.ZodType<GraderConfig>) {
  return strictObject({
    id: identifier,
    role: z
      .enum(['block', 'watch'])
      .default('block')
      .meta({ description: '`watch` is shown and never blocks.' }),
    rubric: z
      .string()
      .min(1)
      .optional()
      .meta({ description: '`builtin`, `builtin:<id>` or the path of a rubric: short for one judge.' }),
    graders: z
      .array(graderConfig)
      .min(1)
      .optional()
      .meta({ description: 'Graders in order; each sees only what the earlier ones flagged.' }),
    regression: z.boolean().default(true).meta({
      description: 'Whether it blocks a candidate that is worse than the baseline.',
    }),
    limit: limitSchema.optional().meta({ description: 'The rate above which the candidate may not ship.' }),
    margin: marginSchema.optional().meta({
      description:
        'How much higher than the baseline’s the rate may be: passing then needs evidence that it is not higher by more.',
    }),
    calibration: path.optional().meta({
      description:
        'How often its graders err: the record of `checkpoint-gate calibrate`, counts of your own, or a labelled set (`.jsonl`) that every run grades itself.',
    }),
  }).transform((written, context) => {
    if ((written.rubric === undefined) === (written.graders === undefined)) {
      context.addIssue({
        code: 'custom',
        message: `category "${written.id}" needs either \`rubric\` or \`graders\``,
      })
      return z.NEVER
    }
    const { id, role, regression, limit, margin, calibration } = written
    if (role === 'block' && !regression && limit === undefined && margin === undefined) {
      context.addIssue({
        code: 'custom',
        message: `category "${id}" blocks and tests nothing: give it a limit or a margin, leave out \`regression: false\`, or set \`role: watch\``,
        path: ['regression'],
      })
    }
    return {
      id,
      role,
      regression,
      limitPer100k: limit ?? null,
      marginPer100k: margin ?? null,
      calibration: calibration ?? null,
      rubric: written.rubric,
      graders: written.graders,
    }
  })
}

function toPolicy(written: WrittenPolicy) {
  const judge = written.judge === undefined ? null : toJudge(written.judge)
  return {
    version: written.version,
    checkpoint: toCheckpoint(written.checkpoint),
    corpus: written.corpus,
    sample: {
      turns: written.sample.turns,
      epoch: written.sample.epoch,
      turnsPerConversation: written.sample.turns_per_conversation,
      strata: written.sample.strata,
      target: written.sample.target ?? null,
      smokeTurns: written.sample.smoke_turns,
    },
    replay: toReplay(written.replay),
    tools: written.tools === undefined ? null : toTools(written.tools),
    realism: written.realism === undefined ? null : toRealism(written.realism),
    judge,
    categories: written.categories.map(({ rubric, graders, ...category }) => ({
      ...category,
      graders: resolveGraders({ id: category.id, rubric, graders }, judge),
    })),
    gate: toGate(written.gate),
    budget: toBudget(written.budget),
    registrations: written.registrations,
    registration: written.registration,
    diagnoses: written.diagnoses,
    acceptDiagnosis: written.accept_diagnosis,
    audits: written.audits,
    history: written.history,
    slices: written.slices,
    prices: toPrices(written.prices),
    retainText: written.retain_text,
    retainTextPublic: written.retain_text_public,
  }
}

interface WrittenPolicy {
  version: 1
  checkpoint: z.infer<ReturnType<typeof createCheckpointSchema>>
  corpus: { manifest: string }
  sample: z.infer<ReturnType<typeof createSampleSchema>>
  replay: z.infer<ReturnType<typeof createReplaySchema>>
  tools?: z.infer<ReturnType<typeof createToolsSchema>> | undefined
  realism?: z.infer<ReturnType<typeof createRealismSchema>> | undefined
  judge?: z.infer<ReturnType<typeof createJudgeSchema>> | undefined
  categories: z.infer<ReturnType<typeof createCategorySchema>>[]
  gate: z.infer<ReturnType<typeof createGateSchema>>
  budget: z.infer<ReturnType<typeof createBudgetSchema>>
  registrations: string
  registration: 'file' | 'standing'
  diagnoses: string
  accept_diagnosis: 'base' | 'owner-review'
  audits: string
  history: 'required' | 'optional'
  slices: string[]
  prices: z.infer<ReturnType<typeof createPricesSchema>>
  retain_text: 'none' | 'artifact'
  retain_text_public: boolean
}

/** The policy: what is measured, how, and what may ship. Rates per 100,000 turns, times in milliseconds. */
export type Policy = z.infer<ReturnType<typeof createPolicySchema>>
/** One category of the policy. */
export type CategoryPolicy = Policy['categories'][number]
