import { join } from 'node:path'
import { z } from 'zod'
import type { LabelledItem } from '../../src/grade/labelled-set.ts'
import { isScript, readFolders, readJson } from './read-source.ts'
import { writeJsonLines } from './write-corpus.ts'

type Message = LabelledItem['messages'][number]

const callSchema = z.record(z.string(), z.record(z.string(), z.unknown()))
const stepSchema = z.union([
  z.strictObject({ role: z.enum(['agent', 'user']), text: z.string() }),
  z.strictObject({ role: z.literal('agent'), api: callSchema }),
  z.strictObject({ role: z.literal('api'), response: callSchema }),
])
type Step = z.infer<typeof stepSchema>

/** JSON within JSON, as the file has it. */
const nested = <Value>(schema: z.ZodType<Value>) =>
  z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(schema)

/** One example of reward_06.json: an agent's next step, and whether people called it right. */
export const rewardSchema = z.object({
  conversation_id: z.string().min(1),
  context: nested(z.array(stepSchema)),
  generation: nested(stepSchema),
  reward: z.union([z.literal(0), z.literal(1)]),
})
export type Reward = z.infer<typeof rewardSchema>

/** One dialog of data_*.json: calls and results stand as annotations beside what was said before them. */
export const dialogSchema = z.object({
  conversation_id: z.string().min(1),
  utterances: z.array(
    z.object({
      speaker: z.enum(['user', 'assistant']),
      text: z.string(),
      annotations: z.array(
        z.object({
          name: z.enum(['api_call', 'request', 'api_response', 'response']),
          value: z.string(),
        }),
      ),
    }),
  ),
})
export type Dialog = z.infer<typeof dialogSchema>

/** The category of the rewards: the agent's next step, whatever it is, is not the right one. */
export const wrongStep = 'wrong-step'
/** The category of the dialogs: the agent says that the order is being made, and it was never sent. */
export const neverSent = 'order-never-sent'
const sendingTool = 'finish_order'

// The interface answers a call that names no function with `invalid_intent`; a call in a chat needs a name.
const namelessCall = 'invalid_intent'

/** Gives the messages of a conversation one after the other, each call with an id of its own. */
export function createTranscript() {
  const messages: Message[] = []
  let calls = 0
  const nameCall = () => `call-${calls}`
  return {
    messages,
    say: (role: 'user' | 'assistant', content: string) => messages.push({ role, content }),
    makeCall(tool: string, written: string) {
      calls += 1
      const call = { name: tool || namelessCall, arguments: written }
      return { id: nameCall(), type: 'function' as const, function: call }
    },
    answer: (content: string) => messages.push({ role: 'tool', content, tool_call_id: nameCall() }),
  }
}

/**
 * The examples as a labelled set: reward 0 is present. Left out are those that repeat another one, and those without
 * any context, which no turn can have.
 */
export function labelRewards(rewards: readonly Reward[]): LabelledItem[] {
  const items = rewards.flatMap(({ conversation_id: id, context, generation, reward }): LabelledItem[] => {
    if (context.length === 0) return []
    const { messages, say, makeCall, answer } = createTranscript()
    const readCalls = (step: Step) =>
      'api' in step
        ? Object.entries(step.api).map(([tool, written]) => makeCall(tool, JSON.stringify(written)))
        : []
    for (const step of context) {
      if ('text' in step) say(step.role === 'user' ? 'user' : 'assistant', step.text)
      else if ('api' in step) messages.push({ role: 'assistant', tool_calls: readCalls(step) })
      else for (const response of Object.values(step.response)) answer(JSON.stringify(response))
    }
    const content = 'text' in generation ? { content: generation.text } : {}
    const calls = readCalls(generation)
    return [
      {
        id,
        labels: { [wrongStep]: reward === 0 ? 'present' : 'absent' },
        messages,
        completion: { ...content, ...(calls.length === 0 ? {} : { tool_calls: calls }) },
        chosen: 'random',
      },
    ]
  })
  return dropRepeated(items)
}

/**
 * Every reply of the dialogs as a labelled set: absent, as the order was sent, or as the reply comes before and asks
 * whether it may be. The replies after an order was sent stand in it a second time with that call taken out of the
 * conversation: positives that were made, not found.
 */
export function labelOrders(dialogs: readonly Dialog[]): LabelledItem[] {
  const items = dialogs.flatMap((dialog) => [
    ...listReplies(dialog, false).map((item) => ({ ...item, labels: { [neverSent]: 'absent' as const } })),
    ...listReplies(dialog, true).map((item) => ({ ...item, labels: { [neverSent]: 'present' as const } })),
  ])
  return dropRepeated(items)
}

function listReplies(
  { conversation_id: id, utterances }: Dialog,
  withoutSending: boolean,
): Omit<LabelledItem, 'labels'>[] {
  const replies: Omit<LabelledItem, 'labels'>[] = []
  const { messages, say, makeCall, answer } = createTranscript()
  let wasSent = false
  for (const [index, { speaker, text, annotations }] of utterances.entries()) {
    if (speaker === 'assistant' && messages.length > 0 && (wasSent || !withoutSending))
      replies.push({
        id: `${id}.${index}${withoutSending ? '.unsent' : wasSent ? '.sent' : ''}`,
        messages: [...messages],
        completion: { content: text },
        source: withoutSending ? 'perturbed' : wasSent ? 'sent' : 'before',
        chosen: withoutSending ? 'written' : 'random',
      })
    say(speaker, text)
    for (const call of readCalls(annotations)) {
      const isSending = call.tool === sendingTool
      wasSent ||= isSending
      if (withoutSending && isSending) continue
      messages.push({ role: 'assistant', tool_calls: [makeCall(call.tool, call.request)] })
      answer(call.response)
    }
  }
  return replies
}

/** The calls beside an utterance. Of a call: its tool, its request unless it has none, the tool again, and the response. */
export function readCalls(annotations: Dialog['utterances'][number]['annotations']) {
  const calls: { tool: string; request: string; response: string }[] = []
  for (const { name, value } of annotations) {
    if (name === 'api_call') calls.push({ tool: value, request: '{}', response: '' })
    const call = calls.at(-1)
    if (call === undefined) throw new Error(`"${name}" stands before any call`)
    if (name === 'request' || name === 'response') call[name] = value
  }
  return calls
}

function dropRepeated(items: LabelledItem[]): LabelledItem[] {
  const seen = new Set<string>()
  return items.filter(({ messages, completion }) => {
    const text = JSON.stringify([messages, completion])
    const isNew = !seen.has(text)
    seen.add(text)
    return isNew
  })
}

async function main(folders: { source: string; output: string }): Promise<void> {
  const read = (path: string) => join(folders.source, path)
  const folder = folders.output
  const rewards = await readJson({
    path: read('tm4_reward/reward_06.json'),
    schema: z.array(rewardSchema),
  })
  const values = labelRewards(rewards)
  await writeJsonLines({ folder, name: 'rewards.jsonl', values })
  console.log(`${values.length} of ${rewards.length} rewarded steps in ${folder}`)
  for (const name of ['data_00', 'data_07']) {
    const dialogs = await readJson({ path: read(`tm4/${name}.json`), schema: z.array(dialogSchema) })
    const replies = labelOrders(dialogs)
    await writeJsonLines({ folder, name: `${name}.jsonl`, values: replies })
    console.log(`${replies.length} replies of ${dialogs.length} dialogs in ${folder}`)
  }
}

if (isScript(import.meta.filename)) await main(readFolders(process.argv))
