import { z } from 'zod'
import { labelSchema } from '../grade/label.ts'
import { prescreenSchema } from '../grade/prescreen.ts'
import { type KnownOutcome, knownOutcomeSchema, trailSchema } from '../grade/trail.ts'
import { graderUseSchema } from '../grade/usage.ts'
import { planPartsSchema } from '../plan/parts.ts'
import { planSchema } from '../plan/plan.ts'
import { policyChangeSchema } from '../policy/change.ts'
import { failureCauseSchema, notAskedSchema, stopReasonSchema, usageSchema } from '../replay/completion.ts'
import { probeSchema } from '../replay/probe.ts'
import { acceptanceSchema, recordHistorySchema } from './history.ts'
import type { OutcomeLines } from './outcome-table.ts'
import type { Prescreened } from './prescreened.ts'
import { measuredSchema, reusedFromSchema, reusedSchema } from './reused.ts'
import { answeredCallsSchema, stepSchema, toolCallSchema, trajectorySchema } from './trajectory.ts'

const armSchema = z.enum(['baseline', 'candidate'])
const completionSummarySchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('completed'),
    /** The model that the endpoint says it was; `null` where it names none. */
    model: z.string().nullable(),
    finishReason: z.string(),
    systemFingerprint: z.string().nullable(),
    /** What the header says that policy names; absent where it names none. */
    servedDigest: z.string().nullable().optional(),
    usage: usageSchema.nullable(),
    /** Of the text, in UTF-16 units. */
    characters: z.int().min(0),
    refused: z.boolean(),
    /** How many tools were called. Their names are text of the completion too. */
    toolCalls: z.int().min(0),
    /** `null` unless policy keeps text. */
    content: z
      .strictObject({
        text: z.string(),
        reasoning: z.string().nullable(),
        refusal: z.string().nullable(),
        toolCalls: z.array(toolCallSchema),
        /** Of a trajectory: what came before the last answer. */
        steps: z.array(stepSchema).optional(),
      })
      .nullable(),
    /** Where its tool calls were answered; absent where policy has no tools answer. */
    trajectory: trajectorySchema.optional(),
  }),
  z.strictObject({ kind: z.literal('failed'), cause: failureCauseSchema }),
  notAskedSchema,
])
/** What is kept of a completion. */
export type CompletionSummary = z.infer<typeof completionSummarySchema>

/** A line of `journal.jsonl`: one turn of one arm, measured to the end. */
export const recordedUnitSchema = z.strictObject({
  turn: z.string(),
  arm: armSchema,
  completion: completionSummarySchema,
  labels: z.record(z.string(), labelSchema),
  trails: z.record(z.string(), trailSchema),
  prescreens: z.array(prescreenSchema),
  uses: z.array(graderUseSchema),
  /** Of the baseline alone, where policy lets later runs reuse it. */
  measured: measuredSchema.optional(),
})
export type RecordedUnit = z.infer<typeof recordedUnitSchema>

/** A line of `journal.jsonl`: one known item, graded in the run. */
export const recordedKnownSchema = z.strictObject({
  known: z.string(),
  outcomes: z.array(knownOutcomeSchema),
  uses: z.array(graderUseSchema),
})
export type RecordedKnown = z.infer<typeof recordedKnownSchema>

/** A line of `journal.jsonl`: what an arm's endpoint said that it serves. */
export const recordedProbeSchema = z.strictObject({ probe: armSchema, result: probeSchema })
export type RecordedProbe = z.infer<typeof recordedProbeSchema>

/** A line of `turns.jsonl`: one drawn turn. */
export const turnLineSchema = z.strictObject({
  turn: z.string(),
  conversation: z.string(),
  // Weights are summed and squared: what is far beyond any draw's would not fit into a number.
  weight: z.number().gt(0).lt(1e100),
  /** The part of a divided draw; `null` when it is not divided. */
  stratum: z.string().nullable(),
  slice: z.record(z.string(), z.string()),
})
export type TurnLine = z.infer<typeof turnLineSchema>

/** A line of `outcomes.jsonl`: one turn of one arm in one category. */
export const outcomeLineSchema = z.strictObject({
  turn: z.string(),
  arm: armSchema,
  category: z.string(),
  label: labelSchema,
  /** Where more than one answer led to the label, or was asked beside it. */
  trail: trailSchema.optional(),
})
export type OutcomeLine = z.infer<typeof outcomeLineSchema>

/** A line of `audits.jsonl`: what a person says of a turn that was labelled `present`. */
export const auditLineSchema = z.strictObject({
  turn: z.string(),
  arm: armSchema,
  category: z.string(),
  present: z.boolean(),
})
export type AuditLine = z.infer<typeof auditLineSchema>

/** A line of `completions.jsonl`: what came back for one turn of one arm; its text only where policy allows. */
export const completionLineSchema = z.strictObject({
  turn: z.string(),
  arm: armSchema,
  completion: completionSummarySchema,
  /** Why it was not left to one opinion of a judge; absent where nothing was found. */
  prescreens: z.array(prescreenSchema).optional(),
  /** Which run has asked for it, where it was another one. */
  reused: reusedFromSchema.optional(),
})
export type CompletionLine = z.infer<typeof completionLineSchema>

const signalsSchema = z.strictObject({
  completions: z.int().min(0),
  refusals: z.int().min(0),
  toolCalls: z.int().min(0),
  finishReasons: z.record(z.string(), z.int().min(0)),
  charactersMedian: z.number().min(0).nullable(),
})
/** What an arm's completions look like, without any judge; shown, never decides. */
export type Signals = z.infer<typeof signalsSchema>

/** Where completions come from. */
export const sourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('live') }),
  z.strictObject({ kind: z.literal('recorded'), sha256: z.string() }),
])

const armIdentitySchema = z.strictObject({
  /** Completions whose answers named no model. */
  unnamed: z.int().min(0),
  /** How many completions came with which digest in the header that policy names. */
  digests: z.record(z.string(), z.int()),
  /** Completions that came without it; 0 where policy names no header. */
  undigested: z.int().min(0),
  /** What the endpoint said that it serves, before the first request and after the last one of each part of the run. */
  probes: z.array(probeSchema),
})
/** What says which checkpoint answered, beside the models that the answers name. */
export type ArmIdentity = z.infer<typeof armIdentitySchema>

const armRecordSchema = z.strictObject({
  source: sourceSchema,
  /** How many completions came from which model, as the endpoint named it. */
  models: z.record(z.string(), z.int()),
  /** What else says which checkpoint answered. */
  identity: armIdentitySchema,
  systemFingerprints: z.record(z.string(), z.int()),
  signals: signalsSchema,
  /** What tool calls were answered with, in all trajectories together; absent where policy has no tools answer. */
  answered: z.array(answeredCallsSchema).optional(),
  /** Of what this run has asked for. */
  usage: usageSchema,
  /** Of the baseline alone: what of it earlier runs have asked for; absent unless policy lets it be reused. */
  reused: reusedSchema.optional(),
})

/** `record.json`: everything measured that is not a line of one of the other files, before any policy is applied. */
export const recordSummarySchema = z.strictObject({
  version: z.literal(1),
  plan: planSchema,
  planDigest: z.string(),
  /** The digests of the plan's parts. */
  planParts: planPartsSchema,
  gateVersion: z.string(),
  run: z.strictObject({
    attempt: z.int().min(1),
    id: z.string().nullable(),
    event: z.string(),
    /** `smoke`: only the first turns of the draw were asked. */
    tier: z.enum(['smoke', 'release']),
  }),
  commits: z.strictObject({
    policy: z.string(),
    baseline: z.string(),
    candidate: z.string(),
    /** `none`: policy and registration were taken as they were given. */
    trustAnchor: z.enum(['base', 'none']),
    /** What the change under test would change of the policy; after the merge, but for what is `applied`. */
    policyChanges: z.array(policyChangeSchema),
    /** Where the registration is: one that is only in a work tree can still be changed after the results. */
    registration: z.enum(['commit', 'work-tree']),
  }),
  sample: z.strictObject({
    turnsAsked: z.int(),
    turnsDrawn: z.int(),
    conversations: z.int(),
    turnsEligible: z.int(),
    conversationsExpired: z.int(),
    conversationsErased: z.int(),
    conversationsWithoutConsent: z.int(),
    /** Kish's effective number of turns, (Σw)²/Σw². */
    effectiveTurns: z.number(),
    /** Of the conversations, by their share of the weight. */
    effectiveConversations: z.number(),
    /** Kish's: how many turns are worth one of an equally weighted draw. */
    designEffect: z.number(),
    strata: z.array(
      z.strictObject({
        name: z.string(),
        turnsEligible: z.int(),
        conversations: z.int(),
        drawn: z.int(),
        /** Of the traffic. */
        share: z.number(),
        /** Of all weight. */
        weightShare: z.number(),
      }),
    ),
    /** Strata of the target mix of which the corpus has nothing. */
    uncovered: z.array(z.strictObject({ name: z.string(), share: z.number() })),
  }),
  arms: z.strictObject({ baseline: armRecordSchema, candidate: armRecordSchema }),
  /** The endpoints and models that labelled, in the order of their names. */
  graders: z.array(graderUseSchema.extend({ source: sourceSchema })),
  cost: z.strictObject({
    /** `null` when a price is not known. */
    usd: z.number().nullable(),
    requests: z.int(),
  }),
  timing: z.strictObject({ startedAt: z.string(), elapsedMs: z.number() }),
  /** Why turns were not asked, if any were not. */
  stopped: stopReasonSchema.nullable(),
  /** Why the run could not end early by its results; `null` when it could. */
  earlyStoppingOff: z.string().nullable(),
  /** Whether the completions' text was kept, so that people can read what was flagged. */
  retainText: z.enum(['none', 'artifact']),
  history: recordHistorySchema,
  /** Who answers for its FAIL; `null` where nobody does. */
  accepted: acceptanceSchema.nullable(),
})
export type RecordSummary = z.infer<typeof recordSummarySchema>

/** What is done with the completions of a run. An array of lines is one. */
export interface CompletionLines extends Iterable<CompletionLine> {
  readonly length: number
  /** Where it is known without going through all, which may have to be read from disk for it. */
  readonly prescreened?: Prescreened
}

/** Everything measured. */
export interface RunRecord {
  summary: RecordSummary
  turns: TurnLine[]
  outcomes: OutcomeLines
  completions: CompletionLines
  /** The labels of controls, and of labelled sets that were graded in the run. */
  known: KnownOutcome[]
  /** What people said of flags; empty as a run writes it. */
  audits: AuditLine[]
}

/** The names of a run directory's files. */
export const runFiles = {
  journal: 'journal.jsonl',
  record: 'record.json',
  turns: 'turns.jsonl',
  outcomes: 'outcomes.jsonl',
  completions: 'completions.jsonl',
  known: 'known.jsonl',
  audits: 'audits.jsonl',
  verdict: 'verdict.json',
  comment: 'comment.md',
  summary: 'summary.md',
  report: 'report.html',
  review: 'review.csv',
  predicate: 'predicate.json',
  shard: 'shard.json',
} as const
