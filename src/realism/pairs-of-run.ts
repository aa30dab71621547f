import { createHash } from 'node:crypto'
import { addReason } from '../calibrate/pick.ts'
import type { Conversation, Message, ToolCall } from '../corpus/conversation.ts'
import { parseManifest } from '../corpus/manifest.ts'
import { readCorpus } from '../corpus/read.ts'
import { GateError } from '../errors.ts'
import { digestTools } from '../plan/tools.ts'
import type { Arm, Files } from '../ports.ts'
import type { RunRecord } from '../record/schema.ts'
import type { Step } from '../replay/completion.ts'
import type { RealismPair } from './pair.ts'

/** What a run keeps of a completion where policy keeps text. */
export interface KeptContent {
  text: string
  refusal: string | null
  toolCalls: readonly ToolCall[]
  /** Steps before the last answer; none where no tools were answered. */
  steps?: readonly Pick<Step, 'text' | 'toolCalls' | 'results'>[] | undefined
}

/** The pairs of a run, and how many of its turns make none for which reason. */
export interface RunPairs {
  pairs: RealismPair[]
  leftOut: Map<string, number>
}

/**
 * Pairs of one arm of a run with its corpus: what production did from each drawn turn on beside what the arm did there. The
 * baseline is the model that production had, so that only the simulation differs; a candidate differs by itself, too.
 * @throws GateError for a run that kept no text, for another corpus than the run's, and where no turn makes a pair
 */
export async function listRunPairs(request: {
  record: RunRecord
  arm: Arm
  manifest: { file: string; text: string }
  files: Files
  now: Date
}): Promise<RunPairs> {
  const { record, arm, now } = request
  requireText(record)
  const conversations = await readConversations(request)
  const completions = new Map(
    [...record.completions].filter((line) => line.arm === arm).map((line) => [line.turn, line.completion]),
  )
  const { tools } = record.summary.plan.policy
  const of = tools === undefined ? {} : { of: digestTools(tools) }
  const pairs: RealismPair[] = []
  const leftOut = new Map<string, number>()
  for (const { turn, conversation: id } of record.turns) {
    const completion = completions.get(turn)
    const conversation = conversations.get(id)
    if (completion?.kind !== 'completed' || completion.content === null)
      addReason(leftOut, 'without a completion')
    else if (conversation === undefined) addReason(leftOut, 'no longer in the corpus')
    else if (isExpired(conversation, now)) addReason(leftOut, 'expired since')
    else {
      const pair = { ...makePair({ conversation, turn, content: completion.content }), ...of }
      if (hasResults(pair)) pairs.push(pair)
      // Where neither side called a tool, nothing is simulated: such turns would make any simulation look real.
      else addReason(leftOut, 'without a tool result')
    }
  }
  if (pairs.length === 0) throw refuseNone(leftOut, arm)
  return { pairs, leftOut }
}

function hasResults({ real, simulated }: RealismPair): boolean {
  return [...real, ...simulated].some(({ role }) => role === 'tool')
}

/** One turn of a conversation beside its replay. `turn` is `<conversation id>#<message index>`. */
export function makePair(parts: {
  conversation: Conversation
  turn: string
  content: KeptContent
}): RealismPair {
  const { conversation, turn, content } = parts
  const index = Number(turn.slice(turn.lastIndexOf('#') + 1))
  const { messages, tools } = conversation
  const sources = (content.steps ?? []).flatMap(({ results }) =>
    results.map(({ callId, source }) => [callId, source] as const),
  )
  return {
    id: turn,
    conversation: conversation.id,
    prefix: messages.slice(0, index),
    ...(tools === undefined ? {} : { tools }),
    real: takeRollout(messages, index),
    simulated: unfold(content),
    ...(sources.length === 0 ? {} : { sources: Object.fromEntries(sources) }),
  }
}

/** The messages from an assistant's on, to the next of a user or the end. */
export function takeRollout(messages: readonly Message[], index: number): Message[] {
  const after = messages.slice(index)
  const end = after.findIndex(({ role }) => role !== 'assistant' && role !== 'tool')
  return end < 0 ? after : after.slice(0, end)
}

/** The messages of a trajectory, as a log of it would have them. */
function unfold({ text, refusal, toolCalls, steps = [] }: KeptContent): Message[] {
  const say = (own: { text: string; toolCalls: readonly ToolCall[] }, refused: string | null): Message => ({
    role: 'assistant',
    content: own.text === '' ? null : own.text,
    ...(refused === null ? {} : { refusal: refused }),
    ...(own.toolCalls.length === 0 ? {} : { tool_calls: [...own.toolCalls] }),
  })
  return [
    ...steps.flatMap((step): Message[] => [
      say(step, null),
      ...step.results.map(
        ({ callId, text: result }): Message => ({ role: 'tool', content: result, tool_call_id: callId }),
      ),
    ]),
    say({ text, toolCalls }, refusal),
  ]
}

async function readConversations(
  request: Parameters<typeof listRunPairs>[0],
): Promise<Map<string, Conversation>> {
  const { record, manifest, files } = request
  const digest = createHash('sha256').update(manifest.text).digest('hex')
  if (digest !== record.summary.plan.corpus.manifestSha256) {
    throw new GateError({
      code: 'corpus',
      message: 'the corpus is not the one that the run drew from: its manifest is another',
      where: { file: manifest.file },
      remedy: 'give the repository and the corpus as they were in that run (--dir, --corpus-dir)',
    })
  }
  const wanted = new Set(record.turns.map(({ conversation }) => conversation))
  const found = new Map<string, Conversation>()
  for await (const conversation of readCorpus(parseManifest(manifest), files))
    if (wanted.has(conversation.id)) found.set(conversation.id, conversation)
  return found
}

function isExpired({ expires_at: at }: Conversation, now: Date): boolean {
  return at !== undefined && new Date(at) <= now
}

function requireText({ summary }: RunRecord): void {
  if (summary.retainText === 'artifact') return
  throw new GateError({
    code: 'record',
    message: 'the run kept no text, so that there is nothing to compare',
    remedy: 'set `retain_text: artifact` in the policy (docs/policy.md) and run the gate again',
  })
}

function refuseNone(leftOut: ReadonlyMap<string, number>, arm: Arm): GateError {
  const reasons = [...leftOut].map(([reason, count]) => `${reason}: ${count}`)
  return new GateError({
    code: 'record',
    message: `no turn of the ${arm} makes a pair (${reasons.join(', ')})`,
    remedy: 'name a run whose answers are there, with its corpus as it was then',
  })
}
