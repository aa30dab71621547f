import { join } from 'node:path'
import { z } from 'zod'
import type { Conversation } from '../../src/corpus/conversation.ts'
import { createTranscript, type Dialog, dialogSchema, readCalls } from './label-tm4.ts'
import { isScript, readFolders, readJson } from './read-source.ts'
import { writeCorpus } from './write-corpus.ts'

/**
 * The dialogs as conversations: the calls and results beside what a guest says come after it, each call with its result,
 * the arguments as they stand there, JSON or not. `file` goes into the metadata.
 */
export function convertTm4(dialogs: readonly Dialog[], file: string): Conversation[] {
  return dialogs.map(({ conversation_id: id, utterances }) => {
    const { messages, say, makeCall, answer } = createTranscript()
    for (const { speaker, text, annotations } of utterances) {
      say(speaker, text)
      for (const { tool, request, response } of readCalls(annotations)) {
        messages.push({ role: 'assistant', tool_calls: [makeCall(tool, request)] })
        answer(response)
      }
    }
    return { id, messages, metadata: { dataset: 'taskmaster-4', file } }
  })
}

async function main(folders: { source: string; output: string }): Promise<void> {
  const conversations: Conversation[] = []
  for (const name of ['data_00', 'data_07']) {
    const path = join(folders.source, `tm4/${name}.json`)
    conversations.push(...convertTm4(await readJson({ path, schema: z.array(dialogSchema) }), name))
  }
  await writeCorpus({ folder: folders.output, name: 'taskmaster-4', conversations })
  console.log(`${conversations.length} conversations in ${folders.output}`)
}

if (isScript(import.meta.filename)) await main(readFolders(process.argv))
