import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Conversation, Message, Tool } from '../../src/corpus/conversation.ts'
import { isScript, readFolders, readJson } from './read-source.ts'
import { writeCorpus } from './write-corpus.ts'

const fields = z.record(z.string(), z.string())

/** One dialogue of test_….json. A system's turn may have called a service before it speaks. */
export const dialogueSchema = z.object({
  dialogue_id: z.string().min(1),
  services: z.array(z.string()),
  turns: z.array(
    z.object({
      speaker: z.enum(['USER', 'SYSTEM']),
      utterance: z.string(),
      frames: z.array(
        z.object({
          service: z.string(),
          service_call: z.object({ method: z.string(), parameters: fields }).optional(),
          service_results: z.array(fields).optional(),
        }),
      ),
    }),
  ),
})
export type Dialogue = z.infer<typeof dialogueSchema>

/** One service of schema.json: its slots, and the intents that a call may have. */
export const serviceSchema = z.object({
  service_name: z.string().min(1),
  slots: z.array(
    z.object({
      name: z.string(),
      description: z.string(),
      is_categorical: z.boolean(),
      possible_values: z.array(z.string()),
    }),
  ),
  intents: z.array(
    z.object({
      name: z.string(),
      description: z.string(),
      is_transactional: z.boolean(),
      required_slots: z.array(z.string()),
      optional_slots: fields,
    }),
  ),
})
export type Service = z.infer<typeof serviceSchema>

/** The functions of a service, `<service>_<intent>` by name: two services may have the same intent. */
export function convertService({ service_name: service, slots, intents }: Service): Tool[] {
  return intents.map((intent) => {
    const names = [...intent.required_slots, ...Object.keys(intent.optional_slots)]
    const properties = slots
      .filter(({ name }) => names.includes(name))
      .map(({ name, description, is_categorical: isCategorical, possible_values: values }) => {
        const known = isCategorical && values.length > 0 ? { enum: values } : {}
        return [name, { type: 'string', description, ...known }] as const
      })
    return {
      type: 'function',
      function: {
        name: nameTool(service, intent.name),
        description: intent.description,
        parameters: {
          type: 'object',
          properties: Object.fromEntries(properties),
          required: intent.required_slots,
        },
      },
    }
  })
}

/**
 * The dialogues of one file as conversations: each call of a service with its results, as JSON, before what the system
 * then says. `file` goes into the metadata.
 */
export function convertSgd(source: {
  dialogues: readonly Dialogue[]
  services: readonly Service[]
  file: string
}): Conversation[] {
  const { dialogues, services, file } = source
  const tools = new Map(services.map((service) => [service.service_name, convertService(service)]))
  return dialogues.map((dialogue) => ({
    id: `sgd-${dialogue.dialogue_id}`,
    messages: listMessages(dialogue),
    tools: dialogue.services.flatMap((service) => tools.get(service) ?? []),
    metadata: { dataset: 'sgd-test', file },
  }))
}

function listMessages({ turns }: Dialogue): Message[] {
  return turns.flatMap(({ speaker, utterance, frames }, turn): Message[] => [
    ...frames.flatMap(({ service, service_call: call, service_results: results }): Message[] => {
      if (call === undefined) return []
      const id = `call-${turn}`
      const written = JSON.stringify(call.parameters)
      const made = { name: nameTool(service, call.method), arguments: written }
      return [
        { role: 'assistant', tool_calls: [{ id, type: 'function', function: made }] },
        { role: 'tool', tool_call_id: id, content: JSON.stringify(results ?? []) },
      ]
    }),
    { role: speaker === 'USER' ? 'user' : 'assistant', content: utterance },
  ])
}

function nameTool(service: string, intent: string): string {
  return `${service}_${intent}`
}

async function main(folders: { source: string; output: string }): Promise<void> {
  const read = (name: string) => join(folders.source, name)
  const services = await readJson({ path: read('schema.json'), schema: z.array(serviceSchema) })
  const files = (await readdir(folders.source)).filter((name) => /^test_\d+\.json$/.test(name)).toSorted()
  const conversations: Conversation[] = []
  for (const name of files) {
    const dialogues = await readJson({ path: read(name), schema: z.array(dialogueSchema) })
    conversations.push(...convertSgd({ dialogues, services, file: name.replace('.json', '') }))
  }
  await writeCorpus({ folder: folders.output, name: 'sgd-test', conversations })
  console.log(`${conversations.length} conversations of ${files.length} files in ${folders.output}`)
}

if (isScript(import.meta.filename)) await main(readFolders(process.argv))
