import { join } from 'node:path'
import { z } from 'zod'
import type { Conversation, Message, Tool } from '../../src/corpus/conversation.ts'
import { isScript, readFolders, readJsonLines } from './read-source.ts'
import { writeCorpus } from './write-corpus.ts'

/** One line of BFCL_v4_irrelevance.json or BFCL_v4_live_simple.json: what is said, and the function that is offered. */
export const questionSchema = z.object({
  id: z.string().min(1),
  question: z.tuple([z.array(z.object({ role: z.enum(['system', 'user']), content: z.string() })).min(1)]),
  function: z
    .array(
      z.object({
        name: z.string(),
        description: z.string(),
        parameters: z.record(z.string(), z.unknown()),
      }),
    )
    .min(1),
})
export type Question = z.infer<typeof questionSchema>

/** One line of possible_answer_….json: of each argument the values that are right; "" or none at all stands for leaving it out. */
export const answerSchema = z.object({
  id: z.string().min(1),
  ground_truth: z.tuple([z.record(z.string(), z.record(z.string(), z.array(z.unknown())))]),
})
export type Answer = z.infer<typeof answerSchema>

const schemaTypes: Record<string, string> = { dict: 'object', float: 'number', tuple: 'array' }

/** JSON Schema has no `dict`, `float` and `tuple`, and no `any`. */
function convertSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convertSchema)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([key, each]) => key !== 'type' || each !== 'any')
  return Object.fromEntries(
    entries.map(([key, each]) => [
      key,
      key === 'type' && typeof each === 'string' ? (schemaTypes[each] ?? each) : convertSchema(each),
    ]),
  )
}

/** Names of functions with dots are none to chat APIs. */
function nameTool(name: string): string {
  return name.replaceAll('.', '_')
}

function convertFunction({ name, description, parameters }: Question['function'][number]): Tool {
  const converted = convertSchema(parameters) as Record<string, unknown>
  return { type: 'function', function: { name: nameTool(name), description, parameters: converted } }
}

/**
 * The questions as conversations with one turn: the right call, of each argument the first value that is right; where none
 * is right (`irrelevance`) a text that says so. Nothing here was said by a model, and no call has a result.
 */
export function convertBfcl(questions: readonly Question[], answers: readonly Answer[]): Conversation[] {
  const truths = new Map(answers.map(({ id, ground_truth: [truth] }) => [id, truth]))
  return questions.map(({ id, question: [said], function: functions }) => ({
    id,
    messages: [...said, answerRightly(truths.get(id))],
    tools: functions.map(convertFunction),
    metadata: { dataset: 'bfcl-v4', relevant: truths.has(id) },
  }))
}

function answerRightly(truth: Answer['ground_truth'][0] | undefined): Message {
  if (truth === undefined) return { role: 'assistant', content: '(no function fits; no answer is recorded)' }
  const calls = Object.entries(truth).map(([name, values], index) => {
    const chosen = Object.entries(values).filter(([, [first]]) => first !== undefined && first !== '')
    const written = Object.fromEntries(chosen.map(([key, [first]]) => [key, first]))
    return {
      id: `call-${index}`,
      type: 'function' as const,
      function: { name: nameTool(name), arguments: JSON.stringify(written) },
    }
  })
  return { role: 'assistant', tool_calls: calls }
}

/** One line of BFCL_v4_multi_turn_miss_func.json, as far as it is needed. `missed_function`: names by the turn that has them. */
export const missingSchema = z.object({
  id: z.string().min(1),
  question: z.array(z.array(z.object({ role: z.literal('user'), content: z.string() }))).min(1),
  path: z.array(z.string()),
  missed_function: z.record(z.string(), z.array(z.string()).min(1)),
})
export type Missing = z.infer<typeof missingSchema>

/** Functions that a task has and does not tell of, before its second turn. */
export function listMissing({ missed_function: missed }: Missing): string[] {
  return missed['1'] ?? []
}

/**
 * The first turns for which a function is missing, with the other functions that their task needs. The source's
 * descriptions of functions lie elsewhere, so that tools have names alone.
 */
export function convertMissing(lines: readonly Missing[]): Conversation[] {
  return lines.flatMap((line) => {
    const missing = listMissing(line)
    if (missing.length === 0) return []
    const names = new Set(line.path.map((path) => path.slice(path.indexOf('.') + 1)))
    const tools = [...names].filter((name) => !missing.includes(name)).map(nameFunction)
    return [
      {
        id: line.id,
        messages: [...(line.question[0] ?? []), answerRightly(undefined)],
        ...(tools.length === 0 ? {} : { tools }),
        metadata: { dataset: 'bfcl-v4', relevant: false },
      },
    ]
  })
}

function nameFunction(name: string): Tool {
  return { type: 'function', function: { name, parameters: { type: 'object', properties: {} } } }
}

async function main(folders: { source: string; output: string }): Promise<void> {
  const read = (name: string) => join(folders.source, name)
  const readQuestions = (name: string) =>
    readJsonLines({ path: read(`BFCL_v4_${name}.json`), schema: questionSchema })
  const path = read('possible_answer_BFCL_v4_live_simple.json')
  const irrelevant = convertBfcl(await readQuestions('irrelevance'), [])
  const missing = await readJsonLines({
    path: read('BFCL_v4_multi_turn_miss_func.json'),
    schema: missingSchema,
  })
  const conversations = [
    ...irrelevant,
    ...convertBfcl(await readQuestions('live_simple'), await readJsonLines({ path, schema: answerSchema })),
  ]
  await writeCorpus({ folder: folders.output, name: 'bfcl-v4', conversations })
  const name = 'bfcl-v4-no-function-fits'
  const unfit = [...irrelevant, ...convertMissing(missing)]
  await writeCorpus({ folder: join(folders.output, 'no-function-fits'), name, conversations: unfit })
  console.log(`${conversations.length} conversations in ${folders.output}`)
}

if (isScript(import.meta.filename)) await main(readFolders(process.argv))
