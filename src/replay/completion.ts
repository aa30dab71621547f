import { z } from 'zod'
import type { Message, Tool, ToolCall } from '../corpus/conversation.ts'
import { type ToolEnvironment, toolEnvironments } from '../policy/tools-policy.ts'
import type { Allowance } from './rate-limits.ts'

/** One request for one assistant turn, or for one judgement. */
export interface ChatRequest {
  /** The turn id for an arm; `<turn id>|<arm>|<category>` for a judge. Names the answer in a recording. */
  customId: string
  model: string
  /** The API that it is asked through: chat completions where it is left out. */
  api?: 'responses' | undefined
  messages: Message[]
  tools?: Tool[] | undefined
  temperature?: number | undefined
  maxTokens?: number | undefined
  responseFormat?: { name: string; schema: Record<string, unknown> } | undefined
  /** The header of the answer that says what served it. */
  digestHeader?: string | undefined
}

/** A request, or what writes it when it is its turn: until then what waits to be asked holds none of its text. */
export type ChatAsked = ChatRequest | (() => ChatRequest)

/** The request itself. */
export function writeRequest(asked: ChatAsked): ChatRequest {
  return typeof asked === 'function' ? asked() : asked
}

/** One request to an endpoint that scores texts. */
export interface PostRequest {
  /** `<turn id>|<arm>|<category>`: names the answer in a recording. */
  customId: string
  /** Under the endpoint's address, such as `/moderations`. */
  path: string
  body: Record<string, unknown>
}

export const usageSchema = z.strictObject({ promptTokens: z.int().min(0), completionTokens: z.int().min(0) })

/** Tokens of one request, or of many. */
export type Usage = z.infer<typeof usageSchema>

/**
 * Why a request has no completion. The first group are transport failures, which say nothing about the
 * model and are tried again in a final pass; the second are answers, which say the same each time.
 */
export const transportCauses = [
  'connection-refused',
  'connection-lost',
  'timeout',
  'rate-limited',
  'server-error',
  'unreadable-answer',
  'not-returned',
  'shard-lost',
  'simulator-failed',
] as const
export const answerCauses = [
  'unauthorized',
  'not-found',
  'bad-request',
  'empty-choices',
  'empty-answer',
  'not-recorded',
] as const

export const failureCauseSchema = z.enum([...transportCauses, ...answerCauses])
/** Why a request has no completion. */
export type FailureCause = z.infer<typeof failureCauseSchema>

/** Where the answer to a tool call can come from, in a replay that touches nothing. */
export const toolSources = toolEnvironments
export type ToolSource = ToolEnvironment

/** Why a call could not have been carried out by the tool itself. */
export const callDefects = ['invalid-json', 'unknown-tool', 'invalid-arguments'] as const
export type CallDefect = (typeof callDefects)[number]

/** What a tool call was answered with in a replay. */
export interface ToolResult {
  callId: string
  text: string
  isError: boolean
  source: ToolSource
  defect?: CallDefect | undefined
  /** It was longer than policy lets a result be. */
  isCut?: true | undefined
}

/** One answer of a model that called tools, and the results that it was given, in the order of the calls. */
export interface Step {
  text: string
  reasoning: string | null
  toolCalls: ToolCall[]
  results: ToolResult[]
}

/** An answer. A refusal, or an answer cut short, is a completion like any other. */
export interface Completed {
  kind: 'completed'
  /** The model that the endpoint says it was; `null` where it names none. */
  model: string | null
  text: string
  /** What the model thought before it answered, where the endpoint shows it. */
  reasoning: string | null
  toolCalls: ToolCall[]
  refusal: string | null
  finishReason: string
  usage: Usage | null
  systemFingerprint: string | null
  /** What the header that was asked for says; absent where none was asked for. */
  servedDigest?: string | null
  /** The steps before this answer, where its tool calls were answered; absent where policy has no tools answer. */
  steps?: readonly Step[]
}

/** A request that has no answer. */
export interface Failed {
  kind: 'failed'
  cause: FailureCause
  /** For people; free of secrets, not free of untrusted text. */
  detail: string
  /** How long the endpoint asked to wait, where it did. */
  retryAfterMs: number | null
  /** It says that it has too much to do (503, 529): no defect, but a wish that less is asked. */
  overloaded?: true
}

/** What passes between a client and its caller while one request is asked. */
export interface Exchange {
  /** Whether the same request may be sent in another form, at once: it is one more. Waits while the host is paused. */
  mayAskAgain(): Promise<boolean>
  /** What the headers of an answer say of what is left. */
  heard(allowances: readonly Allowance[]): void
}

/**
 * Why a run ended before every turn was asked. `job-limit`: the job that it ran in was about to be ended; `batch-under-way`:
 * its time was over while a batch went on, which the next run takes up; `batch-cancelled`: somebody else has cancelled one; `decided`: what was asked decides.
 */
export const stopReasonSchema = z.enum([
  'max-requests',
  'max-minutes',
  'max-tokens',
  'max-usd',
  'job-limit',
  'batch-under-way',
  'batch-cancelled',
  'endpoint-down',
  'cancelled',
  'decided',
])
export const notAskedSchema = z.strictObject({ kind: z.literal('not-asked'), reason: stopReasonSchema })

/** A request that was never sent. */
export type NotAsked = z.infer<typeof notAskedSchema>
/** What came back from an endpoint that is no model of chat: the body of its answer, as JSON. */
export interface Posted {
  kind: 'posted'
  body: unknown
}

/** What came back for a request. */
export type Completion = Completed | Failed | NotAsked

/** Whether a failure says nothing about the model. */
export function isTransportFailure(completion: Completion | Posted): completion is Failed {
  return completion.kind === 'failed' && (transportCauses as readonly string[]).includes(completion.cause)
}
